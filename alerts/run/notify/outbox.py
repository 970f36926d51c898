"""Sends what waits in the outbox. Claim, send, mark: three steps, so that a process may die at any moment.

A message whose end is unknown is sent again under the same id where the channel carries the id (webhook, web push), and
never again where it does not (apprise): it is `unsure` in the delivery log.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Protocol

import structlog
from prometheus_client import Counter

from alerts.notify import plan
from alerts.notify.message import Message, Notice, NotSentError
from alerts.notify.plan import Channel, Plan, Row
from alerts.privacy import redaction
from alerts.store import recipient, shown
from alerts.store.recipient import Recipient
from runtime import db, loops
from runtime.clock import wall_clock
from tracking.store.records import settings_store

log = structlog.get_logger(__name__)

SENT = Counter("patrol_notifications_total", "Messages to channels.", ["kind", "outcome"])
FAILURES = Counter("patrol_notification_failures", "Looks at the outbox that failed; the next one starts anew.")

AT_ONCE = 8
"""Channels served at a time."""
MOST_ROWS = 200
"""Rows that one message carries."""

# A row from the future, or a lease longer than there is any, is of a time when this clock was ahead: it waits no more.
_IS_DUE = """state IN ('waiting', 'sending') AND (due_at <= {now}
  OR made_at > {now} + interval '1 minute' OR state = 'sending' AND due_at > {now} + interval '5 minutes')"""
_DUE = f"SELECT DISTINCT channel FROM deliveries WHERE {_IS_DUE.format(now='$1::timestamptz')} LIMIT 500"  # noqa: S608 - constants
_CHANNEL = "SELECT * FROM channels WHERE id = $1 FOR UPDATE SKIP LOCKED"
# What somebody has taken on, or what ended, needs nobody else; systems are told of every step.
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


class Sender(Protocol):
    """Sends a message to the target of a channel."""

    def __call__(self, target: Mapping[str, Any], message: Message) -> Awaitable[None]:
        """Send, or raise NotSentError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How messages of a kind of channel are sent."""

    send: Sender
    repeatable: bool
    """The message carries its id."""
    lease_ms: int
    """A worker that took a message has so long to send it: more than sending may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    channel: int
    kind: str
    target: Mapping[str, Any]
    rows: Sequence[int]
    message: Message


