"""Findings of checks and their display, in Chinese and English, with the remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.table import Table

from patrol.cli import errors, tables


class CheckStatus(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    NOTE = "note"
    """Information; nothing must be done."""
    WARN = "warn"
    """To be corrected before it becomes a fault."""
    BAD = "bad"
    """Data, privacy or the service are in danger."""


_MARKS = {
    CheckStatus.OK: "[green]✓[/]",
    CheckStatus.NOTE: "[cyan]i[/]",
    CheckStatus.WARN: "[yellow]![/]",
    CheckStatus.BAD: "[bold red]✗[/]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """Result of one check."""

    what: str
    """English and Chinese name of it."""
    status: CheckStatus
    detail: str
    """State."""
    todo: str | None = None
    """Remedy, in both languages; None: nothing must be done."""


def ok(what: str, detail: str) -> CheckResult:
    """A finding without fault."""
    return CheckResult(what=what, status=CheckStatus.OK, detail=detail)


def note(what: str, detail: str, todo: str | None = None) -> CheckResult:
    """A finding for information."""
    return CheckResult(what=what, status=CheckStatus.NOTE, detail=detail, todo=todo)


def warn(what: str, detail: str, todo: str) -> CheckResult:
    """A finding that should be corrected."""
    return CheckResult(what=what, status=CheckStatus.WARN, detail=detail, todo=todo)


def bad(what: str, detail: str, todo: str) -> CheckResult:
    """A finding that must be corrected now."""
    return CheckResult(what=what, status=CheckStatus.BAD, detail=detail, todo=todo)


def ok_if(what: str, *, good: bool, detail: str, todo: str, otherwise: CheckStatus = CheckStatus.BAD) -> CheckResult:
    """A finding with or without fault."""
    return ok(what, detail) if good else CheckResult(what=what, status=otherwise, detail=detail, todo=todo)


def show(title: str, findings: Sequence[CheckResult]) -> None:
    """Print the findings as a table, in colour on a terminal."""
    table = Table(title=title, title_justify="left", show_lines=False)
    table.add_column("")
    table.add_column("what 项目", overflow="fold")
    table.add_column("found 现状", overflow="fold")
    table.add_column("do 处理", overflow="fold")
    for finding in findings:
        table.add_row(
            _MARKS[finding.status],
            finding.what,
            finding.detail.replace("[", r"\["),
            (finding.todo or "").replace("[", r"\["),
        )
    tables.show(table)


def conclude(findings: Sequence[CheckResult]) -> None:
    """Raise an error if something must be done.

    Raises:
        SetupError: something must be done; the exit code is 1.
    """
    faults = [finding for finding in findings if finding.status is CheckStatus.BAD]
    warnings = sum(finding.status is CheckStatus.WARN for finding in findings)
    if faults:
        names = "; ".join(finding.what for finding in faults)
        raise errors.SetupError(
            f"{len(faults)} to correct now 须立即处理: {names}. {warnings} more to check 另有 {warnings} 项待查."
        )
    tables.say(f"No faults 无故障; {warnings} to check 待查 {warnings} 项.")
