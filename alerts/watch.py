"""Looks at the city every few seconds and stores the alerts that follow; of several workers one does."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from prometheus_client import Counter, Gauge, Histogram

from alerts import reads, rules, store, thresholds
from alerts.arrival import ArrivalRule
from alerts.model import Change, Level
from alerts.officers import sentry
from schemas import rest
from tracking import db

_log = structlog.get_logger(__name__)

EVALUATION = Histogram("patrol_alert_evaluation_seconds", "Time to read, judge and store alerts once.")
OPEN = Gauge("patrol_alerts_open", "Standing alerts by level.", ["level"])
FAILURES = Counter("patrol_alert_failures", "Looks that failed; the next one starts anew.")

_LOCK = "SELECT pg_try_advisory_lock(hashtext('patrol.alerts'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('patrol.alerts'))"


def wall_clock() -> int:
    """Time of the machine, ms since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


class Watcher:
    """Evaluates the rules while it holds the lock of the one watcher.

    Args:
        pool: one of its connections is held while this is the watcher.
        now: the time, ms since 1970-01-01 UTC.
        every_s: seconds between two looks, and between two attempts to become the watcher.
        rule: thresholds.
        arrival: how arrivals are estimated.
    """

    def __init__(
        self,
        pool: db.Pool,
        *,
        now: Callable[[], int] = wall_clock,
        every_s: float = 5.0,
        rule: thresholds.WarningRule | None = None,
        arrival: ArrivalRule | None = None,
    ) -> None:
        self._pool = pool
        self._now = now
        self._every_s = every_s
        self._rule = rule or thresholds.WarningRule()
        self._arrival = arrival or ArrivalRule()
        self._place: reads.Place | None = None
        self._sentry = sentry.Sentry()

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop`; a lost database is tried again."""
        while not stop.is_set():
            try:
                await self._watch_if_first(stop)
            except Exception:  # noqa: BLE001 - whatever one look meets, the next one must come
                FAILURES.inc()
                _log.exception("alerts cannot be evaluated now; trying again", action="watch")
            await _pause(stop, self._every_s)

    async def look_once(self, conn: db.Connection) -> list[rest.Alert]:
        """Read, judge and store once; returns the alerts that changed."""
        started = time.perf_counter()
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            where = self._place = await reads.place(conn, self._place)
            seen = await reads.look(conn, where, self._now(), self._arrival)
            officers = await self._sentry.look(conn, where.city, seen.now, seen.opened)
        # In a thread: a large city takes longer than other tasks of this process may wait.
        changes = await asyncio.to_thread(self._judge, where, seen, officers)
        changed = await store.apply_on(conn, changes)
        await _count(conn)
        EVALUATION.observe(time.perf_counter() - started)
        if changed:
            _log.info("alerts changed", action="watch", alerts=len(changed))
        return changed

    def _judge(self, where: reads.Place, seen: reads.Look, officers: sentry.View) -> Sequence[Change]:
        changes = sentry.judge(officers)
        if where.city.cells:
            by = thresholds.Thresholds.same(self._rule, len(where.city.cells))
            changes += rules.evaluate(reads.situation(where, seen, self._arrival), seen.opened, by)
        return changes

    async def _watch_if_first(self, stop: asyncio.Event) -> None:
        """Look again and again while the lock is held; the lock lives and dies with the connection that writes."""
        async with self._pool.acquire() as conn:
            if not await conn.fetchval(_LOCK):
                return
            while not stop.is_set():
                await self.look_once(conn)
                await _pause(stop, self._every_s)
            await conn.execute(_UNLOCK)


async def _count(conn: db.Connection) -> None:
    rows = await conn.fetch("SELECT level, count(*) AS n FROM alerts WHERE ended_at IS NULL GROUP BY level")
    counts = {row["level"]: row["n"] for row in rows}
    for level in Level:
        OPEN.labels(level.wire).set(counts.get(level.wire, 0))


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not longer than until `stop`."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
