"""Alerts in the database: decisions of rules and people, in one transaction with their event log items."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from alerts.life import facts
from alerts.life.life import Act, ActRefusal, EscalationRule
from alerts.life.model import OPENING, Change, Level, OpenAlert, State, Step
from alerts.store import life_store, shown, tasks
from alerts.store.life_store import Transition
from alerts.store.notify import queue
from runtime import db
from schemas import alerting
from tracking.store.records import event_log

# The street is that of the cell, else that of the unit whose device it is about.
_INSERT = """
INSERT INTO alerts (key, kind, cell, device, officer, area, level, state, opened_at, updated_at, facts)
SELECT c.key, c.kind, c.cell, c.device, c.officer,
       coalesce(c.area, (SELECT v.street FROM cell_at(c.cell, c.at) v),
                (SELECT u.area FROM devices d JOIN units u ON u.code = d.unit WHERE d.id = c.device)),
       c.level, 'open', c.at, c.at, '{}'
FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[], $6::text[], $7::text[], $8::timestamptz[])
     AS c (key, kind, cell, device, officer, area, level, at)
ON CONFLICT (key) DO NOTHING
"""
_AS_RULED = "SELECT key, kind, level, state, cell, device, officer, assignee, opened_at, facts FROM alerts "
_STANDING = _AS_RULED + "WHERE ended_at IS NULL ORDER BY id"
_LATE_GAPS = (
    _AS_RULED
    + """
