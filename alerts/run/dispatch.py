"""Sends an officer to an alert, and handles the answers of the device or their absence."""

import json
from dataclasses import replace

import numpy as np
import structlog
from msgspec import UNSET, UnsetType, structs

from alerts.life.life import Act, ActRefusal
from alerts.life.model import Step
from alerts.life.step_facts import StepFacts
from alerts.store import life_store, orders, reads, store, tasks
from runtime import db
from schemas import alerting, rest
from schemas.wire import ReplyState
from tracking.geometry import inside
from tracking.store.city import street_store

log = structlog.get_logger(__name__)

LOST_MS = 600_000
"""Oldest position used for the route of an officer."""

_WHY = {"given": "answer", "accepted": "arrive", "arrived": "visit", "done": "visit"}
"""The awaited step of an expired task."""


async def assign(
    conn: db.Connection, number: int, device: str, *, actor: str, at: int, seen: int | None, key: str | None
) -> alerting.Alert | ActRefusal | None:
    """Send the officer who carries `device`; to be called last in a transaction. None: no such alert.

    Raises:
        LookupError: no such device.
    """
    whom = await orders.device(conn, device)
    if whom is None:
        raise LookupError(device)
    held = (await life_store.by_ids(conn, [number])).get(number)
    if held is None:
        return None
    where = await _place(conn, held)
    facts = structs.replace(where, device=device, arrival_s=await _estimate(conn, whom["id"], held.cell, where, at))
    # Contains the number of the step, so it is unique, and a repetition finds it again.
    task = f"a{number}-{held.life.version + 1}"
    act = Act(step=Step.ASSIGNED, at=at, actor=actor, device=whom["id"], task=task, facts=facts, seen=seen, key=key)
    return await store.act_on(conn, number, act)


async def _place(conn: db.Connection, held: life_store.LockedAlert) -> StepFacts:
    """Destination: the cell, else the last position of the subject device; degrees, WGS-84."""
    if held.cell is not None:
        cell = await orders.cell(conn, held.cell)
        if cell is not None:
            lat, lon = inside.point(json.loads(cell["geometry"]))
            return StepFacts(cell=cell["code"], lat=lat, lon=lon, text=cell["name"] or cell["code"])
    newest = None if held.device is None else await orders.newest_fix(conn, held.device)
    if newest is None:
        return StepFacts(text=held.kind)
    return StepFacts(lat=newest["lat"], lon=newest["lon"], text=held.kind)


async def _estimate(conn: db.Connection, device: int, cell: int | None, where: StepFacts, at: int) -> int | UnsetType:
    """Estimated travel time, s; the actual time corrects later estimates (estimates.py)."""
    newest = await orders.newest_fix(conn, device)
    if newest is None or where.lat is UNSET or where.lon is UNSET or db.millis(newest["t"]) < at - LOST_MS:
        return UNSET
    rule = await reads.arrival_rule(conn, at)
    straight = np.array([inside.metres((newest["lat"], newest["lon"]), (where.lat, where.lon))])
    street = None if cell is None else await street_store.way(conn, cell, newest["lat"], newest["lon"])
    way = rule.way_m(straight, np.array([np.nan if street is None else street]))
    return int(replace(rule, ratio=1.0).walk_ms(way)[0]) // 1000


async def expire(pool: db.Pool, now: int) -> int:
    """Reopen alerts whose officers did not answer, arrive or visit in time; returns the number checked."""
    async with pool.acquire() as conn:
        rows = await orders.overdue_tasks(conn, now)
        for row in rows:
            async with conn.transaction():
                # Lock order of all actions: first the alert, then its parts.
                await life_store.by_ids(conn, [row["alert"]])
                await _expired(conn, row["alert"], row["id"], now)
    return len(rows)


async def take_replies(pool: db.Pool, now: int) -> int:
    """Apply answers of devices to tasks and alerts; returns the number of answers."""
    async with pool.acquire() as conn:
        rows = await orders.replies(conn)
        for row in rows:
            async with conn.transaction():
                await life_store.by_ids(conn, [row["alert"] or 0])
                await _replied(conn, row["alert"], row["command"], row["state"], now)
    return len(rows)


async def _expired(conn: db.Connection, alert: int, task: str, now: int) -> None:
    row = await orders.task(conn, task)
    if row is None or row["deadline"] is None or db.millis(row["deadline"]) > now:
        return
    why = _WHY[row["state"]]
    await tasks.expired(conn, task, now, why)
    facts = StepFacts(device=row["device"], reason=why)
    await store.act_on(conn, alert, Act(step=Step.EXPIRED, at=now, task=task, facts=facts, key=f"{task}:expired"))


async def _replied(conn: db.Connection, alert: int | None, command: str, state: str, now: int) -> None:
    reply = await orders.reply(conn, command, state)
    if reply is None:
        return
    await orders.taken(conn, command, state, now)
    row = await orders.task(conn, command)
    if alert is None or row is None:  # an answer to a message: stored without effect
        return
    after = tasks.answered(row["state"], ReplyState(state), newest=reply["newest"])
    if after is None:
        log.info("answer changes nothing", action="reply", task=command, state=state, task_state=row["state"])
        return
    how = await life_store.escalation_rule(conn, now)
    await tasks.moved(conn, command, after, at=now, until=tasks.deadline(after, now, how), text=reply["text"])
    facts = StepFacts(device=row["device"], said_at=rest.rfc3339(reply["t"]), reason=reply["text"] or UNSET)
    act = Act(step=Step(after.value), at=now, actor=row["device"], task=command, facts=facts, key=f"{command}:{after}")
    await store.act_on(conn, alert, act)
