"""Puts the notifications of a step into the outbox, in the transaction of the step."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from prometheus_client import Counter

from alerts.life import step_facts
from alerts.life.model import OPENING, Level, Step
from alerts.notify import plan, rule
from alerts.notify.rule import NotificationRule
from alerts.store import city_rules, commands, rosters, shown
from alerts.store.life_store import Transition
from runtime import db

DROPPED = Counter("patrol_notifications_dropped_total", "Messages dropped because too many wait for their channel.")

MOST_WAITING = 500
"""Most waiting deliveries of one channel; further ones are dropped, which the delivery log shows: a person with
hundreds of alerts at once looks at the map."""
DEVICE_KEEPS_MS = 600_000
"""Time for which a device shows the message of an alert."""

_WANTED = """
SELECT c.id, c.account, c.digest_min,
       (SELECT count(*) FROM deliveries d WHERE d.channel = c.id AND d.state = 'waiting') AS waiting
FROM channels c
WHERE c.enabled AND c.removed_at IS NULL
  AND array_position(ARRAY['blue', 'yellow', 'orange', 'red'], c.level)
      <= array_position(ARRAY['blue', 'yellow', 'orange', 'red'], $3)
  AND (c.area IS NULL OR c.area = $1 OR c.area = (SELECT parent FROM areas WHERE code = $1))
  AND (c.account IS NULL OR c.account = ANY ($2::text[]))
ORDER BY c.id
"""
_ADD = """
INSERT INTO deliveries (key, channel, alert, step, reason, urgent, state, made_at, due_at, ended_at, detail)
SELECT key, channel, alert, step, reason, urgent, state, made, due, CASE WHEN state = 'dropped' THEN made END,
       CASE WHEN state = 'dropped' THEN 'too many wait for this channel' END
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::int[], $5::text[], $6::bool[], $7::text[], $8::timestamptz[],
            $9::timestamptz[]) AS n (key, channel, alert, step, reason, urgent, state, made, due)
ON CONFLICT (key) DO NOTHING
"""
_ANY = "SELECT EXISTS (SELECT FROM channels WHERE enabled AND removed_at IS NULL)"
_TEST = """
INSERT INTO deliveries (key, channel, reason, urgent, state, made_at, due_at)
SELECT 'test-' || c.id || '-' || $2, c.id, 'test', true, 'waiting', $3, $3 FROM channels c
WHERE c.id = $1 AND c.removed_at IS NULL
ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id
"""

Line = tuple[str, int, int | None, int | None, str, bool, str, datetime, datetime]
"""A row of the outbox: key, channel, alert, step, reason, urgent, state, made, due."""


async def notification_rule(conn: db.Connection, at: int) -> NotificationRule:
    """The rule in force at `at`, ms."""
    return await city_rules.in_force(conn, rule.KIND, NotificationRule, at)


async def enqueue(conn: db.Connection, taken: Sequence[Transition]) -> None:
    """Notify the device first if the alert is about its officer, and put the rest into the outbox."""
    first = [
        transition
        for transition in taken
        if transition.held.device and rule.officer_first(transition.held.kind, transition.act.step)
    ]
    if first:
        await _tell_devices(conn, first)
    if not taken or not await conn.fetchval(_ANY):
        return
    how = await notification_rule(conn, max(transition.act.at for transition in taken))
    lines: list[Line] = []
    for transition in taken:
        lines += await _lines(conn, transition, how)
    if lines:
        await conn.execute(_ADD, *(list(column) for column in zip(*lines, strict=True)))


async def test(conn: db.Connection, channel: int, name: str, now: int) -> int | None:
    """Put a test message into the outbox; its number in the delivery log. None: there is no such channel."""
    delivery = await conn.fetchval(_TEST, channel, name, db.moment(now))
    return None if delivery is None else int(delivery)


async def _lines(conn: db.Connection, transition: Transition, how: NotificationRule) -> list[Line]:
    step, after, held = transition.act.step, transition.after, transition.held
    people = await _people(conn, transition) if step in rule.FOR_PEOPLE else []
    urgent = rule.urgent(held.kind, after.level, step)
    grace = 0 if urgent or not (held.device and rule.officer_first(held.kind, step)) else how.grace_s * 1000
    lines: list[Line] = []
    for row in await conn.fetch(_WANTED, held.area, people, after.level.wire):
        personal = row["account"] is not None
        due = after.at if urgent else plan.digest_due(after.at + (grace if personal else 0), row["digest_min"])
        state = "dropped" if row["waiting"] >= MOST_WAITING else "waiting"
        DROPPED.inc(state == "dropped")
        key = f"a{held.id}-{after.version}-c{row['id']}"
        moments = db.moment(after.at), db.moment(due)
        lines.append((key, row["id"], held.id, after.version, step.value, urgent, state, *moments))
    return lines


async def _people(conn: db.Connection, transition: Transition) -> list[str]:
    """Who must act: the recipient of an escalation, else those on duty at the level of the alert."""
    if transition.act.step is Step.RAISED and transition.after.level is not Level.RED:
        return []
    if transition.act.step is Step.ESCALATED:
        return list(step_facts.of_act(transition.act.facts).to or [])
    return await rosters.on_duty(conn, transition.held.area, transition.after.escalation + 1, transition.after.at)


async def _tell_devices(conn: db.Connection, first: Sequence[Transition]) -> None:
    texts: dict[int, Any] = {
        alert.id: alert for alert in await shown.by_ids(conn, sorted(transition.held.id for transition in first))
    }
    for transition in first:
        assert transition.held.device is not None  # noqa: S101 - chosen so
        assert transition.act.step in OPENING  # noqa: S101 - chosen so
        await commands.enqueue(
            conn,
            number=f"n{transition.held.id}-{transition.after.version}",
            device=transition.held.device,
            kind="notify",
            body={"text": texts[transition.held.id].text_zh},
            at=transition.after.at,
            expires=transition.after.at + DEVICE_KEEPS_MS,
        )
