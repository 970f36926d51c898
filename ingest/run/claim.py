"""The claim on units: one engine at a time handles a device.

Two engines that each see a part of the fixes of a device would both be wrong. A claim is an advisory lock of a separate
session, so it ends with its process. A second worker waits, and takes over when the first one ends.
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
    """Try to claim `units` (None: all) for the session of `conn`, all or none."""
    # All units: nobody else may hold any. Some: nobody else may hold all, or any of these.
    taken = await locks.acquire(conn, _SPACE, _ALL, shared=units is not None)
    for unit in sorted(set(units or ())):
        taken = taken and await locks.acquire(conn, _SPACE, unit)
    if not taken:
        await release(conn)
    return taken


async def release(conn: db.Connection) -> None:
    """Release a claim of `take`."""
    await locks.release_all(conn)


async def take_one(conn: db.Connection, unit: str) -> bool:
    """Try to claim a further unit for the session of `conn`."""
    if not await locks.acquire(conn, _SPACE, _ALL, shared=True):
        return False
    if await locks.acquire(conn, _SPACE, unit):
        return True
    await locks.release(conn, _SPACE, _ALL, shared=True)
    return False


async def give_up(conn: db.Connection, unit: str) -> None:
    """Release a claim of `take_one`."""
    await locks.release(conn, _SPACE, unit)
    await locks.release(conn, _SPACE, _ALL, shared=True)


@dataclass(slots=True)
class Claim:
    """Holds a claim while the process lives, and takes it again after a loss of the database.

    Args:
        database_url: address of the database.
        serving: units; "+" is all.
        lost: called when it is lost, and another worker may take over.
        every_s: pause between two attempts.
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
        """Hold the claim until cancelled."""
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
