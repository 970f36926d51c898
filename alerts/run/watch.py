"""Evaluates the city every few seconds and stores the alerts, on one of several workers."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import structlog
from numpy.typing import NDArray
from prometheus_client import Counter, Histogram

from alerts.coverage import outlook, rules
from alerts.coverage.arrival import ArrivalRule
from alerts.coverage.warning_rules import WarningRules
from alerts.life.model import Change
from alerts.rulebook.rulebook import WARNING
from alerts.run import officer_monitor
from alerts.run.route_precomputation import RoutePrecomputation
from alerts.run.training import Trainer
from alerts.store import backlog, gaps, prepare, reads, store, withdrawals
from alerts.store.officers import observed
from runtime import db, locks, loops, stopping
from runtime.clock import wall_clock
from runtime.every import every
from schemas import alerting
from tracking.store.city import rule_store

_log = structlog.get_logger(__name__)

EVALUATION = Histogram("patrol_alert_evaluation_seconds", "Duration of one evaluation of all alerts.")
FAILURES = Counter("patrol_alert_failures", "Evaluations that failed; the next one starts anew.")

LATE_MS = 30_000
"""Interval of checking ended gaps against late data."""
ARRIVAL_MS = 60_000
"""Interval of reading the rule of arrivals."""

MOST_REST_S = 30.0
"""Longest rest of the watcher; an SOS ends it."""
_CALLED_MS = 600_000
"""Age of an SOS on receipt above which it does not end the rest."""


class Watcher:
    """Evaluates the rules while it holds the lock of the one watcher.

    Args:
        pool: one of its connections is held while this is the watcher.
        now: the time, ms since 1970-01-01 UTC.
        every_s: seconds between two fast evaluations, and between two attempts to become the watcher.
        rest: factor of the rest after the duration of an evaluation, within bounds.
    """

    def __init__(
        self, pool: db.Pool, *, now: Callable[[], int] = wall_clock, every_s: float = 5.0, rest: float = loops.REST
    ) -> None:
        self._pool = pool
        self._now = now
        self._every_s = every_s
        self._rest = rest
        self._place: reads.CityState | None = None
        self._rules: WarningRules | None = None
        self._arrival = _Arrival()
        self._trainer = Trainer(pool)
        self._routes = RoutePrecomputation(pool)
        self._officer_monitor = officer_monitor.OfficerMonitor()
        self._backlog = backlog.Backlog()
        self._filling = False
        self._late_at = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Evaluate until `stop`; a lost database is retried."""
        try:
            await every(self._every_s, lambda: self._watch_if_first(stop), survive=_failed, stop=stop)
        finally:
            await self._trainer.training.stop()
            await self._routes.work.stop()

    async def look_once(self, conn: db.Connection) -> list[alerting.Alert]:
        """One evaluation: read, decide, store; returns the changed alerts."""
        started = time.perf_counter()
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            now = self._now()
            where, by = await self._prepare(conn, now)
            rule = await self._arrival.rule(conn, now)
            seen = await reads.read_snapshot(conn, where, now, rule)
            learned = await self._trainer.learned(conn, where.city, now)
            await self._routes.consider(where)
            officers = await self._officer_monitor.look(conn, where.city, seen.now, seen.opened)
            late = await self._late(conn, now)
            held = np.full(len(where.city.cells), self._fills(await backlog.newest(conn), now))
        # In a thread: a large city would block other tasks for too long.
        changes = await asyncio.to_thread(_judge, where, seen, officers, by, rule, learned, held)
        explained = await withdrawals.explained(conn, changes, seen.opened)
        changed = await store.apply_on(conn, [*late, *explained])
        EVALUATION.observe(time.perf_counter() - started)
        if changed:
            _log.info("alerts changed", action="watch", alerts=len(changed))
        return changed

    async def _prepare(self, conn: db.Connection, now: int) -> tuple[reads.CityState, WarningRules]:
        """The city and the rules of warnings in force, rebuilt only after changes."""
        where = await reads.read_city(conn, self._place, now)
        held = await rule_store.current(conn, WARNING, now)
        if self._rules is None or where is not self._place or self._rules.held != tuple(held):
            self._rules = WarningRules(held, where.city.plans.sites)
        self._place = where
        return where, self._rules

    async def _late(self, conn: db.Connection, now: int) -> Sequence[Change]:
        """Periodic check of ended gaps against late data."""
        if 0 <= now - self._late_at < LATE_MS:
            return []
        self._late_at = now
        return await gaps.late_changes(conn, now)

    def _fills(self, newest: Mapping[int, int], now: int) -> bool:
        """Whether warnings wait for a backlog of many devices."""
        filling = self._backlog.fills(newest, now)
        if filling != self._filling:
            message = "warnings wait: earlier fixes of many devices are coming in" if filling else "warnings go on"
            _log.info(message, action="watch", devices=len(newest))
        self._filling = filling
        return filling

    async def _watch_if_first(self, stop: asyncio.Event) -> None:
        await locks.lead(self._pool, "patrol.alerts", lambda conn: self._watch(conn, stop))

    async def _watch(self, conn: db.Connection, stop: asyncio.Event) -> None:
        """Evaluate periodically, with a rest in proportion to the duration."""
        while not stop.is_set():
            started = time.monotonic()
            await self.look_once(conn)
            await self._pause_after(conn, stop, time.monotonic() - started)

    async def _pause_after(self, conn: db.Connection, stop: asyncio.Event, looked_s: float) -> None:
        """Rest after an evaluation, or until an SOS."""
        until = time.monotonic() + loops.rest_s(looked_s, MOST_REST_S, self._rest)
        await stopping.pause(stop, self._every_s)
        while not stop.is_set() and time.monotonic() < until and not await self._called(conn):
            await stopping.pause(stop, min(self._every_s, until - time.monotonic()))

    async def _called(self, conn: db.Connection) -> bool:
        """Whether there is an SOS without an alert."""
        return await observed.unanswered_calls(conn, self._now() - _CALLED_MS)


def _failed(error: Exception) -> None:
    """Survive all errors of a pass."""
    FAILURES.inc()
    _log.error("alerts cannot be evaluated now; trying again", action="watch", exc_info=error)


class _Arrival:
    """The rule of arrivals, read periodically."""

    def __init__(self) -> None:
        self._known: tuple[int, ArrivalRule] | None = None

    async def rule(self, conn: db.Connection, now: int) -> ArrivalRule:
        """The rule at `now`, ms."""
        if self._known is None or not 0 <= now - self._known[0] < ARRIVAL_MS:
            self._known = now, await reads.arrival_rule(conn, now)
        return self._known[1]


def _judge(
    where: reads.CityState,
    seen: reads.Snapshot,
    officers: officer_monitor.MonitorState,
    by: WarningRules,
    rule: ArrivalRule,
    learned: outlook.Learned | None,
    held: NDArray[np.bool_],
) -> Sequence[Change]:
    changes = officer_monitor.judge(officers)
    if where.city.cells:
        chosen = by.at(seen.now, where.city.calendar)
        situation = prepare.situation(where, seen, rule, learned, held)
        changes += rules.evaluate(situation, seen.opened, chosen.by, chosen.crowd)
    return changes
