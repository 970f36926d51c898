"""The cells, and an engine by their rules, as of one version of the city; all of it can be read again."""

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
    """As it is until `until`."""
    atlas: Atlas
    engine: Engine
    version: str
    judged_by: str
    """Version of all by which stays are judged (`tracking.store.city.judging`)."""
    until: int
    """When the next division comes into force, ms."""
    suspects: dict[int, list[Span]] = field(default_factory=dict)
    """Stretches of devices' time whose places are not believed."""

    def fresh_engine(self) -> Engine:
        """An engine by the same cells and rules that knows of no device."""
        return Engine(self.atlas.grid, self.atlas.rules)


async def load(conn: db.Connection, units: Sequence[str] | None = None, now: int | None = None) -> LoadedCity:
    """Read the city and make an engine that knows how far the store goes for each device; no run is in memory yet.

    Args:
        conn: a connection.
        units: of whose devices suspect intervals are read; None: of all.
        now: ms; None: by the database's clock.
    """
    now = await world_version.now(conn) if now is None else now
    async with conn.transaction(isolation="repeatable_read"):
        version, judged_by = await world_version.current(conn), await judging.version(conn)
        loaded, known = await city.load(conn, now), await atlas.load(conn)
        until = await division_store.next_start(conn, now)
    await grid_store.areas_now(conn, now)
    engine = Engine(known.grid, known.rules)
    await know(conn, engine, None)
    suspect = await suspect_store.current(conn, units)
    return LoadedCity(
        city=loaded, atlas=known, engine=engine, version=version, judged_by=judged_by, until=until, suspects=suspect
    )


async def know(conn: db.Connection, engine: Engine, devices: Sequence[int] | None) -> None:
    """Tell an engine how far the store goes for some devices, None: for all."""
    for newest in (await fix_store.newest(conn, devices), await event_store.newest(conn, devices)):
        for device, last_t in newest.items():
            engine.know(device, last_t)
