"""One pass of retention over all classes: first raises the floors, then drops older data table by table."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ingest.run import metrics
from ingest.store import chunks, media, rows, targets
from ingest.store.held import HoldTables
from ingest.store.targets import Target
from runtime import db, locks
from tracking.records import retention
from tracking.records.retention import DAY_MS, DataClass
from tracking.store.records import retention_store
from tracking.store.records.retention_store import ClassRetention
from tracking.store.tracks.media_files import MediaFiles

log = structlog.get_logger(__name__)

Progress = Callable[[DataClass, str, int], None]
"""Called with class, table and dropped rows."""


def _unreported(_cls: DataClass, _table: str, _n: int) -> None:
    """Ignores progress."""


@dataclass(slots=True)
class Pass:
    """Processes all classes, on one worker at a time.

    Args:
        conn: a separate connection.
        now: ms since 1970-01-01 UTC.
        media: folder of photographs and recordings; None: none.
        batch: rows in one transaction.
        report: called with progress.
    """

    conn: db.Connection
    now: int
    media: Path | None = None
    batch: int = rows.BATCH
    report: Progress = field(default=_unreported)

    async def run(self) -> dict[DataClass, int] | None:
        """Drop old data; returns rows by class. None: another pass is running.

        The error of a failed class is stored, and the others are still processed.
        """
        async with locks.leader(self.conn, "patrol.retention") as first:
            if not first:
                return None
            return {kept.cls: await self._class(kept) for kept in await retention_store.listed(self.conn)}

    async def _class(self, kept: ClassRetention) -> int:
        floor = retention.floor(kept.days, self.now, kept.floor)
        dropped, fault = 0, None
        try:
            if floor > kept.floor:
                await retention_store.raise_floor(self.conn, kept.cls, floor)
            async for n in self._drop(kept.cls, retention.dropped_before(floor)):
                dropped += n
        except Exception as error:
            if self.conn.is_closed():
                raise
            fault = f"{type(error).__name__}: {error}"
            metrics.RETENTION_FAILURES.labels(kept.cls.value).inc()
            log.exception("retention failed; the next pass tries again", data=kept.cls.value)
        metrics.RETENTION_DROPPED.labels(kept.cls.value).inc(dropped)
        await retention_store.note_pass(self.conn, kept.cls, self.now, dropped, fault)
        if dropped:
            log.info("old data dropped", data=kept.cls.value, rows=dropped, days=kept.days)
        return dropped

    async def _drop(self, cls: DataClass, before: int) -> AsyncIterator[int]:
        if before == retention.NEVER:
            return
        held, cutoff, now = HoldTables(self.conn), db.moment(before), db.moment(self.now)
        if cls is DataClass.MEDIA and self.media is not None:
            async for n in media.drop(held, MediaFiles(self.media), cutoff, now, batch=self.batch):
                self.report(cls, "media", n)
                yield n
        for target in targets.TARGETS.get(cls, ()):
            async with self.conn.transaction():
                await held.lock(now, whole=True)
            async for n in await self._of_table(held, target, before):
                self.report(cls, target.table, n)
                yield n
        if cls is DataClass.VISITS and await chunks.installed(self.conn):
            await chunks.drop_days(self.conn, cutoff)

    async def _of_table(self, held: HoldTables, target: Target, before: int) -> AsyncIterator[int]:
        cutoff, now = db.moment(before), db.moment(self.now)
        if await chunks.installed(self.conn) and await chunks.is_hypertable(self.conn, target.table):
            return chunks.drop(held, target, cutoff, now)
        return rows.drop(held, target, cutoff, now, batch=self.batch)


async def refresh_days(conn: db.Connection, now: int) -> bool:
    """On TimescaleDB, refresh the days of devices for all late data; False on plain PostgreSQL."""
    if not await chunks.installed(conn):
        return False
    kept = {data_class.cls: data_class for data_class in await retention_store.listed(conn)}[DataClass.FIXES]
    # Whole days only, and none with partly dropped fixes.
    oldest = max(kept.floor, now - (kept.days or 3_650) * DAY_MS)
    oldest += DAY_MS - oldest % DAY_MS
    until = now - now % DAY_MS
    if oldest < until:
        await chunks.refresh_wide(conn, db.moment(oldest), db.moment(until))
    return True


async def would_drop(conn: db.Connection, now: int) -> list[tuple[DataClass, str, int, int]]:
    """Preview of a pass, by table: (class, table, rows to drop, rows held)."""
    counts: list[tuple[DataClass, str, int, int]] = []
    held = HoldTables(conn)
    async with conn.transaction():
        await held.refresh(db.moment(now), whole=True)
        for kept in await retention_store.listed(conn):
            before = retention.dropped_before(retention.floor(kept.days, now, kept.floor))
            if before != retention.NEVER:
                known = targets.TARGETS.get(kept.cls, ())
                counts += [(kept.cls, target.table, *await rows.counted(conn, target, before)) for target in known]
                if kept.cls is DataClass.MEDIA:
                    counts.append((kept.cls, "media", *await media.counted(conn, db.moment(before))))
    return counts
