"""The one owner of the engine: moves it, knows when it is broken, and makes it again from the store."""

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
    """Holds the engine and the cells that it goes by. `load` comes before all else.

    Args:
        units: of whose devices it moves the stays; None: of all.
    """

    units: Sequence[str] | None
    broken: bool = False
    """The engine may be ahead of the store, or half-way through a step: it must be made again."""
    _city: LoadedCity | None = field(default=None)

    @property
    def grid(self) -> CityGrid:
        """The cells of every time."""
        return self._loaded.atlas.grid

    @property
    def city(self) -> City:
        """The city as it is now."""
        return self._loaded.city

    @property
    def judged_by(self) -> str:
        """Version of all by which stays are judged."""
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
        """Say that the engine may be ahead of the store."""
        self.broken = True

    def fail(self, attempt: Attempt) -> None:
        """Leave the stays of a batch to the back-fill: the engine or the storing of its answer failed."""
        attempt.failed = self.broken = True
        metrics.BROKEN.inc()

    def advance(self, attempt: Attempt) -> bool:
        """Move the engine by what is new in a batch; whether it moved. Repeated for the same batch it does not."""
        attempt.late_logged = self._loaded.engine.log(
            [event for event in attempt.logged() if event.device not in attempt.batch.misrouted]
        )
        if attempt.advance is not None or attempt.failed or not len(attempt.served):
            return False
        try:
            attempt.advance = self._loaded.engine.advance(suspects.marked(attempt.served, self._loaded.suspects))
        except Exception:  # whatever the engine stumbles over, the fixes must be stored
            log.exception("the engine failed", batch=attempt.number, fixes=len(attempt.served))
            self.fail(attempt)
            return False
        return True

    def recompute(self, part: Stretch, reason: str) -> Changes:
        """Compute a stretch of a device again; may run in a thread while nobody else moves the engine."""
        return self._loaded.engine.recompute(part.device, part.fixes, part.stored, reason, logged=part.logged)

    def settle(self, now: int) -> Changes:
        """End the stays of devices that fell silent."""
        return self._loaded.engine.settle(now)

    def let_go(self, device: int, last_t: int) -> None:
        """Forget the run of a device: what comes next is left to the back-fill."""
        self._loaded.engine.know(device, last_t)

    async def load(self, conn: db.Connection, now: int) -> None:
        """Read the city and make an engine that knows how far the store goes."""
        self._city = await loaded_city.load(conn, self.units, now)

    async def reload(self, conn: db.Connection, now: int) -> None:
        """Make the engine again from the store."""
        # First: whoever breaks it off meanwhile is heard at the next look.
        self.broken = False
        await self.read_suspects(conn, now)
        await self.load(conn, now)
        await self.wake(conn, now)

    async def outdated(self, conn: db.Connection, now: int) -> bool:
        """Whether the cells or plans are others now."""
        return now >= self._loaded.until or await world_version.current(conn) != self._loaded.version

    async def read_suspects(self, conn: db.Connection, now: int) -> int:
        """Read which suspect intervals came or went; their stretches are computed again. Returns how many.

        Who found them left windows, too; but until now live fixes were judged without them.
        """
        read = await suspect_store.current(conn, self.units)
        spans = [(device, span) for device, of in suspects.changed(self._loaded.suspects, read).items() for span in of]
        await window_store.insert(conn, [suspect_store.window(device, span, now) for device, span in spans])
        self._loaded.suspects = read
        return len(spans)

    async def serve(self, conn: db.Connection, units: Sequence[str], now: int) -> None:
        """Move the stays of the devices of these units from now on; `pass_on` tells of the devices that come or go."""
        self.units = units
        await self.read_suspects(conn, now)

    async def pass_on(self, conn: db.Connection, devices: Sequence[int], now: int) -> int:
        """Take devices over from another engine, or let go of them: what is in memory of them is no more true.

        Whose they are now finds windows of the runs that go on; how many.
        """
        await loaded_city.know(conn, self._loaded.engine, devices)
        return await _wake(conn, None, devices, now)

    async def wake(self, conn: db.Connection, now: int) -> int:
        """Make windows of the runs that nothing has ended yet, so that the back-fill takes them into memory; how many.

        Without it a stay that was not told when the last worker stopped would never be, nor would an open one end.
        """
        return await _wake(conn, self.units, None, now)


async def _wake(conn: db.Connection, units: Sequence[str] | None, devices: Sequence[int] | None, now: int) -> int:
    going_on = await run_store.going_on(conn, units, devices)
    ends = [Window(device=device, t_lo=last, t_hi=last, received=now, cause=Cause.RESTART) for device, last in going_on]
    await window_store.insert(conn, ends)
    return len(ends)
