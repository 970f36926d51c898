"""The claim on units: one engine at a time moves the stays of a device, whoever else starts beside it.

Two engines that each see a part of a device's fixes would both be wrong. A claim is an advisory lock of a session of
its own, so it ends with its process. Who comes second waits, and takes over when the first is gone.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog

from ingest.run import metrics, surviving
from runtime import db, locks, sockets
from runtime.every import every

log = structlog.get_logger(__name__)

_SPACE = "patrol.units"
_ALL = "*"


async def take(conn: db.Connection, units: Sequence[str] | None) -> bool:
    """Try to take the claim on `units` (None: all) for the session of `conn`; all of them or none."""
    # All units: nobody may hold any. Some: nobody may hold all, nor any of these.
    taken = await locks.acquire(conn, _SPACE, _ALL, shared=units is not None)
    for unit in sorted(set(units or ())):
        taken = taken and await locks.acquire(conn, _SPACE, unit)
    if not taken:
        await release(conn)
    return taken


async def release(conn: db.Connection) -> None:
    """Give up what `take` took."""
    await locks.release_all(conn)


async def take_one(conn: db.Connection, unit: str) -> bool:
    """Try to take the claim on a unit that the session of `conn` does not hold, beside those that it holds."""
    if not await locks.acquire(conn, _SPACE, _ALL, shared=True):
        return False
    if await locks.acquire(conn, _SPACE, unit):
        return True
    await locks.release(conn, _SPACE, _ALL, shared=True)
    return False


async def give_up(conn: db.Connection, unit: str) -> None:
    """Give up what `take_one` took."""
    await locks.release(conn, _SPACE, unit)
    await locks.release(conn, _SPACE, _ALL, shared=True)


@dataclass(slots=True)
class Claim:
    """Keeps a claim for as long as the process lives; takes it again when the database was away.

    Args:
        database_url: where.
        serving: units; "+" is all.
        lost: called when it is lost: another may move the engine now.
        every_s: between two tries.
    """

    database_url: str
    serving: Sequence[str]
    lost: Callable[[], None]
    every_s: float = 1.0
    _held: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Return when the claim is held."""
        await self._held.wait()

    async def settled(self) -> None:
        """Return when the claim is held: its units are known from the start."""
        await self.wait()

    async def run(self) -> None:
        """Hold it, again and again, until cancelled."""
        survive = surviving.of_database("claim", "the claim on the units waits for the database")
        await every(self.every_s, self._hold, survive=survive)

    async def _hold(self) -> None:
        gone = asyncio.Event()
        conn = await asyncpg.connect(self.database_url, timeout=10, server_settings=sockets.SERVER_SETTINGS)
        await sockets.watch_database(conn)
        try:
            conn.add_termination_listener(lambda _conn: gone.set())
            waited, units = False, None if "+" in self.serving else self.serving
            while not await take(conn, units):
                if not waited:
                    log.warning("another worker serves these units; standing by until it is gone", units=units)
                waited = True
                await asyncio.sleep(self.every_s)
            self._held.set()
            metrics.CLAIMED.set(1)
            await gone.wait()
        finally:
            if self._held.is_set():
                self._held.clear()
                metrics.CLAIMED.set(0)
                self.lost()
            conn.terminate()
