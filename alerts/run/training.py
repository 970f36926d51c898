"""Keeps the training from past stays recent, in the background of the watcher."""

import asyncio

import structlog
from prometheus_client import Counter

from alerts.coverage import learning, outlook
from alerts.run.beside import Beside
from alerts.store import learned as store
from runtime import db
from tracking.store.city import city

log = structlog.get_logger(__name__)

FAILURES = Counter("patrol_alert_learning_failures", "Failed attempts to learn from past stays; tried again later.")
RETRY_MS = 300_000


class Trainer:
    """Provides the training of a city.

    Args:
        pool: the database; training uses its own connection.
    """

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool
        self._signature = ""
        self._learned: outlook.Learned | None = None
        self._again_at = 0
        self.training = Beside("alerts.training")

    async def learned(self, conn: db.Connection, where: city.City, now: int) -> outlook.Learned | None:
        """The training at `now` (ms); None: none yet. A due training starts in the background."""
        signature = learning.signature(where)
        if signature != self._signature:
            await self.training.stop()
            self._learned, made_at = await kept(conn, signature)
            self._signature, self._again_at = signature, learning.again_at(self._learned, made_at)
        if now >= self._again_at and not self.training.busy and where.cells:
            await self.training.begin(self._learn(where, now))
        return self._learned

    async def _learn(self, where: city.City, now: int) -> None:
        self._again_at = now + RETRY_MS
        try:
            async with self._pool.acquire() as conn:
                self._learned = await learn(conn, where, self._signature, now)
        except Exception:
            FAILURES.inc()
            log.exception("past stays cannot be learned from now; trying again", action="learn")
        else:
            self._again_at = learning.again_at(self._learned, now)
            log.info("learned from past stays", action="learn", waits=int(self._learned.survival.visits.sum()))


async def kept(conn: db.Connection, signature: str) -> tuple[outlook.Learned | None, int]:
    """The stored training of the grid with this signature, and its time (ms); None if there is none."""
    stored = await store.load(conn, signature)
    return (None, 0) if stored is None else (await asyncio.to_thread(learning.unpack, stored.body), stored.made_at)


async def learn(conn: db.Connection, where: city.City, signature: str, now: int) -> outlook.Learned:
    """Train on the last days, in a thread, and store the result."""
    rows, last = await store.stays(conn, now), await store.last_fixes(conn)
    learned = await asyncio.to_thread(learning.fit, where, rows, last, now)
    await store.save(conn, signature, now, await asyncio.to_thread(learning.pack, learned))
    return learned