WHERE kind = 'coverage_gap' AND state = 'resolved' AND level = 'red' AND ended_at > $1 ORDER BY ended_at DESC LIMIT $2
"""
)
MOST_LATE = 5_000
"""Most ended gaps compared with late data at a time, the newest first."""

MOST_OPEN = 20_000
"""Most open alerts returned at a time: more than the cells of a large city."""


class AlertStore:
    """Reads alerts for people, and stores decisions of rules and people."""

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool

    async def apply(self, changes: Sequence[Change]) -> list[alerting.Alert]:
        """Store the changes that are new, with their steps and event log items, in one transaction.

        Returns:
            The alerts that changed; applying the same changes again returns none.
        """
        async with self._pool.acquire() as conn:
            return await apply_on(conn, changes)

    async def open(self, limit: int = MOST_OPEN) -> list[alerting.Alert]:
        """Alerts that stand, the most urgent and oldest first."""
        async with self._pool.acquire() as conn:
            return await open_on(conn, limit)

    async def list(
        self,
        *,
        state: str | None = None,
        level: str | None = None,
        kind: str | None = None,
        cell: str | None = None,
        device: str | None = None,
        areas: Sequence[str] | None = None,
        cursor: int | None = None,
        limit: int = 100,
    ) -> tuple[list[alerting.Alert], int | None]:
        """Page through the alerts, newest first.

        Args:
            state: only these, `standing` or `ended` for groups of states; None: all.
            level: only these; None: all.
            kind: only these; None: all.
            cell: code of a unit cell; None: all.
            device: name of a device; None: all.
            areas: codes of streets; None: the whole city.
            cursor: number of the last alert already seen; None: from the newest.
            limit: at most this many.

        Returns:
            The alerts, and the cursor of the next page, None on the last.
        """
        which = shown.AlertFilter(state=state, level=level, kind=kind, cell=cell, device=device, areas=areas)
        async with self._pool.acquire() as conn:
            alerts = await shown.page(conn, which, cursor, limit + 1)
        return alerts[:limit], (alerts[limit - 1].id if len(alerts) > limit else None)

    async def get(self, number: int) -> alerting.Alert | None:
        """One alert with its steps; None: there is none of that number."""
        async with self._pool.acquire() as conn:
            return await shown.with_steps(conn, number)


async def open_on(conn: db.Connection, limit: int = MOST_OPEN) -> list[alerting.Alert]:
    """Do what `AlertStore.open` does on a given connection: it may hold a snapshot."""
    return await shown.standing(conn, limit)


async def standing(conn: db.Connection) -> list[OpenAlert]:
    """Alerts that stand, as the rules need them."""
    return [_as_ruled(row) for row in await conn.fetch(_STANDING)]


async def late_gaps(conn: db.Connection, since: int) -> list[OpenAlert]:
    """Gaps that ended after `since` (ms) with a visit after their limit."""
    return [_as_ruled(row) for row in await conn.fetch(_LATE_GAPS, db.moment(since), MOST_LATE)]


def _as_ruled(row: Any) -> OpenAlert:
    return OpenAlert(
        key=row["key"], kind=row["kind"], level=Level.of(row["level"]), state=State(row["state"]), cell=row["cell"],
        device=row["device"], officer=row["officer"], assignee=row["assignee"],
        opened_at=db.millis(row["opened_at"]), facts=facts.facts_of(row["kind"], json.loads(row["facts"])),
    )  # fmt: skip


async def apply_on(conn: db.Connection, changes: Sequence[Change]) -> list[alerting.Alert]:
    """Do what `AlertStore.apply` does on a given connection: it may hold the lock of the one watcher."""
    if not changes:
        return []
    async with conn.transaction():
        how = await life_store.escalation_rule(conn, max(change.at for change in changes))
        touched: set[int] = set()
        for group in _rounds(changes):
            await _insert(conn, [change for change in group if change.step is Step.OPENED])
            held = await life_store.by_keys(conn, [change.key for change in group])
            taken = []
            for change in group:
                if change.key in held:
                    decision = await life_store.decide(conn, held[change.key], _act(change), how)
                    if isinstance(decision, Transition):
                        taken.append(_with_change(decision, change))
            await life_store.write(conn, taken)
            await _follow(conn, taken, how)
            touched |= {transition.held.id for transition in taken}
        return await append_to_log(conn, sorted(touched))


async def act_on(conn: db.Connection, number: int, act: Act) -> alerting.Alert | ActRefusal | None:
    """Act on one alert for a person or timer; a repeated act changes nothing. None: there is no such alert.

    Call it in a transaction, last: it appends to the event log.
    """
    held = (await life_store.by_ids(conn, [number])).get(number)
    if held is None:
        return None
    if not await life_store.repeated(conn, number, act.key):
        how = await life_store.escalation_rule(conn, act.at)
        decision = await life_store.decide(conn, held, act, how)
        if isinstance(decision, ActRefusal):
            return decision
        if decision is not None:
            await life_store.write(conn, [decision])
            await _follow(conn, [decision], how)
            return (await append_to_log(conn, [number]))[0]
    return (await shown.by_ids(conn, [number]))[0]


async def _follow(conn: db.Connection, taken: Sequence[Transition], how: EscalationRule) -> None:
    """Effects of steps, in their transaction: orders to devices, notifications."""
    await tasks.apply_steps(conn, taken, how)
    await queue.enqueue(conn, taken)


async def append_to_log(conn: db.Connection, numbers: Sequence[int]) -> list[alerting.Alert]:
    """Append the present state of the alerts to the event log; call it last in a transaction."""
    alerts = await shown.by_ids(conn, numbers)
    await event_log.append(conn, [("alert", alert.model_dump(mode="json")) for alert in alerts])
    return alerts


def _rounds(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Split into rounds with at most one step of each alert, in order."""
    rest_of = list(changes)
    while rest_of:
        first = {change.key: change for change in reversed(rest_of)}
        yield list(reversed(first.values()))
        rest_of = [change for change in rest_of if first[change.key] is not change]


async def _insert(conn: db.Connection, changes: list[Change]) -> None:
    if not changes:
        return
    columns: list[list[Any]] = [
        [change.key for change in changes],
        [change.kind for change in changes],
        [change.cell for change in changes],
        [change.device for change in changes],
        [change.officer for change in changes],
        [change.area for change in changes],
        [change.level.wire for change in changes],
        [db.moment(change.at) for change in changes],
    ]
    await conn.execute(_INSERT, *columns)


def _act(change: Change) -> Act:
    return Act(step=change.step, at=change.at, level=change.level, facts=change.facts)


def _with_change(taken: Transition, change: Change) -> Transition:
    """Add the facts and priority of the change, which are stored with the alert."""
    assert taken.act.step in OPENING or change.step is taken.act.step  # noqa: S101 - one change, one step
    return replace(taken, merged=change.facts, priority=change.priority)
