"""The cells and engine of one version of the city; all of it can be read again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.store import world_version
from runtime import db
from tracking.presence.engine import Engine
from tracking.presence.suspects import Span
from tracking.store.city import atlas, city, division_store, grid_store, judging
from tracking.store.city.atlas import Atlas
from tracking.store.presence import suspect_store
from tracking.store.tracks import event_store, fix_store


@dataclass(slots=True)
class LoadedCity:
    """Cells and engine as of one version of the grid."""

    city: city.City
    """The city until `until`."""
    atlas: Atlas
    engine: Engine
    version: str
    judged_by: str
    """Version of everything that stays are judged by (`tracking.store.city.judging`)."""
    until: int
    """Start of the next division, ms."""
    suspects: dict[int, list[Span]] = field(default_factory=dict)
    """Suspect intervals of devices."""

    def fresh_engine(self) -> Engine:
        """A new engine with the same cells and rules."""
        return Engine(self.atlas.grid, self.atlas.rules)


async def load(conn: db.Connection, units: Sequence[str] | None = None, now: int | None = None) -> LoadedCity:
    """Read the city and build an engine with the newest stored time of each device; no run is in memory yet.

    Args:
        conn: a connection.
        units: units whose suspect intervals are read; None: all.
        now: ms; None: clock of the database.
    """
    now = await world_version.now(conn) if now is None else now
    async with conn.transaction(isolation="repeatable_read"):
        version, judged_by = await world_version.current(conn), await judging.version(conn)
        loaded, known = await city.load(conn, now), await atlas.load(conn)
        until = await division_store.next_start(conn, now)
    await grid_store.areas_now(conn, now)
    engine = Engine(known.grid, known.rules)
    await set_stored_until(conn, engine, None)
    suspect = await suspect_store.current(conn, units)
    return LoadedCity(
        city=loaded, atlas=known, engine=engine, version=version, judged_by=judged_by, until=until, suspects=suspect
    )


async def set_stored_until(conn: db.Connection, engine: Engine, devices: Sequence[int] | None) -> None:
    """Give an engine the newest stored times of some devices, None: all."""
    for newest in (await fix_store.newest(conn, devices), await event_store.newest(conn, devices)):
        for device, last_t in newest.items():
            engine.know(device, last_t)
