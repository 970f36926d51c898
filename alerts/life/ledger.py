"""Alerts in memory instead of the store: the results of rules over a period, and their quality. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from alerts.life import facts
from alerts.life.facts import Gap, Understaffed
from alerts.life.model import ENDING, GAP, UNDERSTAFFED, Change, Level, OpenAlert, Step
from runtime import times

MINUTE = 60_000
HOUR = 60 * MINUTE


@dataclass(slots=True)
class AlertLedger:
    """Alerts as the store would keep them."""

    alerts: dict[str, OpenAlert] = field(default_factory=dict)
    """All alerts, by key."""
    first: dict[str, Change] = field(default_factory=dict)
    """The opening of each."""
    ended: dict[str, Change] = field(default_factory=dict)
    """The ends of ended ones."""

    @property
    def opened(self) -> list[OpenAlert]:
        """Open alerts."""
        return [alert for key, alert in self.alerts.items() if key not in self.ended]

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply changes."""
        for change in changes:
            old = self.alerts.get(change.key)
            self.first.setdefault(change.key, change)
            self.alerts[change.key] = OpenAlert(
                key=change.key,
                kind=change.kind,
                level=change.level,
                cell=change.cell,
                opened_at=old.opened_at if old else change.at,
                facts=facts.facts_of(change.kind, {**(old.facts.stored() if old else {}), **change.facts.stored()}),
            )
            self.ended.pop(change.key, None)
            if change.step in ENDING:
                self.ended[change.key] = change


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCounts:
    """Counts of a ledger over a period."""

    pre_warnings: int
    """Opened orange alerts of cells."""
    needless: int
    """Of them, those whose cell was visited in time."""
    breaches: int
    """Gaps beyond their limit."""
    warned: int
    """Of them, those reported before, by their own alert or that of the street."""
    lead_min: float | None
    """Median time from the pre-warning to the limit."""
    understaffed: int
    """Alerts of streets with too few officers."""


def counts(ledger: AlertLedger, street_of: dict[int, str], since: int) -> LedgerCounts:
    """Count alerts from `since` (ms) on; `street_of` gives the code of the street by the number of a cell."""
    recent = {key: first for key, first in ledger.first.items() if first.at >= since}
    gaps = {key: first for key, first in recent.items() if first.kind == GAP}
    early = {key for key, first in gaps.items() if first.level is Level.ORANGE}
    breached = [key for key in gaps if ledger.alerts[key].level is Level.RED and not _withdrawn(ledger, key)]
    leads = [lead for key in breached if (lead := _lead_min(ledger, key, street_of)) is not None]
    return LedgerCounts(
        pre_warnings=len(early),
        needless=sum(key in ledger.ended and ledger.alerts[key].level < Level.RED for key in early),
        breaches=len(breached),
        warned=len(leads),
        lead_min=round(median(leads), 1) if leads else None,
        understaffed=sum(first.kind == UNDERSTAFFED for first in recent.values()),
    )


def _withdrawn(ledger: AlertLedger, key: str) -> bool:
    return key in ledger.ended and ledger.ended[key].step is Step.WITHDRAWN


def _lead_min(ledger: AlertLedger, key: str, street_of: dict[int, str]) -> float | None:
    """Time from the first report of a breach to its limit, min; None: not reported."""
    first, alert = ledger.first[key], ledger.alerts[key]
    due = times.millis(datetime.fromisoformat(alert.facts.due)) if isinstance(alert.facts, Gap) else 0
    moments = [first.at] if first.level is Level.ORANGE else []
    moments += _of_street(ledger, street_of.get(alert.cell or 0, ""), due)
    return (due - min(moments)) / MINUTE if moments and min(moments) < due else None


def _of_street(ledger: AlertLedger, street: str, due: int) -> Iterator[int]:
    """Times of alerts of a street that were open in the hour before a limit."""
    for key, first in ledger.first.items():
        if isinstance(first.facts, Understaffed) and first.facts.street == street and first.at < due:
            end = ledger.ended.get(key)
            if end is None or end.at > due - HOUR:
                yield max(first.at, due - HOUR)
