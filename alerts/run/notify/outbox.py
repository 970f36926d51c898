"""Sends the messages in the outbox in three steps (claim, send, mark), so that a process may die at any moment.

A message with an unknown result is sent again with the same id if the channel carries the id (webhook, web push).
Otherwise (Apprise) it is not sent again, and is `unsure` in the delivery log.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any, Protocol

import structlog
from prometheus_client import Counter

from alerts.notify import plan
from alerts.notify.message import Notice, NotSentError, OutgoingMessage
from alerts.notify.plan import ChannelTerms, Delivery
from alerts.privacy import redaction
from alerts.store import shown
from alerts.store.notify import outbox as deliveries
from alerts.store.notify import recipient
from alerts.store.notify.recipient import Recipient
from runtime import db
from runtime.clock import wall_clock
from runtime.every import every
from tracking.store.records import settings_store

log = structlog.get_logger(__name__)

SENT = Counter("patrol_notifications_total", "Messages to channels.", ["kind", "outcome"])
FAILURES = Counter("patrol_notification_failures", "Passes over the outbox that failed; the next one starts anew.")

AT_ONCE = 8
"""Channels served in parallel."""


class MessageSender(Protocol):
    """Sends a message to the target of a channel."""

    def __call__(self, target: Mapping[str, Any], message: OutgoingMessage) -> Awaitable[None]:
        """Send, or raise NotSentError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """Properties of a kind of channel."""

    send: MessageSender
    repeatable: bool
    """The message carries its id."""
    lease_ms: int
    """Lease of a worker for sending a message; longer than sending can take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    channel: int
    kind: str
    target: Mapping[str, Any]
    rows: Sequence[int]
    message: OutgoingMessage


def _failed(error: Exception) -> None:
    """Survive all errors of a pass."""
    FAILURES.inc()
    log.error("notifications cannot be sent now; trying again", action="notify", exc_info=error)


class Outbox:
    """Serves the channels, on any number of workers.

    Args:
        pool: the database.
        kinds: senders by kind of channel.
        now: the time, ms since 1970-01-01 UTC.
        every_s: seconds between two passes.
    """

    def __init__(
        self,
        pool: db.Pool,
        kinds: Mapping[str, ChannelKind],
        *,
        now: Callable[[], int] = wall_clock,
        every_s: float = 0.5,
    ) -> None:
        self._pool, self._kinds, self._now, self._every_s = pool, kinds, now, every_s
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Send until cancelled; a lost database is tried again."""
        await every(self._every_s, self.step, survive=_failed)

    async def step(self) -> int:
        """Send one message to each channel with due ones; returns the number of such channels."""
        now = self._now()
        async with self._pool.acquire() as conn:
            due = await deliveries.due(conn, now)
        results = await asyncio.gather(*(self._serve(channel) for channel in due), return_exceptions=True)
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
        row = await deliveries.channel(conn, number)
        if row is None:
            return None
        who = await recipient.load(conn, row["account"], now)
        waiting = await deliveries.rows(conn, number, now, every_step=row["account"] is None)
        rows = await _in_sight(conn, who, waiting, now)
        kind = self._kinds.get(row["kind"])
        if who is None or kind is None or not row["enabled"] or row["removed_at"] is not None:
            why = row["fault"] or "the channel is off"
            await deliveries.end(conn, [delivery.id for delivery in rows], "failed", now, why)
            return None
        lately = await deliveries.sent_lately(conn, number, row["account"], now - plan.HOUR)
        zone = await settings_store.time_zone(conn)
        planned = plan.plan(_channel(row, kind), rows, lately, now, zone)
        await deliveries.apply(conn, planned, now, kind.lease_ms)
        if not planned.send:
            return None
        return _Claimed(
            channel=number,
            kind=row["kind"],
            target=json.loads(row["target"]),
            rows=planned.send,
            message=OutgoingMessage(id=planned.message, notices=await _notices(conn, planned.send, who)),
        )

    async def _send(self, claimed: _Claimed) -> None:
        why, gone = None, False
        try:
            await self._kinds[claimed.kind].send(claimed.target, claimed.message)
        except NotSentError as error:
            why, gone = str(error), error.gone
        except TimeoutError:
            # It may have been delivered, so it stays claimed; after the lease its result is unknown.
            SENT.labels(claimed.kind, "unsure").inc()
            return
        SENT.labels(claimed.kind, "sent" if why is None else "refused").inc()
        async with self._pool.acquire() as conn, conn.transaction():
            await self._mark(conn, claimed, why, gone=gone)

    async def _mark(self, conn: db.Connection, claimed: _Claimed, why: str | None, *, gone: bool) -> None:
        now, rows = self._now(), list(claimed.rows)
        if why is None:
            await deliveries.end(conn, rows, "sent", now, None)
            return
        again = None if gone else plan.next_try(await deliveries.tries(conn, rows), now)
        if again is None:
            await deliveries.end(conn, rows, "failed", now, why)
        else:
            await deliveries.retry_at(conn, rows, again, why)
        if gone:
            await deliveries.turn_off(conn, claimed.channel, why)
        log.warning("a channel did not take a message", action="notify", channel=claimed.channel, why=why)


async def _in_sight(conn: db.Connection, who: Recipient | None, waiting: Sequence[Any], now: int) -> list[Delivery]:
    """Rows that the account may see now; the others are dropped, since permissions may have changed meanwhile."""
    about = {row["alert"] for row in waiting if row["alert"] is not None}
    seen = set() if who is None else await recipient.in_sight(conn, who, about)
    visible = [row for row in waiting if who is not None and (row["alert"] is None or row["alert"] in seen)]
    hidden = sorted({row["id"] for row in waiting} - {row["id"] for row in visible})
    if hidden:
        await deliveries.end(conn, hidden, "dropped", now, "the account may not see this alert now")
    return [Delivery(**{name: value for name, value in row.items() if name != "alert"}) for row in visible]


async def _notices(conn: db.Connection, rows: Sequence[int], who: Recipient) -> list[Notice]:
    carried = [row for row in await deliveries.steps_of(conn, rows) if row["alert"] is not None]
    alerts = {alert.id: alert for alert in await shown.by_ids(conn, sorted({row["alert"] for row in carried}))}
    shown_to = {number: redaction.clean(alert.model_dump(mode="json"), who.names) for number, alert in alerts.items()}
    return [Notice(step=row["reason"], n=row["step"], alert=shown_to[row["alert"]]) for row in carried]


def _channel(row: Any, kind: ChannelKind) -> ChannelTerms:
    quiet = row["quiet"]
    return ChannelTerms(
        id=row["id"],
        repeatable=kind.repeatable,
        quiet=None if quiet is None else (time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])),
        per_hour=row["per_hour"],
    )
