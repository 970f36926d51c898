"""Officers sent to alerts: an order to the device, its answers, its deadlines. The alert follows by its steps."""

from collections.abc import Sequence
from typing import Any

from alerts.life import step_facts
from alerts.life.life import MINUTE, EscalationRule
from alerts.life.model import Step
from alerts.store import commands
from alerts.store.life_store import Transition
from runtime import db
from schemas import alerting
from schemas.wire import ReplyState
from tracking.store.city import belonging

GOTO = "goto"
CANCEL = "cancel"

_ADD = """
INSERT INTO tasks (id, alert, device, officer, cell, state, made_at, made_by, updated_at, deadline)
SELECT $1, $2, $3, (SELECT officer FROM bindings WHERE device = $3 AND t_from <= $5 AND (t_to IS NULL OR t_to > $5)
                    ORDER BY t_from DESC LIMIT 1), $4, 'given', $5, $6, $5, $7
"""
_END = """
UPDATE tasks SET state = $2, updated_at = $3, deadline = NULL, reason = coalesce($4, reason)
WHERE id = $1 AND deadline IS NOT NULL RETURNING device
"""
_FOLLOW = "UPDATE tasks SET state = $2, updated_at = $3, deadline = $4, reason = coalesce($5, reason) WHERE id = $1"
_LIST = f"""
SELECT t.id, t.alert, d.name AS device, o.badge AS officer, c.code AS cell, t.state, m.sent_at IS NOT NULL AS sent,
       t.made_at, t.made_by, t.updated_at, t.deadline, t.reason
FROM tasks t JOIN commands m ON m.id = t.id JOIN alerts a ON a.id = t.alert JOIN devices d ON d.id = t.device
  LEFT JOIN officers o ON o.id = t.officer LEFT JOIN cells c ON c.id = t.cell
WHERE ($1::text IS NULL OR d.name = $1) AND ($2::bigint IS NULL OR t.alert = $2)
  AND ($3::bool IS NULL OR (t.deadline IS NOT NULL) = $3) AND {belonging.alert("$4", "$5", "$6")}
  AND {belonging.among("t.device", "$5")} AND ($7::timestamptz IS NULL OR (t.made_at, t.id) < ($7, $8::text))
ORDER BY t.made_at DESC, t.id DESC LIMIT $9
"""  # noqa: S608 - our own texts
_DECLINED = """
SELECT t.alert, t.device FROM tasks t JOIN alerts a ON a.id = t.alert
WHERE a.ended_at IS NULL AND t.state IN ('refused', 'expired')
"""
_BUSY = "SELECT DISTINCT device FROM tasks WHERE deadline IS NOT NULL"

_AFTER = {Step.RESOLVED: "done"}
"""State of a task that its alert no longer needs, by the step of the alert; cancelled for other steps."""
_RANK = {"given": 0, "accepted": 1, "arrived": 2, "done": 3}


def answered(state: str, reply: ReplyState, *, newest: bool) -> ReplyState | None:
    """State of a task after an answer; None: the answer changes nothing. Pure.

    Answers may come late and out of order: a task only goes forward, and a refusal counts while it is the newest word.
    """
    if state not in _RANK:
        return None
    if reply is ReplyState.REFUSED:
        return reply if newest and state != "done" else None
    return reply if _RANK[reply] > _RANK[state] else None


def deadline(reply: ReplyState, at: int, rule: EscalationRule) -> int | None:
    """Moment (ms) until which the next thing must come after an answer at `at`; None: the task has ended. Pure."""
    return None if reply is ReplyState.REFUSED else at + rule.arrive_min * MINUTE


async def apply_steps(conn: db.Connection, taken: Sequence[Transition], rule: EscalationRule) -> None:
    """Give the orders that steps require, and withdraw those that are no longer needed."""
    for transition in taken:
        before, after = transition.held.life.task, transition.after.task
        if before is not None and before != after and transition.act.step not in (Step.REFUSED, Step.EXPIRED):
            await _take_back(conn, before, transition)
        if transition.act.step is Step.ASSIGNED and after is not None:
            await _send(conn, after, transition, rule)


async def _send(conn: db.Connection, number: str, transition: Transition, rule: EscalationRule) -> None:
    at, device = transition.act.at, transition.after.assignee
    assert device is not None  # noqa: S101 - an assigned alert has an assignee
    expires = at + rule.answer_min * MINUTE
    where = step_facts.of_act(transition.act.facts)
    order = step_facts.StepFacts(cell=where.cell, lat=where.lat, lon=where.lon, text=where.text).stored()
    await commands.enqueue(conn, number=number, device=device, kind=GOTO, body=order, at=at, expires=expires)
    moments = db.moment(at), transition.after.actor, db.moment(expires)
    await conn.execute(_ADD, number, transition.held.id, device, transition.held.cell, *moments)


async def _take_back(conn: db.Connection, number: str, transition: Transition) -> None:
    at = transition.act.at
    device = await conn.fetchval(
        _END, number, _AFTER.get(transition.act.step, "cancelled"), db.moment(at), transition.act.step.value
    )
    if device is None or await commands.recall(conn, number, at):
        return
    body = {"text": f"{number}: {transition.act.step}"}
    expires = at + 10 * MINUTE
    await commands.enqueue(
        conn, number=f"{number}-{CANCEL}", device=device, kind=CANCEL, body=body, at=at, expires=expires
    )


async def moved(
    conn: db.Connection, number: str, state: ReplyState, *, at: int, until: int | None, text: str | None
) -> None:
    """Store the state of a task; `until` is the next deadline, ms."""
    await conn.execute(_FOLLOW, number, state.value, db.moment(at), None if until is None else db.moment(until), text)


async def expired(conn: db.Connection, number: str, at: int, why: str) -> None:
    """End a task whose deadline passed."""
    await conn.execute(_END, number, "expired", db.moment(at), why)


async def listed(
    conn: db.Connection,
    *,
    device: str | None,
    alert: int | None,
    standing: bool | None,
    seen: belonging.SightFilter,
    after: tuple[Any, str] | None,
    limit: int,
) -> list[alerting.Task]:
    """Tasks, newest first; only alerts and devices in sight. `after` is moment and id of the last one read."""
    sight = seen.cells, seen.devices, seen.areas
    rows = await conn.fetch(_LIST, device, alert, standing, *sight, *(after or (None, None)), limit)
    return [alerting.Task(**row) for row in rows]


async def declined(conn: db.Connection) -> dict[int, set[int]]:
    """Devices that refused or did not answer, by the number of the standing alert: they are not proposed again."""
    devices: dict[int, set[int]] = {}
    for row in await conn.fetch(_DECLINED):
        devices.setdefault(row["alert"], set()).add(row["device"])
    return devices


async def busy(conn: db.Connection) -> set[int]:
    """Devices with a task, which cannot be sent elsewhere."""
    return {row["device"] for row in await conn.fetch(_BUSY)}
