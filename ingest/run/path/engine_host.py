"""The only owner of the engine: advances it, knows when it is broken, and rebuilds it from the store."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from ingest.run import loaded_city, metrics
from ingest.run.loaded_city import LoadedCity
from ingest.run.path.attempt import Attempt
from ingest.store import world_version
from runtime import db
from tracking.geometry.lookup import CityGrid
from tracking.presence import suspects
from tracking.presence.stays import Changes, Window
from tracking.records.reasons import Cause
from tracking.store.city.city import City
from tracking.store.presence import run_store, suspect_store
from tracking.store.presence.projection import Stretch
from tracking.store.tracks import window_store

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class EngineHost:
    """Owns the engine and its cells. Call `load` first.

    Args:
        units: units whose devices it handles; None: all.
    """

    units: Sequence[str] | None
    broken: bool = False
    """The engine may be ahead of the store, or halfway through a step: it must be rebuilt."""
    _city: LoadedCity | None = field(default=None)

    @property
    def grid(self) -> CityGrid:
        """The cells of all divisions."""
        return self._loaded.atlas.grid

    @property
    def city(self) -> City:
        """The present city."""
        return self._loaded.city

    @property
    def judged_by(self) -> str:
        """Version of everything that stays are judged by."""
        return self._loaded.judged_by

    @property
    def version(self) -> str:
        """Version of the cells and plans."""
        return self._loaded.version

    @property
    def _loaded(self) -> LoadedCity:
        assert self._city is not None  # noqa: S101 - `load` comes first
        return self._city

    def break_off(self) -> None:
        """Mark the engine as possibly ahead of the store."""
        self.broken = True

    def fail(self, attempt: Attempt) -> None:
        """Leave the stays of a batch to the back-fill, since the engine or storing its result failed."""
        attempt.failed = self.broken = True
        metrics.BROKEN.inc()

    def advance(self, attempt: Attempt) -> bool:
        """Advance the engine by the new fixes of a batch; returns whether it did. Repeating a batch has no effect."""
        attempt.late_logged = self._loaded.engine.log(
            [event for event in attempt.logged() if event.device not in attempt.batch.misrouted]
        )
        if attempt.advance is not None or attempt.failed or not len(attempt.served):
            return False
        try:
            attempt.advance = self._loaded.engine.advance(suspects.marked(attempt.served, self._loaded.suspects))
        except Exception:  # whatever fails in the engine, the fixes must be stored
            log.exception("the engine failed", batch=attempt.number, fixes=len(attempt.served))
            self.fail(attempt)
            return False
        return True

    def recompute(self, part: Stretch, reason: str) -> Changes:
        """Recompute a stretch of a device; may run in a thread while nothing else uses the engine."""
        return self._loaded.engine.recompute(part.device, part.fixes, part.stored, reason, logged=part.logged)

    def settle(self, now: int) -> Changes:
        """End the stays of devices that fell silent."""
        return self._loaded.engine.settle(now)

    def let_go(self, device: int, last_t: int) -> None:
        """Drop the run of a device: the back-fill handles its next fixes."""
        self._loaded.engine.know(device, last_t)

    async def load(self, conn: db.Connection, now: int) -> None:
        """Read the city and build an engine with the state of the store."""
        self._city = await loaded_city.load(conn, self.units, now)

    async def reload(self, conn: db.Connection, now: int) -> None:
        """Rebuild the engine from the store."""
        # Set first, so that a cancellation in between is handled at the next check.
        self.broken = False
        await self.read_suspects(conn, now)
        await self.load(conn, now)
        await self.wake(conn, now)

    async def outdated(self, conn: db.Connection, now: int) -> bool:
        """Whether the cells or plans have changed."""
        return now >= self._loaded.until or await world_version.current(conn) != self._loaded.version

    async def read_suspects(self, conn: db.Connection, now: int) -> int:
        """Read new and removed suspect intervals, and recompute their stretches. Returns their number.

        The task that found them left windows, too; but live fixes until now were judged without them.
        """
        read = await suspect_store.current(conn, self.units)
        spans = [(device, span) for device, of in suspects.changed(self._loaded.suspects, read).items() for span in of]
        await window_store.insert(conn, [suspect_store.window(device, span, now) for device, span in spans])
        self._loaded.suspects = read
        return len(spans)

    async def serve(self, conn: db.Connection, units: Sequence[str], now: int) -> None:
        """Handle the devices of these units from now on; `pass_on` is called for devices that come or go."""
        self.units = units
        await self.read_suspects(conn, now)

    async def pass_on(self, conn: db.Connection, devices: Sequence[int], now: int) -> int:
        """Take over devices from another engine, or release them: their state in memory is no longer valid.

        Their new owner finds windows of the open runs; returns their number.
        """
        await loaded_city.set_stored_until(conn, self._loaded.engine, devices)
        return await _wake(conn, None, devices, now)

    async def wake(self, conn: db.Connection, now: int) -> int:
        """Create windows for open runs, so that the back-fill loads them into memory; returns their number.

        Without them a stay that was unreported when the last worker stopped would never be reported, and an open one
        would never end.
        """
        return await _wake(conn, self.units, None, now)


async def _wake(conn: db.Connection, units: Sequence[str] | None, devices: Sequence[int] | None, now: int) -> int:
    going_on = await run_store.going_on(conn, units, devices)
    ends = [Window(device=device, t_lo=last, t_hi=last, received=now, cause=Cause.RESTART) for device, last in going_on]
    await window_store.insert(conn, ends)
    return len(ends)
