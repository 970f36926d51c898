"""Writes a batch inside the transaction of the pipeline: data from devices, and the results."""

from dataclasses import dataclass

import numpy as np
import structlog

from alerts.store import replies
from ingest.decoding.batch import Batch, DeviceEvent
from ingest.run.path.attempt import Attempt
from runtime import db
from schemas import wire
from tracking.city.people import Sign
from tracking.geometry.lookup import CityGrid
from tracking.presence import plausibility, windows
from tracking.presence.fixes import ABSENT, Bool, FixColumns
from tracking.presence.stays import Window
from tracking.quality.review import SETTLE_MS
from tracking.records.parties import NOTHING, Pseudonyms
from tracking.records.reasons import Cause
from tracking.store.city import people_store
from tracking.store.presence import projection, run_store, sighting_store
from tracking.store.records import event_log
from tracking.store.tracks import (
    boot_store,
    device_store,
    event_store,
    fix_store,
    hour_store,
    refusal_store,
    window_store,
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes batches.

    Args:
        copy: False for databases without COPY.
        pseudonyms: hashes of parties.
    """

    copy: bool = True
    pseudonyms: Pseudonyms = NOTHING

    async def store_said(self, conn: db.Connection, attempt: Attempt, grid: CityGrid, now: int) -> list[event_log.Item]:
        """Store the data from devices; an error here is the fault of a message."""
        batch = attempt.batch
        stored = await fix_store.insert(conn, batch.fixes, copy=self.copy)
        fresh = batch.fixes.take(stored)
        await hour_store.add(conn, fresh)
        attempt.found_new(fresh)
        await refusal_store.insert(conn, batch.refused)
        await _settle(conn, batch, stored, now)
        await _sighted(conn, batch.ahead, grid, now)
        log_items = await event_store.insert(conn, [_placed(event, grid) for event in batch.events], self.pseudonyms)
        attempt.events = len(log_items)
        ids = {body["id"] for _, body in log_items}
        attempt.new_events = [event for event in batch.events if event.content.id in ids]
        attempt.replies = await replies.insert(conn, batch.replies)
        await _signs(conn, attempt.new_events)
        signed_off = [(status.device, status.at) for status in batch.statuses if status.by_itself and not status.online]
        await run_store.sign_off(conn, signed_off, now)
        return log_items + await device_store.store_statuses(conn, batch.statuses)

    async def store_late(self, conn: db.Connection, attempt: Attempt) -> None:
        """Leave windows for what this engine cannot handle: late positions of events, and devices of other workers."""
        late, misrouted = set(attempt.late_logged), attempt.batch.misrouted
        logged = [
            Window(device=event.device, t_lo=event.t, t_hi=event.t, received=received, cause=Cause.EVENT)
            for event, received in attempt.logged().items()
            if event in late or event.device in misrouted
        ]
        await window_store.insert(conn, logged + windows.spanning(attempt.misrouted))

    async def store_advance(self, conn: db.Connection, attempt: Attempt, now: int) -> list[event_log.Item]:
        """Store the result of the engine for the new fixes."""
        advance, new = attempt.advance, attempt.served
        if advance is None:
            return []
        items = await projection.apply(conn, advance.changes, now)
        await window_store.insert(conn, windows.spanning(new.take(advance.late)))
        settled_late = ~advance.late & (new.received - new.t > SETTLE_MS)
        await window_store.note(conn, windows.spanning(new.take(settled_late)))
        return items

    async def leave(self, conn: db.Connection, attempt: Attempt) -> None:
        """Leave the results for the new fixes to the back-fill."""
        await window_store.insert(conn, windows.spanning(attempt.served, Cause.FAILURE))

    async def rehearse(self, conn: db.Connection, batch: Batch, grid: CityGrid, now: int) -> None:
        """Store a batch and roll it back, without the engine or anybody else seeing it.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: see `retry`.
        """
        async with db.trial_transaction(conn, dry_run=True):
            items = await self.store_said(conn, Attempt(batch, 0), grid, now)
            await window_store.insert(conn, windows.spanning(batch.fixes))
            await event_log.append(conn, [*items, ("rehearsal", {})])


async def _settle(conn: db.Connection, batch: Batch, stored: Bool, now: int) -> None:
    """Note numbers without a stored fix: of refused fixes, and of those whose key is stored with another number."""
    settled = [(number.device.id, number.boot, number.seq) for number in batch.settled]
    again = batch.fixes.take(~stored & (batch.fixes.seq != ABSENT))
    columns = (again.device.tolist(), again.t.tolist(), again.boot.tolist(), again.seq.tolist())
    repeated = [row for row in zip(*columns, strict=True) if row[2] is not None]
    settled += await boot_store.renumbered(conn, repeated)
    await boot_store.note(conn, [(device, boot, seq, seq) for device, boot, seq in settled], now)


async def _sighted(conn: db.Connection, ahead: FixColumns, grid: CityGrid, now: int) -> None:
    """Note sightings of devices whose clocks are so far ahead that their fixes are refused."""
    placed = ahead.take(plausibility.eligible(ahead))
    # Their time is wrong: the time of receipt is used instead.
    cells = grid.locate(placed.lat, placed.lon, placed.received)
    await sighting_store.note(conn, placed, cells, now)


def _placed(event: DeviceEvent, grid: CityGrid) -> event_store.StoredEvent:
    at = np.array([event.content.t], dtype=np.int64)
    cell = int(grid.locate(np.array([event.lat]), np.array([event.lon]), at)[0])
    return event_store.StoredEvent(
        device=event.device,
        received=event.received,
        content=event.content,
        lat=event.lat,
        lon=event.lon,
        cell=cell if cell >= 0 else None,
    )


async def _signs(conn: db.Connection, events: list[DeviceEvent]) -> None:
    """Bind officers to devices as events say."""
    signs = [sign for event in events if (sign := _sign(event))]
    for badge in await people_store.apply_signs(conn, signs):
        log.warning("sign-in with a badge of nobody: add the officer to the roster", action="sign in", badge=badge)


def _sign(event: DeviceEvent) -> Sign | None:
    if event.content.type == wire.Signal.SIGN_OUT:
        return Sign(device=event.device, t=event.content.t, badge=None)
    if event.content.type == wire.Signal.SIGN_IN and event.content.text:
        return Sign(device=event.device, t=event.content.t, badge=event.content.text.strip())
    return None
