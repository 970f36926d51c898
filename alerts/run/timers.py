"""Timers of alerts: ends of snoozes, escalations, expiry of orders, and answers of devices.

Every timer is a time in the database, so a worker fires at its start those that fell due meanwhile, and with any number
of workers each fires once: the row is locked and checked again.
"""

from collections.abc import Callable

import structlog
from prometheus_client import Counter

from alerts.life import life
from alerts.life.life import Act
from alerts.life.step_facts import StepFacts
from alerts.run import dispatch
from alerts.store import life_store, store
from runtime import db
from runtime.clock import wall_clock
from runtime.every import every
from schemas import rest

log = structlog.get_logger(__name__)

FAILURES = Counter(
    "patrol_alert_keeper_failures", "Passes over the timers of alerts that failed; the next one starts anew."
)


class AlertTimers:
    """Checks the timers periodically.

    Args:
        pool: the database.
        now: the time, ms since 1970-01-01 UTC.
        every_s: seconds between two passes, the maximum delay of a timer.
    """

    def __init__(self, pool: db.Pool, *, now: Callable[[], int] = wall_clock, every_s: float = 0.5) -> None:
        self._pool, self._now, self._every_s = pool, now, every_s

    async def run(self) -> None:
        """Run the timers until cancelled; a lost database is retried."""
        await every(self._every_s, self.look_once, survive=_failed)

    async def look_once(self) -> None:
        """Do what is due. Answers first, since one in time prevents the expiry of its order."""
        now = self._now()
        await dispatch.take_replies(self._pool, now)
        await dispatch.expire(self._pool, now)
        await fire(self._pool, now)


def _failed(error: Exception) -> None:
    """Survive all errors of a pass."""
    FAILURES.inc()
    log.error("timers of alerts cannot be looked at now; trying again", action="timers", exc_info=error)


async def fire(pool: db.Pool, now: int) -> int:
    """Wake and escalate what is due at `now`, ms; returns the number of steps."""
    taken = 0
    async with pool.acquire() as conn:
        for number in await life_store.due(conn, now):
            async with conn.transaction():
                taken += await _fire(conn, number, now)
    return taken


async def _fire(conn: db.Connection, number: int, now: int) -> bool:
    held = (await life_store.by_ids(conn, [number]))[number]
    step = life.due(held.life, now)
    if step is None:
        return False
    moment = held.life.escalates_at if held.life.snoozed_until is None else held.life.snoozed_until
    assert moment is not None  # noqa: S101 - it is due
    facts = StepFacts(due=rest.rfc3339(db.moment(moment)))
    await store.act_on(conn, number, Act(step=step, at=now, facts=facts, key=f"{step}:{moment}"))
    return True
