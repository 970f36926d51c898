"""Accounts with channels, and an outbox whose clock a test sets."""

from typing import Any

from alerts.life.model import GAP, Change, Level, Step
from alerts.run.notify import kinds, webhook
from alerts.run.notify.outbox import ChannelKind, Outbox
from alerts.store.notify import channels
from alerts.store.store import AlertStore
from runtime import db
from schemas import alerting
from tests.integration.alerts.conftest import at
from tests.integration.alerts.test_store import FACTS
from tests.support.sink import Sink
from tests.support.stored_facts import as_stored

SECRET = webhook.new_secret()


class Office:
    """Accounts with channels, and an outbox whose clock the test sets."""

    def __init__(self, pool: db.Pool, conn: db.Connection, sink: Sink) -> None:
        self.pool, self.conn, self.sink, self.minute = pool, conn, sink, 80.0
        self.outbox = self.made("127.0.0.0/8")

    def made(self, allow: str, **others: ChannelKind) -> Outbox:
        """An outbox that may reach `allow`."""
        known = dict(kinds.make(self.pool, allow=allow, services="", now=self.now))
        return Outbox(self.pool, known | others, now=self.now)

    def now(self) -> int:
        """The time."""
        return at(self.minute)

    async def channel(self, account: str | None = None, kind: Any = "webhook", **settings: Any) -> int:
        """A channel of an account, which is on duty for the street from now on at level 1."""
        if account is not None:
            await self.conn.execute(
                "INSERT INTO accounts VALUES ($1, '', 'supervisor', now()) ON CONFLICT DO NOTHING", account
            )
            await self.conn.execute(
                "INSERT INTO duty_rosters (account, area, level, starts, ends, made_by) "
                "VALUES ($1, '441302010', 1, $2, $3, 'x') ON CONFLICT DO NOTHING",
                account, db.moment(at(0)), db.moment(at(9_000)),
            )  # fmt: skip
        given = alerting.ChannelGiven(name="钩子", kind=kind, **settings)
        target = {"url": self.sink.url, "secret": SECRET}
        made = await channels.add(self.conn, given, target, account=account, by="admin", at=self.now())
        assert made is not None
        return made

    async def step(
        self, step: Step = Step.OPENED, *, key: str = "k1", level: Level = Level.ORANGE, facts: Any = None
    ) -> None:
        """A step of an alert of the street."""
        stored = as_stored(FACTS, in_time=True, visit_in="2026-02-02T01:25:00.000Z", **(facts or {}))
        change = Change(key=key, kind=GAP, step=step, level=level, area="441302010", at=self.now(), facts=stored)
        await AlertStore(self.pool).apply([change])

    async def after(self, minute: float) -> list[tuple[str, str]]:
        """Let the outbox work at a minute until nothing is due; the delivery log as (key, state)."""
        self.minute = minute
        while await self.outbox.step():
            pass
        rows = await self.conn.fetch("SELECT key, state FROM deliveries ORDER BY id")
        return [tuple(row) for row in rows]
