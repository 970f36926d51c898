"""Sharing of units among workers: takes a part, gives up units for others, and survives their failures.

A unit is claimed by an advisory lock of one session of this process. Before it is given up, its session with the broker
is closed and the engine has released its devices; the broker sends unacknowledged messages to the next worker, which
connects with the same client id.

A worker writes only for TRUST_S after it last saw its session alive, by the monotonic clock. Others end the sessions of
a worker that was silent for STALE_S, which is longer. So two workers never write for one unit, even if a machine stands
still for minutes and then continues.
"""

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from ingest.run import claim, surviving
from ingest.store import share_store
from ingest.units.allotment import allot
from runtime import db, sockets
from runtime.every import every, no_error

log = structlog.get_logger(__name__)

STALE_S = 15.0
TRUST_S = 8.0
EVERY_S = 1.0
_AGAIN_S = 5.0
"""Time to retake the claims after a loss of the database."""
_GOODBYE_S = 1.0


class LostUnitsError(Exception):
    """Another worker has taken units of this one; start over."""


@dataclass(slots=True, kw_only=True)
class Shares:
    """Holds this worker's part of the units.

    Args:
        database_url: address of the database.
        worker: unique name of this worker.
        serve: makes the engine serve exactly these units, returns when it does.
        listen: connects to the broker for a unit.
        disconnect: ends that connection, returns when it is closed.
        broken: called when the claims were lost for a while.
        every_s: interval of heartbeats.
        trust_s: time for which the session is trusted after it was last seen alive.
        stale_s: silence after which a worker is removed; longer than `trust_s`.
    """

    database_url: str
    worker: str
    serve: Callable[[Sequence[str]], Awaitable[None]]
    listen: Callable[[str], None]
    disconnect: Callable[[str], Awaitable[None]]
    broken: Callable[[], None]
    every_s: float = EVERY_S
    trust_s: float = TRUST_S
    stale_s: float = STALE_S
    serving: set[str] = field(default_factory=set)
    """Units that the engine and the connections serve."""
    allotted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once this worker knows its part."""
    _held: set[str] = field(default_factory=set)
    _trusted_until: float = 0.0
    _trusted: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def wait(self) -> None:
        """Return when the claims on the units are verified."""
        while not self._trusted.is_set() or time.monotonic() > self._trusted_until:
            self._trusted.clear()
            await self._trusted.wait()

    async def settled(self) -> None:
        """Return when this worker knows its part."""
        await self.allotted.wait()

    async def run(self) -> None:
        """Share until cancelled.

        Raises:
            LostUnitsError: another worker has taken its units.
        """
        survive = surviving.of_database("units", "the claims on the units wait for the database")
        await every(self.every_s, self._share, survive=survive)

    async def _share(self) -> None:
        conn = await asyncpg.connect(
            self.database_url,
            timeout=10,
            command_timeout=10,
            server_settings={"application_name": share_store.session_name(self.worker), **sockets.SERVER_SETTINGS},
        )
        await sockets.watch_database(conn)
        try:
            await self._take_again(conn)
            # A separate task: a failing group leaves its task marked as cancelled (until Python 3.13), which would end
            # the loop around it.
            await asyncio.create_task(self._hold(conn), name="units")
        except asyncio.CancelledError:
            await self._say_gone(conn)
            raise
        finally:
            self._trusted.clear()
            self._held.clear()
            if self.serving:
                self.broken()
            conn.terminate()

    async def _hold(self, conn: db.Connection) -> None:
        async with asyncio.TaskGroup() as group:
            for name, job in (("units-beat", self._beat), ("units-allot", self._allot)):
                again = every(self.every_s, functools.partial(job, conn), survive=no_error)
                group.create_task(again, name=name)

    async def _say_gone(self, conn: db.Connection) -> None:
        """Announce that the units are free; if this fails, the others detect it."""
        with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with asyncio.timeout(_GOODBYE_S):
                await share_store.say_gone(conn, self.worker)

    async def _take_again(self, conn: db.Connection) -> None:
        """Claim the served units again, which may have been lost with the previous session."""
        await share_store.put_out_former(conn, self.worker)
        until = time.monotonic() + _AGAIN_S
        while missing := self.serving - self._held:
            self._held |= await _take(conn, missing)
            if time.monotonic() > until:
                raise LostUnitsError(", ".join(sorted(self.serving - self._held)))
            if self.serving - self._held:
                await asyncio.sleep(0.1)

    async def _beat(self, conn: db.Connection) -> None:
        """Write the heartbeat; its success renews the trust."""
        async with self._asking:
            asked_at = time.monotonic()
            await share_store.report_units(conn, self.worker, self._held)
        self._trusted_until = asked_at + self.trust_s
        self._trusted.set()

    async def _allot(self, conn: db.Connection) -> None:
        async with self._asking:
            seen = await share_store.read_workers(conn, self.stale_s)
        allotment = allot(
            seen.weights, {*seen.workers, self.worker}, seen.held | dict.fromkeys(self._held, self.worker)
        )
        mine = {unit for unit, worker in allotment.items() if worker == self.worker}
        await self._give_up(conn, self.serving - mine)
        await self._add(conn, mine - self._held)
        self.allotted.set()

    async def _give_up(self, conn: db.Connection, gone: set[str]) -> None:
        if not gone:
            return
        for unit in sorted(gone):
            await self.disconnect(unit)
        await self.serve(sorted(self.serving - gone))
        self.serving -= gone
        self._held -= gone
        async with self._asking:
            for unit in sorted(gone):
                await claim.give_up(conn, unit)
            await share_store.report_units(conn, self.worker, self._held)
        log.info("units given up", action="share", units=sorted(gone))

    async def _add(self, conn: db.Connection, wanted: set[str]) -> None:
        if not wanted:
            return
        async with self._asking:
            taken = await _take(conn, wanted)
            if taken < wanted:
                for name in await share_store.put_out(conn, self.stale_s):
                    log.warning("a worker is silent for too long; its session is ended", action="share", session=name)
            self._held |= taken
        if not taken:
            return
        await self.serve(sorted(self.serving | taken))
        self.serving |= taken
        for unit in sorted(taken):
            self.listen(unit)
        log.info("units taken", action="share", units=sorted(taken))


async def _take(conn: db.Connection, units: Collection[str]) -> set[str]:
    return {unit for unit in sorted(units) if await claim.take_one(conn, unit)}
