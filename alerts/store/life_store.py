"""Steps of alerts in the database: rows are locked, `life` decides, and all effects are one transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec import structs

from alerts.life import life, step_facts
from alerts.life.facts import Struct
from alerts.life.life import Act, ActRefusal, EscalationRule, Life
from alerts.life.model import OPENING, Level, State, Step
from alerts.store import city_rules, rosters
from runtime import db

RULE = "escalation"
"""Kind of the rules with the time limits of each person."""

_HELD = """
SELECT id, key, kind, area, device, cell, state, level, version, updated_at, actor, escalation, escalates_at,
       snoozed_until, assignee, task
FROM alerts
"""
# Always in this order, so that two transactions cannot deadlock.
_BY_KEY = _HELD + "WHERE key = ANY ($1::text[]) ORDER BY id FOR UPDATE"
_BY_ID = _HELD + "WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE"
_UPDATE = """
UPDATE alerts a
SET state = n.state, level = n.level, version = n.version, updated_at = n.at, actor = n.actor,
    escalation = n.escalation, escalates_at = n.escalates_at, snoozed_until = n.snoozed_until, assignee = n.assignee,
    task = n.task, ended_at = CASE WHEN n.ended THEN coalesce(a.ended_at, n.at) END,
    facts = a.facts || n.facts::jsonb, priority = coalesce(n.priority, a.priority)
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::smallint[],
            $8::timestamptz[], $9::timestamptz[], $10::int[], $11::text[], $12::bool[], $13::text[], $14::float8[])
  AS n (id, state, level, version, at, actor, escalation, escalates_at, snoozed_until, assignee, task, ended, facts,
        priority)
WHERE a.id = n.id
"""
_STEPS = """
INSERT INTO alert_steps (alert, n, at, step, level, actor, facts, state, request)
SELECT alert, n, at, step, level, actor, facts::jsonb, state, request
FROM unnest($1::bigint[], $2::int[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[]) AS s (alert, n, at, step, level, actor, facts, state, request)
"""
_DUE = "SELECT id FROM alerts WHERE least(escalates_at, snoozed_until) <= $1 ORDER BY id LIMIT 1000"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedAlert:
    """An alert whose row is locked until the transaction ends."""

    id: int
    key: str
    kind: str
    area: str | None
    device: int | None
    cell: int | None
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A decided step."""

    held: LockedAlert
    act: Act
    after: Life
    merged: Struct = field(default_factory=Struct)
    """Facts that are also stored with the alert."""
    priority: float | None = None


async def escalation_rule(conn: db.Connection, at: int) -> EscalationRule:
    """Time limits of each person, as of `at`, ms."""
    return await city_rules.in_force(conn, RULE, EscalationRule, at)


async def by_keys(conn: db.Connection, keys: Sequence[str]) -> dict[str, LockedAlert]:
    """Lock alerts by key."""
    return {row["key"]: _held(row) for row in await conn.fetch(_BY_KEY, sorted(set(keys)))}


async def by_ids(conn: db.Connection, numbers: Sequence[int]) -> dict[int, LockedAlert]:
    """Lock alerts by number."""
    return {row["id"]: _held(row) for row in await conn.fetch(_BY_ID, sorted(set(numbers)))}


async def due(conn: db.Connection, now: int) -> list[int]:
    """Numbers of the alerts with a timer that is due at `now`, ms; not locked."""
    return [row["id"] for row in await conn.fetch(_DUE, db.moment(now))]


async def repeated(conn: db.Connection, number: int, key: str | None) -> bool:
    """Whether a step with this idempotency key was taken before."""
    if key is None:
        return False
    return bool(await conn.fetchval("SELECT true FROM alert_steps WHERE alert = $1 AND request = $2", number, key))


async def decide(
    conn: db.Connection, held: LockedAlert, act: Act, how: EscalationRule
) -> Transition | ActRefusal | None:
    """Decide on one act; for an escalation also on its recipient."""
    outcome = life.begin(act, how) if held.life.version == 0 else life.decide(held.life, act, how)
    if not isinstance(outcome, Life):
        return outcome
    if act.step is Step.ESCALATED:
        to = await rosters.on_duty(conn, held.area, outcome.escalation + 1, act.at)
        act = replace(act, facts=structs.replace(step_facts.of_act(act.facts), escalation=outcome.escalation, to=to))
    elif act.step in OPENING:
        act = replace(act, step=Step.OPENED if held.life.version == 0 else Step.REOPENED)
    return Transition(held=held, act=act, after=outcome)


async def write(conn: db.Connection, taken: Sequence[Transition]) -> None:
    """Store steps, at most one per alert, and the resulting state of the alerts."""
    if not taken:
        return
    after = [transition.after for transition in taken]
    at = [db.moment(life.at) for life in after]
    numbers = [transition.held.id for transition in taken]
    await conn.execute(
        _UPDATE, numbers, [life.state.value for life in after], [life.level.wire for life in after],
        [life.version for life in after], at, [life.actor for life in after], [life.escalation for life in after],
        [_moment(life.escalates_at) for life in after], [_moment(life.snoozed_until) for life in after],
        [life.assignee for life in after], [life.task for life in after], [life.ended for life in after],
        [_json(transition.merged) for transition in taken], [transition.priority for transition in taken],
    )  # fmt: skip
    await conn.execute(
        _STEPS, numbers, [life.version for life in after], at, [transition.act.step.value for transition in taken],
        [life.level.wire for life in after], [life.actor for life in after],
        [_json(transition.act.facts) for transition in taken], [life.state.value for life in after],
        [transition.act.key for transition in taken],
    )  # fmt: skip


def _held(row: Any) -> LockedAlert:
    return LockedAlert(
        id=row["id"],
        key=row["key"],
        kind=row["kind"],
        area=row["area"],
        device=row["device"],
        cell=row["cell"],
        life=Life(
            state=State(row["state"]),
            level=Level.of(row["level"]),
            version=row["version"],
            at=db.millis(row["updated_at"]),
            actor=row["actor"],
            escalation=row["escalation"],
            escalates_at=_millis(row["escalates_at"]),
            snoozed_until=_millis(row["snoozed_until"]),
            assignee=row["assignee"],
            task=row["task"],
        ),
    )


def _moment(ms: int | None) -> Any:
    return None if ms is None else db.moment(ms)


def _millis(moment: Any) -> int | None:
    return None if moment is None else db.millis(moment)


def _json(facts: Struct) -> str:
    return json.dumps(facts.stored(), ensure_ascii=False)
