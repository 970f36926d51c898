"""Sending an officer to an alert, and following what the device answers or fails to answer."""

import json
from dataclasses import replace

import numpy as np
import structlog
from msgspec import UNSET, UnsetType, structs

from alerts.life.facts import OfStep
from alerts.life.life import Act, Refusal
from alerts.life.model import Step
from alerts.store import life_store, reads, store, tasks
from runtime import db
from schemas import rest
from schemas.wire import ReplyState
from tracking.geometry import inside
from tracking.store.city import street_store

log = structlog.get_logger(__name__)

_DEVICE = "SELECT id, name FROM devices WHERE name = $1"
_CELL = "SELECT c.code, v.name, c.geometry FROM cells c, cell_at(c.id, now()) v WHERE c.id = $1"
_NEWEST = "SELECT t, lat, lon FROM fixes WHERE device = $1 AND flags & 8 = 0 ORDER BY t DESC LIMIT 1"
_LATE = "SELECT id, alert FROM tasks WHERE deadline <= $1 ORDER BY deadline LIMIT 100"
_TASK = """
SELECT t.state, t.deadline, d.name AS device FROM tasks t JOIN devices d ON d.id = t.device WHERE t.id = $1 FOR UPDATE
"""
_REPLIES = """
SELECT r.command, r.state, t.alert FROM replies r LEFT JOIN tasks t ON t.id = r.command
WHERE r.taken_at IS NULL ORDER BY r.received, r.t, r.command, r.state LIMIT 200
"""
_REPLY = """
SELECT r.t, r.text, r.t >= coalesce((SELECT max(t) FROM replies o WHERE o.command = r.command
                                     AND o.taken_at IS NOT NULL), r.t) AS newest
FROM replies r WHERE r.command = $1 AND r.state = $2 AND r.taken_at IS NULL FOR UPDATE
"""
_TAKEN = "UPDATE replies SET taken_at = $3 WHERE command = $1 AND state = $2"

LOST_MS = 600_000
"""Where an officer was longer ago says nothing of the way."""

_WHY = {"given": "answer", "accepted": "arrive", "arrived": "visit", "done": "visit"}
"""What a task whose deadline passed was waiting for."""


async def assign(
    conn: db.Connection, number: int, device: str, *, actor: str, at: int, seen: int | None, key: str | None
) -> rest.Alert | Refusal | None:
    """Send the officer who carries `device`; call it in a transaction, last. None: there is no such alert.

    Raises:
        LookupError: there is no such device.
    """
    whom = await conn.fetchrow(_DEVICE, device)
    if whom is None:
        raise LookupError(device)
    held = (await life_store.by_ids(conn, [number])).get(number)
    if held is None:
        return None
    where = await _place(conn, held)
    said = structs.replace(where, device=device, arrival_s=await _estimate(conn, whom["id"], held.cell, where, at))
    # The number of the step that gives it: no two orders share it, and a repeat finds its own.
    task = f"a{number}-{held.life.version + 1}"
    act = Act(
        step=Step.ASSIGNED, at=at, actor=actor, device=whom["id"], task=task, facts=said.stored(), seen=seen, key=key
    )
    return await store.act_on(conn, number, act)


async def _place(conn: db.Connection, held: life_store.Held) -> OfStep:
    """Where to go: into the cell, else to where the device the alert is about was last; degrees, WGS-84."""
    if held.cell is not None:
        cell = await conn.fetchrow(_CELL, held.cell)
        if cell is not None:
            lat, lon = inside.point(json.loads(cell["geometry"]))
            return OfStep(cell=cell["code"], lat=lat, lon=lon, text=cell["name"] or cell["code"])
    newest = None if held.device is None else await conn.fetchrow(_NEWEST, held.device)
    if newest is None:
        return OfStep(text=held.kind)
    return OfStep(lat=newest["lat"], lon=newest["lon"], text=held.kind)


async def _estimate(conn: db.Connection, device: int, cell: int | None, where: OfStep, at: int) -> int | UnsetType:
    """How long the way should take, s: what becomes of it corrects the next estimates (estimates.py)."""
    newest = await conn.fetchrow(_NEWEST, device)
    if newest is None or where.lat is UNSET or where.lon is UNSET or db.millis(newest["t"]) < at - LOST_MS:
        return UNSET
    rule = await reads.arrival_rule(conn, at)
    straight = np.array([inside.metres((newest["lat"], newest["lon"]), (where.lat, where.lon))])
    street = None if cell is None else await street_store.way(conn, cell, newest["lat"], newest["lon"])
    way = rule.way_m(straight, np.array([np.nan if street is None else street]))
    return int(replace(rule, ratio=1.0).walk_ms(way)[0]) // 1000


async def expire(pool: db.Pool, now: int) -> int:
    """Give back the alerts whose officers did not answer, arrive or visit in time; how many were looked at."""
    async with pool.acquire() as conn:
        rows = await conn.fetch(_LATE, db.moment(now))
        for row in rows:
            async with conn.transaction():
                # First the alert, then what belongs to it: whoever acts on an alert locks in this order.
                await life_store.by_ids(conn, [row["alert"]])
                await _expired(conn, row["alert"], row["id"], now)
    return len(rows)


async def take_replies(pool: db.Pool, now: int) -> int:
    """Let tasks and alerts follow what devices answered; how many answers were looked at."""
    async with pool.acquire() as conn:
        rows = await conn.fetch(_REPLIES)
        for row in rows:
            async with conn.transaction():
                await life_store.by_ids(conn, [row["alert"] or 0])
                await _replied(conn, row["alert"], row["command"], row["state"], now)
    return len(rows)


async def _expired(conn: db.Connection, alert: int, task: str, now: int) -> None:
    row = await conn.fetchrow(_TASK, task)
    if row is None or row["deadline"] is None or db.millis(row["deadline"]) > now:
        return
    why = _WHY[row["state"]]
    await tasks.expired(conn, task, now, why)
    facts = OfStep(device=row["device"], reason=why).stored()
    await store.act_on(conn, alert, Act(step=Step.EXPIRED, at=now, task=task, facts=facts, key=f"{task}:expired"))


async def _replied(conn: db.Connection, alert: int | None, command: str, state: str, now: int) -> None:
    reply = await conn.fetchrow(_REPLY, command, state)
    if reply is None:
        return
    await conn.execute(_TAKEN, command, state, db.moment(now))
    row = await conn.fetchrow(_TASK, command)
    if alert is None or row is None:  # an answer to a message: stored, nothing follows it
        return
    after = tasks.answered(row["state"], ReplyState(state), newest=reply["newest"])
    if after is None:
        log.info("answer changes nothing", action="reply", task=command, state=state, task_state=row["state"])
        return
    how = await life_store.rule(conn, now)
    await tasks.moved(conn, command, after, at=now, until=tasks.deadline(after, now, how), text=reply["text"])
    said = OfStep(device=row["device"], said_at=rest.rfc3339(reply["t"]), reason=reply["text"] or UNSET)
    act = Act(
        step=Step(after.value), at=now, actor=row["device"], task=command, facts=said.stored(), key=f"{command}:{after}"
    )
    await store.act_on(conn, alert, act)
