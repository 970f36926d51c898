"""Dry run: evaluates other rules over a past period, with alerts in memory.

Both the given values and the rules in force use the data known today, so that only the rules differ; data that was late
then is known from the beginning.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from alerts.coverage import arrival, outlook, rules, situation
from alerts.coverage.warning_rules import WarningRules
from alerts.life import ledger
from alerts.life.model import Visit
from alerts.store import gaps, prepare, reads
from runtime import db
from tracking.plans.rule_version import RuleVersion

LOOKS = 480
"""Most evaluations of a period."""
LEAST_STEP_MS = 60_000
BUDGET_S = 60.0
"""Longest total time; longer runs use larger intervals."""


@dataclass(slots=True, kw_only=True)
class TrialRules:
    """A set of rules, and its alerts so far."""

    versions: Callable[[int], Sequence[RuleVersion]]
    """Versions of kind `warning` in force at a moment, ms."""
    arrival: Callable[[int], arrival.ArrivalRule]
    """Rule of arrivals at a moment, ms."""
    alerts: ledger.AlertLedger = field(default_factory=ledger.AlertLedger)
    _rules: WarningRules | None = None

    def rules_at(self, where: reads.CityState, now: int) -> WarningRules:
        """Thresholds at a moment; rebuilt only when the versions change."""
        held = self.versions(now)
        if self._rules is None or self._rules.held != tuple(held):
            self._rules = WarningRules(held, where.city.plans.sites)
        return self._rules


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """Progress of the run."""

    step_ms: int
    counts: list[ledger.LedgerCounts]
    """By set of rules."""


async def run(
    conn: db.Connection,
    where: reads.CityState,
    start: int,
    end: int,
    ways: Sequence[TrialRules],
    learned: outlook.Learned | None,
    *,
    budget_s: float = BUDGET_S,
) -> TrialResult:
    """Evaluate the city repeatedly from `start` to `end` (ms), and count the alerts of each set of rules."""
    step = max(LEAST_STEP_MS, -(-(end - start) // LOOKS // LEAST_STEP_MS) * LEAST_STEP_MS)
    began = time.monotonic()
    # Alerts open at the beginning are not counted.
    await _look(conn, where, start - step, ways, learned)
    looks = max(int(budget_s / max(time.monotonic() - began, 1e-3)), 1)
    step = max(step, -(-(end - start) // looks // LEAST_STEP_MS) * LEAST_STEP_MS)
    for now in range(start, end, step):
        await _look(conn, where, now, ways, learned)
    street_of = {cell.id: cell.street for cell in where.city.cells}
    return TrialResult(step_ms=step, counts=[ledger.counts(way.alerts, street_of, start) for way in ways])


async def _look(
    conn: db.Connection, where: reads.CityState, now: int, ways: Sequence[TrialRules], learned: outlook.Learned | None
) -> None:
    freshest = max((way.arrival(now) for way in ways), key=lambda rule: rule.fresh_ms)
    seen = await reads.read_snapshot(conn, where, now, freshest, standing=[])
    clearing = [await gaps.clearing(conn, way.alerts.opened, now) for way in ways]
    await asyncio.to_thread(_judge, where, seen, ways, clearing, learned)


def _judge(
    where: reads.CityState,
    seen: reads.Snapshot,
    ways: Sequence[TrialRules],
    clearing: Sequence[dict[str, Visit]],
    learned: outlook.Learned | None,
) -> None:
    situations: dict[arrival.ArrivalRule, situation.Situation] = {}
    for way, cleared in zip(ways, clearing, strict=True):
        rule = way.arrival(seen.now)
        if rule not in situations:
            situations[rule] = prepare.situation(where, seen, rule, learned)
        chosen = way.rules_at(where, seen.now).at(seen.now, where.city.calendar)
        now = replace(situations[rule], clearing=cleared)
        way.alerts.apply(rules.evaluate(now, way.alerts.opened, chosen.by, chosen.crowd))
