"""One transaction: what devices said first, then what follows from it, the lane last. Stop 5 of the path."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray

from alerts.store import replies
from ingest.decoding.batch import Batch, SaidEvent
from ingest.run import metrics
from ingest.run.world import World
from runtime import db, retry
from schemas import wire
from tracking.city.people import Sign
from tracking.presence import doubts, plausibility
from tracking.presence.engine import Advance
from tracking.presence.fixes import ABSENT, Bool, FixColumns
from tracking.presence.points import Logged
from tracking.presence.reasons import Cause
from tracking.presence.stays import Window
from tracking.quality.review import SETTLE_MS
from tracking.records.parties import NOTHING, Pseudonyms
from tracking.store.city import judging, people_store
from tracking.store.presence import projection, run_store, sighting_store
from tracking.store.records import lane
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


@dataclass(slots=True)
class Attempt:
    """A batch on its way into the database. It outlives failed transactions: the engine goes forward once only."""

    batch: Batch
    number: int
    new: FixColumns | None = None
    """Its fixes that were not stored before."""
    advance: Advance | None = None
    failed: bool = False
    """The engine or the storing of its answer failed: the stays are left to the back-fill."""
    transaction: str | None = None
    """Number of the transaction whose commit was tried."""
    head: int | None = None
    """Highest number given in the lane."""
    events: int = 0
    new_events: list[SaidEvent] = field(default_factory=list)
    """Its events that were not stored before."""
    late_events: int = 0
    """Of them, those that may belong to stays that were told."""
    replies: int = 0
    """Answers that were new and belong to a command of their device."""


@dataclass(slots=True)
class Writer:
    """Writes batches.

    Args:
        world: cells and engine.
        seen: is given the new fixes and their cells, before the commit.
        copy: False for databases that cannot take COPY.
        pseudonyms: what is stored of parties.
    """

    world: World
    seen: Callable[[FixColumns, NDArray[np.int32]], None]
    copy: bool = True
    pseudonyms: Pseudonyms = NOTHING
    broken: bool = False
    """The engine failed in the middle of a step: it must be made again from the store."""

    def break_off(self) -> None:
        """Say that the engine may be ahead of the store."""
        self.broken = True

    async def write(self, conn: db.Connection, attempt: Attempt, now: int) -> None:
        """Store the batch in one transaction; may be called again after it failed.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: see `retry`; nothing was stored then, unless
                the connection broke at the commit, which the next call finds out.
            judging.OutdatedError: the world must be read again; nothing was stored.
        """
        if await _committed(conn, attempt):
            return
        async with conn.transaction():
            await judging.hold(conn, self.world.judged_by)
            items = await self._said(conn, attempt, now)
            await self._logged(conn, attempt)
            items += await self._derived(conn, attempt, now)
            attempt.head = await lane.append(conn, items)
            attempt.transaction = await conn.fetchval("SELECT pg_current_xact_id()::text")

    async def rehearse(self, conn: db.Connection, batch: Batch, now: int) -> None:
        """Do with a batch what every batch needs, and take it back: the engine does not hear of it, nobody else does.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: see `retry`.
        """
        transaction = conn.transaction()
        await transaction.start()
        try:
            items = await self._said(conn, Attempt(batch, 0), now)
            await window_store.insert(conn, windows(batch.fixes))
            await lane.append(conn, [*items, ("rehearsal", {})])
        finally:
            await transaction.rollback()

    async def _said(self, conn: db.Connection, attempt: Attempt, now: int) -> list[lane.Item]:
        """What the devices sent; an error here is the fault of a message."""
        batch = attempt.batch
        stored = await fix_store.insert(conn, batch.fixes, copy=self.copy)
        fresh = batch.fixes.take(stored)
        await hour_store.add(conn, fresh)
        if attempt.new is None:
            attempt.new = fresh
        await refusal_store.insert(conn, batch.refused)
        await _settle(conn, batch, stored, now)
        await self._sighted(conn, batch.ahead, now)
        told = await event_store.insert(conn, [self._placed(event) for event in batch.events], self.pseudonyms)
        attempt.events = len(told)
        ids = {body["id"] for _, body in told}
        attempt.new_events = [event for event in batch.events if event.said.id in ids]
        attempt.replies = await replies.insert(conn, batch.replies)
        await self._signs(conn, attempt.new_events)
        signed_off = [(one.device, one.at) for one in batch.said if one.by_itself and not one.online]
        await run_store.sign_off(conn, signed_off, now)
        return told + await device_store.say(conn, batch.said)

    async def _sighted(self, conn: db.Connection, ahead: FixColumns, now: int) -> None:
        """Note where devices were whose clocks are so far ahead that their fixes are refused."""
        placed = ahead.take(plausibility.eligible(ahead))
        # What they say of the time is wrong: they came when they were there.
        cells = self.world.atlas.grid.locate(placed.lat, placed.lon, placed.received)
        await sighting_store.note(conn, placed, cells, now)

    async def _signs(self, conn: db.Connection, events: list[SaidEvent]) -> None:
        """Bind officers to devices as events say."""
        signs = [sign for event in events if (sign := _sign(event))]
        for badge in await people_store.apply_signs(conn, signs):
            log.warning("sign-in with a badge of nobody: add the officer to the roster", action="sign in", badge=badge)

    async def _logged(self, conn: db.Connection, attempt: Attempt) -> None:
        """Tell the engine what was logged in cells; stays that this may concern are computed again."""
        events = [event for event in attempt.new_events if event_store.counts_as_path(event.said.type)]
        received = {Logged(each.device, each.said.t, each.lat, each.lon): each.received for each in events}
        late = self.world.engine.log([each for each in received if each.device not in attempt.batch.strays])
        attempt.late_events = len(late)
        late += [each for each in received if each.device in attempt.batch.strays]
        await window_store.insert(
            conn,
            [
                Window(device=each.device, t_lo=each.t, t_hi=each.t, received=received[each], cause=Cause.EVENT)
                for each in late
            ],
        )

    async def _derived(self, conn: db.Connection, attempt: Attempt, now: int) -> list[lane.Item]:
        """What follows from the new fixes; an error here is our own fault and must not cost the fixes."""
        if attempt.new is None or not len(attempt.new):
            return []
        theirs = np.isin(attempt.new.device, list(attempt.batch.strays))
        await window_store.insert(conn, windows(attempt.new.take(theirs)))
        new = attempt.new.take(~theirs) if theirs.any() else attempt.new
        if not len(new):
            return []
        self._advance(attempt, new)
        if attempt.advance is not None and not attempt.failed:
            try:
                async with conn.transaction():
                    return await self._projected(conn, new, attempt.advance, now)
            except Exception as error:
                if retry.is_transient(error):
                    raise
                if retry.is_misfit(error):
                    # Not the message's: it must not be refused for the tables that follow from it.
                    raise retry.MisfitError(str(error)) from error
                log.exception("stays could not be stored", batch=attempt.number, fixes=len(new))
                self._fail(attempt)
        await window_store.insert(conn, windows(new, Cause.FAILURE))
        return []

    def _advance(self, attempt: Attempt, new: FixColumns) -> None:
        if attempt.advance is not None or attempt.failed:
            return
        try:
            attempt.advance = self.world.engine.advance(doubts.marked(new, self.world.doubts))
        except Exception:  # whatever the engine stumbles over, the fixes must be stored
            log.exception("the engine failed", batch=attempt.number, fixes=len(new))
            self._fail(attempt)
            return
        self.seen(new, attempt.advance.cell)

    def _fail(self, attempt: Attempt) -> None:
        attempt.failed = self.broken = True
        metrics.BROKEN.inc()

    async def _projected(self, conn: db.Connection, new: FixColumns, advance: Advance, now: int) -> list[lane.Item]:
        items = await projection.apply(conn, advance.changes, now)
        await window_store.insert(conn, windows(new.take(advance.late)))
        await window_store.note(conn, windows(new.take(~advance.late & (new.received - new.t > SETTLE_MS))))
        return items

    def _placed(self, event: SaidEvent) -> event_store.Event:
        at = np.array([event.said.t], dtype=np.int64)
        cell = int(self.world.atlas.grid.locate(np.array([event.lat]), np.array([event.lon]), at)[0])
        return event_store.Event(
            device=event.device,
            received=event.received,
            said=event.said,
            lat=event.lat,
            lon=event.lon,
            cell=cell if cell >= 0 else None,
        )


async def _settle(conn: db.Connection, batch: Batch, stored: Bool, now: int) -> None:
    """Note the numbers that no stored fix shows: of refused fixes, and of those whose key is stored with another."""
    settled = [(each.device.id, each.boot, each.seq) for each in batch.settled]
    again = batch.fixes.take(~stored & (batch.fixes.seq != ABSENT))
    columns = (again.device.tolist(), again.t.tolist(), again.boot.tolist(), again.seq.tolist())
    repeated = [each for each in zip(*columns, strict=True) if each[2] is not None]
    settled += await boot_store.renumbered(conn, repeated)
    await boot_store.note(conn, [(device, boot, seq, seq) for device, boot, seq in settled], now)


def _sign(event: SaidEvent) -> Sign | None:
    if event.said.type == wire.Signal.SIGN_OUT:
        return Sign(device=event.device, t=event.said.t, badge=None)
    if event.said.type == wire.Signal.SIGN_IN and event.said.text:
        return Sign(device=event.device, t=event.said.t, badge=event.said.text.strip())
    return None


def windows(late: FixColumns, cause: Cause = Cause.LATE) -> list[Window]:
    """One window for each device: from its first to its last late fix, with the newest receipt."""
    devices, owner = np.unique(late.device, return_inverse=True)
    lo, hi = np.full(len(devices), np.iinfo(np.int64).max), np.full(len(devices), -1)
    received = np.full(len(devices), -1)
    np.minimum.at(lo, owner, late.t)
    np.maximum.at(hi, owner, late.t)
    np.maximum.at(received, owner, late.received)
    spans = zip(devices.tolist(), lo.tolist(), hi.tolist(), received.tolist(), strict=True)
    return [Window(device=each, t_lo=first, t_hi=last, received=at, cause=cause) for each, first, last, at in spans]


async def _committed(conn: db.Connection, attempt: Attempt) -> bool:
    """Whether the last try was committed after all, though the connection broke before it could say so."""
    if attempt.transaction is None:
        return False
    while True:
        status = await conn.fetchval("SELECT pg_xact_status($1::text::xid8)", attempt.transaction)
        if status != "in progress":
            return bool(status == "committed")
        # The server has not noticed yet that its client is gone; the lock waits for the end of that transaction.
        await conn.execute("SELECT pg_sleep(0.05)")
