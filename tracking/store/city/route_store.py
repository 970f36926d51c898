"""Roads and checkpoints in the database: imported as a whole, read as the patrol routes of a city."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runtime import db
from tracking.geometry.lookup import CityGrid
from tracking.routes.model import FOR_EVER, PatrolRoutes, VersionedPlaces
from tracking.routes.pieces import Pieces
from tracking.routes.route_file import Checkpoint
from tracking.store.records import meta_store

_VERSION_KEY = "beat_version"
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.beat'))"
_ENDED_PIECES = """
UPDATE road_pieces SET valid_to = now() WHERE valid_to IS NULL AND NOT key = ANY ($1::bytea[]) RETURNING 1
"""
# The first import counts for the time before, too; only later ones are new.
_ADD_PIECES = """
INSERT INTO road_pieces (key, lat, lon, length_m, valid_from)
SELECT *, CASE WHEN EXISTS (SELECT FROM road_pieces) THEN now() ELSE 'epoch'::timestamptz END
FROM unnest($1::bytea[], $2::float8[], $3::float8[], $4::real[])
ON CONFLICT (key) WHERE valid_to IS NULL DO NOTHING RETURNING 1
"""
# A moved checkpoint is a new one: passes of the old place do not count for it.
_ENDED_CHECKPOINTS = """
UPDATE checkpoints c SET valid_to = now() WHERE valid_to IS NULL AND NOT EXISTS (
  SELECT FROM unnest($1::text[], $2::float8[], $3::float8[]) AS n (code, lat, lon)
  WHERE (n.code, n.lat, n.lon) = (c.code, c.lat, c.lon)) RETURNING 1
"""
_ADD_CHECKPOINTS = """
INSERT INTO checkpoints AS c (code, lat, lon, name, valid_from)
SELECT *, CASE WHEN EXISTS (SELECT FROM checkpoints) THEN now() ELSE 'epoch'::timestamptz END
FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[])
ON CONFLICT (code) WHERE valid_to IS NULL DO UPDATE SET name = excluded.name WHERE c.name IS DISTINCT FROM excluded.name
RETURNING 1
"""
_AGAIN = "UPDATE beat_hours SET stale = true WHERE hour > now() - interval '24 h'"
_PIECES = "SELECT id, lat, lon, valid_from, valid_to, length_m FROM road_pieces ORDER BY id"
_CHECKPOINTS = "SELECT id, lat, lon, valid_from, valid_to, code FROM checkpoints ORDER BY id"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteImportResult:
    """Changes by an import."""

    added: int
    """Pieces, or checkpoints that are new, moved or renamed."""
    ended: int
    """No longer in force, since they are not in the file or not at the same place."""


async def import_roads(conn: db.Connection, pieces: Pieces) -> RouteImportResult:
    """Put the roads of a city in force, in one transaction; those that stay keep their pieces."""
    columns = [list(pieces.key), pieces.lat.tolist(), pieces.lon.tolist(), pieces.length_m.tolist()]
    return await _import(conn, (_ENDED_PIECES, columns[:1]), (_ADD_PIECES, columns))


async def import_checkpoints(conn: db.Connection, checkpoints: Sequence[Checkpoint]) -> RouteImportResult:
    """Put the checkpoints of a city in force, in one transaction."""
    columns = [[getattr(checkpoint, name) for checkpoint in checkpoints] for name in ("code", "lat", "lon", "name")]
    return await _import(conn, (_ENDED_CHECKPOINTS, columns[:3]), (_ADD_CHECKPOINTS, columns))


async def _import(
    conn: db.Connection, end: tuple[str, Sequence[Any]], add: tuple[str, Sequence[Any]]
) -> RouteImportResult:
    async with conn.transaction():
        await conn.execute(_LOCK)
        ended = len(await conn.fetch(end[0], *end[1]))
        added = len(await conn.fetch(add[0], *add[1]))
        if added or ended:
            await meta_store.count(conn, _VERSION_KEY)
            await conn.execute(_AGAIN)
    return RouteImportResult(added=added, ended=ended)


async def version(conn: db.Connection) -> str | None:
    """Version that changes with every import; None: there was none."""
    return await meta_store.get(conn, _VERSION_KEY)


async def load(conn: db.Connection, grid: CityGrid) -> PatrolRoutes:
    """Read the patrol routes of a city over its cells, including those no longer in force."""
    pieces, checkpoints = await conn.fetch(_PIECES), await conn.fetch(_CHECKPOINTS)
    return await asyncio.to_thread(
        lambda: PatrolRoutes(
            grid,
            pieces=_stored(pieces),
            length_m=np.array([row["length_m"] for row in pieces], dtype=np.float64),
            checkpoints=_stored(checkpoints),
            codes=tuple(row["code"] for row in checkpoints),
        )
    )


@dataclass(slots=True)
class RouteCache:
    """The patrol routes in memory, read again when roads, checkpoints or cells have changed."""

    _known: tuple[str | None, PatrolRoutes] | None = field(default=None)

    async def of(self, conn: db.Connection, grid: CityGrid) -> PatrolRoutes:
        """The present patrol routes over these cells."""
        now = await version(conn)
        if self._known is None or self._known[0] != now or self._known[1].grid is not grid:
            self._known = now, await load(conn, grid)
        return self._known[1]


def _stored(rows: Sequence[Any]) -> VersionedPlaces:
    def column(name: str, dtype: type) -> Any:
        return np.array([row[name] for row in rows], dtype=dtype)

    return VersionedPlaces(
        id=column("id", np.int64),
        lat=column("lat", np.float64),
        lon=column("lon", np.float64),
        valid_from=np.array([db.millis(row["valid_from"]) for row in rows], dtype=np.int64),
        valid_to=np.array(
            [FOR_EVER if row["valid_to"] is None else db.millis(row["valid_to"]) for row in rows], dtype=np.int64
        ),
    )