class Outbox:
    """Serves the channels; any number of workers may.

    Args:
        pool: the database.
        kinds: how each kind of channel is served.
        now: the time, ms since 1970-01-01 UTC.
        every_s: seconds between two looks.
    """

    def __init__(
        self,
        pool: db.Pool,
        kinds: Mapping[str, Kind],
        *,
        now: Callable[[], int] = wall_clock,
        every_s: float = 0.5,
    ) -> None:
        self._pool, self._kinds, self._now, self._every_s = pool, kinds, now, every_s
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; a lost database is tried again."""
        while not stop.is_set():
            try:
                await self.step()
            except Exception:
                loops.unless_ending()
                FAILURES.inc()
                log.exception("notifications cannot be sent now; trying again", action="notify")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._every_s)

    async def step(self) -> int:
        """Send one message to each channel that has something due; returns how many channels had."""
        now = self._now()
        async with self._pool.acquire() as conn:
            due = await conn.fetch(_DUE, db.moment(now))
        results = await asyncio.gather(*(self._serve(row["channel"]) for row in due), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                FAILURES.inc()
                log.error("a channel could not be served", action="notify", exc_info=result)
        return len(due)

    async def _serve(self, channel: int) -> None:
        async with self._room:
            async with self._pool.acquire() as conn, conn.transaction():
                claimed = await self._claim(conn, channel, self._now())
            if claimed is not None:
                await self._send(claimed)

    async def _claim(self, conn: db.Connection, number: int, now: int) -> _Claimed | None:
        row = await conn.fetchrow(_CHANNEL, number)
        if row is None:
            return None
        who = await recipient.of(conn, row["account"], now)
        rows = await _in_sight(
            conn, who, await conn.fetch(_ROWS, number, db.moment(now), row["account"] is None, MOST_ROWS), now
        )
        kind = self._kinds.get(row["kind"])
        if who is None or kind is None or not row["enabled"] or row["removed_at"] is not None:
            why = row["fault"] or "the channel is off"
            await conn.execute(_END, [one.id for one in rows], "failed", db.moment(now), why)
            return None
        lately = await conn.fetch(_LATELY, number, db.moment(now - plan.HOUR), row["account"])
        zone = await settings_store.time_zone(conn)
        made = plan.plan(_channel(row, kind), rows, [db.millis(one["at"]) for one in lately], now, zone)
        await _apply(conn, made, now, kind.lease_ms)
        if not made.send:
            return None
        return _Claimed(
            channel=number,
            kind=row["kind"],
            target=json.loads(row["target"]),
            rows=made.send,
            message=Message(id=made.message, notices=await _notices(conn, made.send, who)),
        )

    async def _send(self, claimed: _Claimed) -> None:
        why, gone = None, False
        try:
            await self._kinds[claimed.kind].send(claimed.target, claimed.message)
        except NotSentError as error:
            why, gone = str(error), error.gone
        except TimeoutError:
            # It may have come through. Left as being sent: after the lease its end is unknown.
            SENT.labels(claimed.kind, "unsure").inc()
            return
        SENT.labels(claimed.kind, "sent" if why is None else "refused").inc()
        async with self._pool.acquire() as conn, conn.transaction():
            await self._mark(conn, claimed, why, gone=gone)

    async def _mark(self, conn: db.Connection, claimed: _Claimed, why: str | None, *, gone: bool) -> None:
        now, rows = self._now(), list(claimed.rows)
        if why is None:
            await conn.execute(_END, rows, "sent", db.moment(now), None)
            return
        again = None if gone else plan.next_try(int(await conn.fetchval(_TRIES, rows)), now)
        if again is None:
            await conn.execute(_END, rows, "failed", db.moment(now), why)
        else:
            await conn.execute(_AGAIN, rows, db.moment(again), why)
        if gone:
            await conn.execute(_OFF, claimed.channel, why)
        log.warning("a channel did not take a message", action="notify", channel=claimed.channel, why=why)


async def _apply(conn: db.Connection, made: Plan, now: int, lease_ms: int) -> None:
    at = db.moment(now)
    if made.unsure:
        await conn.execute(_END, made.unsure, "unsure", at, "the process ended while it was sent")
    if made.needless:
        await conn.execute(_END, made.needless, "needless", at, "somebody was quicker, or the alert ended")
    if made.later:
        await conn.execute(_LATER, made.later, db.moment(made.due), made.why)
    if made.send:
        await conn.execute(_CLAIM, made.send, made.message, db.moment(now + lease_ms))


async def _in_sight(conn: db.Connection, who: Recipient | None, found: Sequence[Any], now: int) -> list[Row]:
    """Rows that the account may be told of now; the others end here: rights may have changed while they waited."""
    about = {row["alert"] for row in found if row["alert"] is not None}
    seen = set() if who is None else await recipient.seen(conn, who, about)
    told = [row for row in found if who is not None and (row["alert"] is None or row["alert"] in seen)]
    hidden = sorted({row["id"] for row in found} - {row["id"] for row in told})
    if hidden:
        await conn.execute(_END, hidden, "dropped", db.moment(now), "the account may not see this alert now")
    return [Row(**{name: value for name, value in row.items() if name != "alert"}) for row in told]


async def _notices(conn: db.Connection, rows: Sequence[int], who: Recipient) -> list[Notice]:
    carried = [row for row in await conn.fetch(_CARRIED, list(rows)) if row["alert"] is not None]
    alerts = {alert.id: alert for alert in await shown.by_ids(conn, sorted({row["alert"] for row in carried}))}
    shown_to = {number: redaction.clean(alert.model_dump(mode="json"), who.names) for number, alert in alerts.items()}
    return [Notice(step=row["reason"], n=row["step"], alert=shown_to[row["alert"]]) for row in carried]


def _channel(row: Any, kind: Kind) -> Channel:
    quiet = row["quiet"]
    return Channel(
        id=row["id"],
        repeatable=kind.repeatable,
        quiet=None if quiet is None else (time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])),
        per_hour=row["per_hour"],
    )
