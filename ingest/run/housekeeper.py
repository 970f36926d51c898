"""Nightly work: retention, and adding old late data to summaries. One of several workers does it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from ingest.run import passes, surviving
from runtime import db
from runtime.every import every
from tracking.store.records import retention_store, settings_store
from tracking.store.tracks import boot_store

log = structlog.get_logger(__name__)

EVERY_S = 300.0
STARTS = timedelta(hours=2, minutes=30)
"""Local time of a night's pass."""


def due(now: datetime, ran: datetime, zone: ZoneInfo) -> bool:
    """Whether the pass of the last night is still due; a missed night is made up at once. Pure."""
    local = now.astimezone(zone)
    night = local.replace(hour=0, minute=0, second=0, microsecond=0) + STARTS
    if local < night:
        night -= timedelta(days=1)
    return ran < night


@dataclass(slots=True)
class Housekeeper:
    """Checks periodically whether nightly work is due.

    Args:
        pool: one connection is held during the work.
        clock: the time, ms.
        media: folder of photographs and recordings; None: none.
        every_s: seconds between two checks.
    """

    pool: db.Pool
    clock: Callable[[], int]
    media: Path | None = None
    every_s: float = EVERY_S

    async def run(self) -> None:
        """Check periodically until cancelled."""
        message = "the night's work failed; the next look tries again"
        survive = surviving.any_error("housekeeper", message, action="retention")
        await every(self.every_s, self._look, survive=survive, first_s=self.every_s)

    async def _look(self) -> None:
        async with self.pool.acquire() as conn:
            await self.look(conn)

    async def look(self, conn: db.Connection) -> bool:
        """Do the nightly work if it is due; False if not, or if another worker does it."""
        now = self.clock()
        zone = await settings_store.time_zone(conn)
        kept = await retention_store.listed(conn)
        ran = min(db.moment(data_class.ran_at) for data_class in kept)
        if not due(db.moment(now), ran, zone):
            return False
        dropped = await passes.Pass(conn, now, media=self.media).run()
        if dropped is None:
            return False
        await passes.refresh_days(conn, now)
        await boot_store.drop(conn, now)
        log.info("the night's work is done", action="retention", rows=sum(dropped.values()))
        return True
