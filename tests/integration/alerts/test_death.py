"""A worker that dies at one statement after another: no step of an alert is lost, none is told under two ids."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from alerts.coverage import learning
from alerts.notify.message import OutgoingMessage
from alerts.run import training, watch
from alerts.run.notify import kinds
from alerts.run.notify.outbox import ChannelKind, Outbox
from alerts.run.timers import AlertTimers
from alerts.store.notify import channels
from runtime import db
from schemas import alerting
from tests.integration.alerts.conftest import Town, at
from tests.integration.alerts.office import SECRET
from tests.support.sink import Sink
from tracking.store.city import city

MOMENTS = (107, 118, 131, 138)
"""Minutes at which the alert opens, escalates, is raised, and is resolved by a visit."""
STRIDE = 5
"""Statements from one death to the next."""


class DeathError(ConnectionError):
    """The process is gone."""


@dataclass(slots=True)
class Fate:
    """When a process dies: before its statement of this number is sent, or after it was done but not answered."""

    statement: int
    answered: bool
    dead: bool = False

    async def meet(self, conn: asyncpg.Connection, call: Callable[[], Awaitable[Any]]) -> Any:
        """Do a statement, or die."""
        if self.dead:
            raise DeathError
        self.statement -= 1
        if self.statement:
            return await call()
        self.dead = True
        if self.answered:
            await call()
        conn.terminate()
        raise DeathError


class Mortal(asyncpg.Connection):
    """A connection of a process that dies."""

    fate: Fate

    async def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Do a statement."""
        return await Mortal.fate.meet(self, lambda: asyncpg.Connection.execute(self, *args, **kwargs))

    async def executemany(self, *args: Any, **kwargs: Any) -> Any:
        """Do several."""
        return await Mortal.fate.meet(self, lambda: asyncpg.Connection.executemany(self, *args, **kwargs))

    async def fetch(self, *args: Any, **kwargs: Any) -> Any:
        """Ask."""
        return await Mortal.fate.meet(self, lambda: asyncpg.Connection.fetch(self, *args, **kwargs))

    async def fetchrow(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for a row."""
        return await Mortal.fate.meet(self, lambda: asyncpg.Connection.fetchrow(self, *args, **kwargs))

    async def fetchval(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for a value."""
        return await Mortal.fate.meet(self, lambda: asyncpg.Connection.fetchval(self, *args, **kwargs))


@dataclass(slots=True)
class Service:
    """A service that cannot tell a message that comes again."""

    told: Counter[tuple[int, int]]
    """Alert and step, how often each was told."""

    async def __call__(self, target: Mapping[str, Any], message: OutgoingMessage) -> None:  # noqa: ARG002 - a Sender
        """Take a message."""
        self.told.update((notice.alert["id"], notice.n) for notice in message.notices)


@dataclass(slots=True)
class Process:
    """What a worker does, again and again: looks, keeps the timers, sends."""

    url: str
    service: Service
    lives: int = 0

    async def live(self, minute: float, fate: Fate) -> bool:
        """Do everything once at a minute; tell whether it came to its end."""
        Mortal.fate, self.lives = fate, self.lives + 1
        pool = await asyncpg.create_pool(self.url, min_size=0, max_size=4, connection_class=Mortal)
        try:
            await self._work(pool, minute)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            assert fate.dead
        finally:
            pool.terminate()
        return not fate.dead

    async def _work(self, pool: db.Pool, minute: float) -> None:
        # What a dead process was sending is free after a minute.
        later = self.lives * 2
        async with pool.acquire() as conn:
            await watch.Watcher(pool, now=lambda: at(minute)).look_once(conn)
        await AlertTimers(pool, now=lambda: at(minute)).look_once()
        known = dict(kinds.make(pool, allow="127.0.0.0/8", services="", now=lambda: at(minute + later)))
        known["apprise"] = ChannelKind(send=self.service, repeatable=False, lease_ms=60_000)
        outbox = Outbox(pool, known, now=lambda: at(minute + later))
        while await outbox.step():
            pass


async def _channels(conn: db.Connection, sink: Sink) -> None:
    kind: Any
    for kind in ("webhook", "apprise"):
        given = alerting.ChannelGiven(name="钩子", kind=kind, url="https://x.example/")
        target = {"url": sink.url, "secret": SECRET}
        await channels.add(conn, given, target, account=None, by="admin", at=at(0))


async def test_a_worker_may_die_at_any_statement(
    database_url: str, conn: db.Connection, town: Town, sink: Sink
) -> None:
    """It dies at an early statement, then at later and later ones, until it lives long enough to do all that is due."""
    await conn.execute("UPDATE rule_versions SET body = body - 'limits' WHERE scope = 'class:business'")
    await _channels(conn, sink)
    await town.visit(0, 10)
    await town.visit(1, 400, number=2)
    where = await city.load(conn)
    await training.learn(conn, where, learning.signature(where), at(300))
    process = Process(database_url, Service(Counter()))
    for number, minute in enumerate(MOMENTS):
        await town.heard(minute)
        if minute == MOMENTS[-1]:
            await town.visit(135, 138, going_on=True)
        # Not the same statements at each moment, now before and now after they are done.
        statement = number + 1
        while not await process.live(minute, Fate(statement, answered=process.lives % 2 == 1)):
            statement += STRIDE
        # Whatever was being sent when a process died is settled by one that lives.
        assert await process.live(minute, Fate(1_000_000, answered=False))
    steps = await conn.fetch("SELECT alert, n, step FROM alert_steps ORDER BY alert, n")
    assert [row["step"] for row in steps] == ["opened", "escalated", "raised", "resolved"]
    assert process.lives > 2 * len(MOMENTS) + 20
    told: dict[tuple[int, int], set[str]] = defaultdict(set)
    for body in sink.bodies():
        for notice in body["notices"]:
            told[notice["alert"]["id"], notice["n"]].add(body["id"])
    assert {pair: len(ids) for pair, ids in told.items()} == {(row["alert"], row["n"]): 1 for row in steps}
    assert set(process.service.told.values()) == {1}
    states = await conn.fetch("SELECT c.kind, d.state FROM deliveries d JOIN channels c ON c.id = d.channel")
    assert {(row["kind"], row["state"]) for row in states} <= {
        ("webhook", "sent"), ("apprise", "sent"), ("apprise", "unsure"),
    }  # fmt: skip
    assert len(states) == 2 * len(steps)
