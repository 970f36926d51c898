"""What a worker holds in memory of the store: the devices, the cells and the engine; all of it can be read again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray

from runtime import db
from tracking.city import enrolment
from tracking.presence import doubts
from tracking.presence.doubts import Span
from tracking.presence.engine import Engine
from tracking.presence.reasons import Cause
from tracking.presence.stays import Window
from tracking.store.city import atlas, city, division_store, grid_store, judging
from tracking.store.city.atlas import Atlas
from tracking.store.presence import doubt_store, run_store
from tracking.store.records import lane
from tracking.store.tracks import device_store, event_store, fix_store, window_store

log = structlog.get_logger(__name__)

_NAMED = 10
"""So many of the devices enrolled together are named in the log."""

# A version of a plan that begins later is in memory before: only what was appended or ended since counts.
_VERSION = """
SELECT concat_ws('/', coalesce((SELECT value FROM meta WHERE key = $1), '0'),
                      coalesce((SELECT value FROM meta WHERE key = $2), '0'),
                      (SELECT concat_ws('-', count(*), max(id), count(valid_to))
                       FROM rule_versions WHERE kind = 'plan'),
                      (SELECT md5(string_agg(concat(code, ' ', area), ';' ORDER BY code)) FROM units WHERE area <> ''))
"""


@dataclass(slots=True)
class DeviceBook:
    """Enrolled devices by name. `auto_enrol` takes in a device when it is first heard."""

    auto_enrol: bool
    by_name: dict[str, enrolment.Device] = field(default_factory=dict)
    _version: str = ""
    _units: dict[str, int] = field(default_factory=dict)
    """Code of each unit that a device was of → its index."""
    _unit: NDArray[np.int32] = field(default_factory=lambda: np.full(1, -1, np.int32))
    """Index of the unit by number of the device, -1 unknown: the store gives the numbers out in order."""

    async def refresh(self, conn: db.Connection) -> list[int]:
        """Read all of them again if someone changed a unit or a datum. Returns those whose unit changed."""
        version = await device_store.version(conn)
        if version == self._version:
            return []
        self._version = version
        before, self.by_name = self.by_name, {each.name: each for each in await device_store.all_devices(conn)}
        self._note_units(self.by_name.values())
        return [each.id for name, each in self.by_name.items() if name in before and before[name].unit != each.unit]

    def of(self, units: Collection[str]) -> list[int]:
        """Devices of some units."""
        return [device.id for device in self.by_name.values() if device.unit in units]

    def units_of(self, device: NDArray[np.int32]) -> tuple[NDArray[np.int32], Sequence[str]]:
        """Index of the unit of each device, all of them known, among the units' codes."""
        return self._unit[device], list(self._units)

    def _note_units(self, devices: Collection[enrolment.Device]) -> None:
        most = max((device.id for device in devices), default=0)
        if most >= len(self._unit):
            self._unit = np.append(self._unit, np.full(most + 1, -1, np.int32))
        for device in devices:
            self._unit[device.id] = self._units.setdefault(device.unit, len(self._units))

    async def prepare(self, conn: db.Connection, units: dict[str, str]) -> int | None:
        """Look up, and enrol where that is allowed, the names not known yet; returns the lane's head if it moved.

        A transaction of its own, before the batch's: the engine must never see a number that is rolled back.
        """
        missing = {name: unit for name, unit in units.items() if name not in self.by_name}
        if not missing:
            return None
        async with conn.transaction():
            told = await device_store.enrol(conn, missing) if self.auto_enrol else []
            found = await device_store.named(conn, list(missing))
            head = await lane.append(conn, told)
        self.by_name |= {device.name: device for device in found}
        self._note_units(found)
        # In one line: a line for each of a fleet that is new would hold up its first fixes.
        if told:
            log.info("devices enrolled", devices=len(told), first=[body["id"] for _, body in told[:_NAMED]])
        return head


@dataclass(slots=True)
class World:
    """Cells and engine as of one version of the grid."""

    city: city.City
    """As it is until `until`."""
    atlas: Atlas
    engine: Engine
    version: str
    judged_by: str
    """Version of all by which stays are judged (`tracking.store.city.judging`)."""
    until: int
    """When the next division comes into force, ms."""
    doubts: dict[int, list[Span]] = field(default_factory=dict)
    """Stretches of devices' time whose places are not believed."""

    def fresh_engine(self) -> Engine:
        """An engine by the same cells and rules that knows of no device."""
        return Engine(self.atlas.grid, self.atlas.rules)


async def load(conn: db.Connection, units: Sequence[str] | None = None, now: int | None = None) -> World:
    """Read the city and make an engine that knows how far the store goes for each device; no run is in memory yet.

    Args:
        conn: a connection.
        units: of whose devices doubts are read; None: of all.
        now: ms; None: by the database's clock.
    """
    now = db.millis(await conn.fetchval("SELECT now()")) if now is None else now
    async with conn.transaction(isolation="repeatable_read"):
        version, judged_by = await grid_version(conn), await judging.version(conn)
        loaded, known = await city.load(conn, now), await atlas.load(conn)
        until = await division_store.next_start(conn, now)
    await grid_store.areas_now(conn, now)
    engine = Engine(known.grid, known.rules)
    await _know(conn, engine, None)
    doubted = await doubt_store.current(conn, units)
    return World(
        city=loaded, atlas=known, engine=engine, version=version, judged_by=judged_by, until=until, doubts=doubted
    )


async def doubt(conn: db.Connection, held: World, units: Sequence[str] | None, now: int) -> int:
    """Take in which doubts came or went since they were read; their stretches are computed again. Returns how many.

    Who found them left windows, too; but until now live fixes were judged without them.
    """
    read = await doubt_store.current(conn, units)
    spans = [(device, span) for device, of in doubts.changed(held.doubts, read).items() for span in of]
    await window_store.insert(conn, [doubt_store.window(device, span, now) for device, span in spans])
    held.doubts = read
    return len(spans)


async def grid_version(conn: db.Connection) -> str:
    """Return what changes with every import of a grid, and with every plan, by which visits are judged."""
    return str(await conn.fetchval(_VERSION, grid_store.VERSION_KEY, judging.VERSION_KEY))


async def _know(conn: db.Connection, engine: Engine, devices: Sequence[int] | None) -> None:
    for newest in (await fix_store.newest(conn, devices), await event_store.newest(conn, devices)):
        for device, last_t in newest.items():
            engine.know(device, last_t)


async def pass_on(conn: db.Connection, held: World, devices: Sequence[int], now: int) -> int:
    """Take devices over from another engine, or let go of them: what this one has in memory of them is no more true.

    Whose they are now finds windows of the runs that go on; how many.
    """
    await _know(conn, held.engine, devices)
    return await wake(conn, None, now, devices)


async def wake(conn: db.Connection, units: Sequence[str] | None, now: int, devices: Sequence[int] | None = None) -> int:
    """Make windows of the runs that nothing has ended yet, so that the back-fill takes them into memory; how many.

    Without it a stay that was not told when the last worker stopped would never be, nor would an open one end.
    Of devices of `units` (None: of all), with `devices` of those only.
    """
    going_on = await run_store.going_on(conn, units, devices)
    ends = [Window(device=device, t_lo=last, t_hi=last, received=now, cause=Cause.RESTART) for device, last in going_on]
    await window_store.insert(conn, ends)
    return len(ends)
