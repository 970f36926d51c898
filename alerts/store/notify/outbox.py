"""Deliveries that are waiting, being sent, or ended."""

from collections.abc import Sequence
from typing import Any

from alerts.notify.plan import BACKOFF_MS, DeliveryPlan
from runtime import db

MOST_ROWS = 200
"""Most rows in one message."""

# A row from the future, or a wait or lease longer than possible, was written when this clock was ahead: it is due.
# After the first try the waits between tries apply, or a failing channel would be tried every time.
_IS_DUE = f"""(due_at <= {{now}}
  OR state = 'waiting' AND tries = 0 AND made_at > {{now}} + interval '1 minute'
  OR state = 'waiting' AND tries > 0 AND due_at > {{now}} + interval '1 minute'
     + interval '1 ms' * (ARRAY[{", ".join(map(str, BACKOFF_MS))}])[least(tries, {len(BACKOFF_MS)})]
  OR state = 'sending' AND due_at > {{now}} + interval '5 minutes')
  AND state IN ('waiting', 'sending')"""
_DUE = f"SELECT DISTINCT channel FROM deliveries WHERE {_IS_DUE.format(now='$1::timestamptz')} LIMIT 500"  # noqa: S608 - constants
_CHANNEL = "SELECT * FROM channels WHERE id = $1 FOR UPDATE SKIP LOCKED"
# Alerts that someone has accepted, or that ended, need nobody else; systems get every step.
_ROWS = f"""
SELECT d.id, d.alert, d.key, d.urgent, d.message, d.state = 'sending' AS sending,
       a.id IS NULL OR $3 OR (a.ended_at IS NULL AND (a.version = d.step OR a.state IN ('open', 'escalated'))) AS needed
FROM deliveries d LEFT JOIN alerts a ON a.id = d.alert
WHERE d.channel = $1 AND d.id IN (SELECT id FROM deliveries WHERE {_IS_DUE.format(now="$2::timestamptz")})
ORDER BY d.made_at, d.id LIMIT $4
"""  # noqa: S608 - constants
_LATELY = """
SELECT max(d.ended_at) AS at FROM deliveries d JOIN channels c ON c.id = d.channel
WHERE d.state = 'sent' AND d.ended_at > $2 AND (c.id = $1 OR c.account = $3) GROUP BY d.message ORDER BY 1
"""
_CLAIM = """
UPDATE deliveries SET state = 'sending', message = $2, due_at = $3, tries = tries + 1, detail = NULL
WHERE id = ANY ($1::bigint[])
"""
_LATER = "UPDATE deliveries SET due_at = $2, detail = $3 WHERE id = ANY ($1::bigint[])"
_END = "UPDATE deliveries SET state = $2, ended_at = $3, detail = $4 WHERE id = ANY ($1::bigint[])"
_AGAIN = """
UPDATE deliveries SET state = 'waiting', due_at = $2, detail = $3 WHERE id = ANY ($1::bigint[])
"""
_TRIES = "SELECT max(tries) FROM deliveries WHERE id = ANY ($1::bigint[])"
_CARRIED = """
SELECT d.alert, d.step, d.reason FROM deliveries d WHERE d.id = ANY ($1::bigint[]) ORDER BY d.made_at, d.id
"""
_OFF = "UPDATE channels SET enabled = false, fault = $2 WHERE id = $1"


async def due(conn: db.Connection, now: int) -> list[int]:
    """Numbers of channels with due deliveries."""
    return [row["channel"] for row in await conn.fetch(_DUE, db.moment(now))]


async def channel(conn: db.Connection, number: int) -> Any:
    """Lock a channel; None: another worker serves it."""
    return await conn.fetchrow(_CHANNEL, number)


async def rows(conn: db.Connection, number: int, now: int, *, every_step: bool) -> Sequence[Any]:
    """Due deliveries of a channel, the oldest first; with `every_step` also those that need nobody any more."""
    return await conn.fetch(_ROWS, number, db.moment(now), every_step, MOST_ROWS)


async def sent_lately(conn: db.Connection, number: int, account: Any, since: int) -> list[int]:
    """When messages were sent to a channel, or to the account, since then, ms."""
    return [db.millis(row["at"]) for row in await conn.fetch(_LATELY, number, db.moment(since), account)]


async def steps_of(conn: db.Connection, numbers: Sequence[int]) -> Sequence[Any]:
    """Alert, step and reason of deliveries."""
    return await conn.fetch(_CARRIED, list(numbers))


async def end(conn: db.Connection, numbers: Sequence[int], state: str, now: int, why: str | None) -> None:
    """Deliveries end."""
    await conn.execute(_END, list(numbers), state, db.moment(now), why)


async def retry_at(conn: db.Connection, numbers: Sequence[int], at: int, why: str) -> None:
    """Deliveries are tried again at a moment, ms."""
    await conn.execute(_AGAIN, list(numbers), db.moment(at), why)


async def tries(conn: db.Connection, numbers: Sequence[int]) -> int:
    """How often they were tried."""
    return int(await conn.fetchval(_TRIES, list(numbers)))


async def turn_off(conn: db.Connection, number: int, why: str) -> None:
    """A channel is not served any more."""
    await conn.execute(_OFF, number, why)


async def apply(conn: db.Connection, plan: DeliveryPlan, now: int, lease_ms: int) -> None:
    """Apply a plan."""
    if plan.unsure:
        await end(conn, plan.unsure, "unsure", now, "the process ended while it was sent")
    if plan.needless:
        await end(conn, plan.needless, "needless", now, "somebody was quicker, or the alert ended")
    if plan.later:
        await conn.execute(_LATER, plan.later, db.moment(plan.due), plan.why)
    if plan.send:
        await conn.execute(_CLAIM, plan.send, plan.message, db.moment(now + lease_ms))
