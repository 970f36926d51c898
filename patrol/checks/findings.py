"""What an examination finds, and how it is shown: in Chinese and English, with what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.table import Table

from patrol.cli import errors, tables


class CheckStatus(StrEnum):
    """How a thing is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing must be done."""
    WARN = "warn"
    """To be mended before it becomes a fault."""
    BAD = "bad"
    """Data, people's privacy or the service are in danger."""


_MARKS = {
    CheckStatus.OK: "[green]✓[/]",
    CheckStatus.NOTE: "[cyan]i[/]",
    CheckStatus.WARN: "[yellow]![/]",
    CheckStatus.BAD: "[bold red]✗[/]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One thing that was looked at."""

    what: str
    """English and Chinese name of it."""
    verdict: CheckStatus
    detail: str
    """How it is."""
    todo: str | None = None
    """What to do next, in both languages; None where nothing must be done."""


def ok(what: str, detail: str) -> CheckResult:
    """It is as it must be."""
    return CheckResult(what=what, verdict=CheckStatus.OK, detail=detail)


def note(what: str, detail: str, todo: str | None = None) -> CheckResult:
    """It is worth knowing."""
    return CheckResult(what=what, verdict=CheckStatus.NOTE, detail=detail, todo=todo)


def warn(what: str, detail: str, todo: str) -> CheckResult:
    """It should be mended."""
    return CheckResult(what=what, verdict=CheckStatus.WARN, detail=detail, todo=todo)


def bad(what: str, detail: str, todo: str) -> CheckResult:
    """It must be mended now."""
    return CheckResult(what=what, verdict=CheckStatus.BAD, detail=detail, todo=todo)


def ok_if(what: str, *, good: bool, detail: str, todo: str, otherwise: CheckStatus = CheckStatus.BAD) -> CheckResult:
    """As it must be, or not."""
    return ok(what, detail) if good else CheckResult(what=what, verdict=otherwise, detail=detail, todo=todo)


def show(title: str, findings: Sequence[CheckResult]) -> None:
    """Show them as a table, on a terminal in colours."""
    table = Table(title=title, title_justify="left", show_lines=False)
    table.add_column("")
    table.add_column("what 项目", overflow="fold")
    table.add_column("found 现状", overflow="fold")
    table.add_column("do 处理", overflow="fold")
    for finding in findings:
        table.add_row(
            _MARKS[finding.verdict],
            finding.what,
            finding.detail.replace("[", r"\["),
            (finding.todo or "").replace("[", r"\["),
        )
    tables.show(table)


def conclude(findings: Sequence[CheckResult]) -> None:
    """End with an error when something must be done.

    Raises:
        SetupError: it must; the exit code is 1 then.
    """
    faults = [finding for finding in findings if finding.verdict is CheckStatus.BAD]
    warnings = sum(finding.verdict is CheckStatus.WARN for finding in findings)
    if faults:
        names = "; ".join(finding.what for finding in faults)
        raise errors.SetupError(
            f"{len(faults)} to correct now 须立即处理: {names}. {warnings} more to check 另有 {warnings} 项待查."
        )
    tables.say(f"No faults 无故障; {warnings} to check 待查 {warnings} 项.")
