"""Distances along the streets in the database: computed from roads and cells in force, read by cell."""

import numpy as np

from runtime import db
from tracking.geometry import inside, streets
from tracking.geometry.lookup import CityGrid
from tracking.geometry.streets import SQUARES, Squares, StreetWays
from tracking.presence.fixes import Float
from tracking.store.records import meta_store

_KEY = "ways_version"
_WANTED = """
SELECT (SELECT value FROM meta WHERE key = 'beat_version')
       || '/' || (SELECT string_agg(id::text, ' ' ORDER BY id) FROM divisions
                  WHERE valid_from <= now() AND (valid_to IS NULL OR valid_to > now()))
WHERE EXISTS (SELECT FROM road_pieces WHERE valid_to IS NULL)
"""
_PIECES = "SELECT lat, lon FROM road_pieces WHERE valid_to IS NULL ORDER BY id"
_ADD = """
INSERT INTO cell_ways SELECT * FROM unnest($1::int[], $2::float8[], $3::float8[], $4::bytea[])
"""
_READ = "SELECT cell, squares FROM cell_ways WHERE cell = ANY ($1)"
_ONE = "SELECT lat, lon, squares FROM cell_ways WHERE cell = $1"
_AT_ONCE = 500
"""Cells stored in one statement."""


async def wanted(conn: db.Connection) -> str | None:
    """Key of the roads and cells that the distances must belong to; None: no road is known."""
    version: str | None = await conn.fetchval(_WANTED)
    return version


async def load(conn: db.Connection, grid: CityGrid) -> StreetWays | None:
    """Read the distances to the cells of a city; None: there are none, or they belong to other roads or cells."""
    if not await _current(conn):
        return None
    rows = await conn.fetch(_READ, grid.ids.tolist())
    index = {number: at for at, number in enumerate(grid.ids.tolist())}
    squares = np.full((len(grid), SQUARES, SQUARES), streets.UNKNOWN, dtype=np.uint16)
    for row in rows:
        squares[index[row["cell"]]] = _unpacked(row["squares"])
    x, y = middles(grid)
    return StreetWays(x=x, y=y, squares=squares)


async def way(conn: db.Connection, cell: int, lat: float, lon: float) -> float | None:
    """Distance to a cell from a place, m; None: not known, or only for other roads or cells."""
    row = await conn.fetchrow(_ONE, cell) if await _current(conn) else None
    if row is None:
        return None
    east, north = inside.offset((row["lat"], row["lon"]), (lat, lon))
    ways = StreetWays(x=np.zeros(1), y=np.zeros(1), squares=_unpacked(row["squares"])[None])
    metres = float(ways.metres(np.zeros(1, np.intp), np.array([east]), np.array([north]))[0])
    return None if np.isnan(metres) else metres


async def network(conn: db.Connection, grid: CityGrid) -> tuple[Float, Float]:
    """Middles of the pieces of road in force, (x, y) on the city's plane."""
    rows = await conn.fetch(_PIECES)
    return grid.xy(*(np.array([row[name] for row in rows], dtype=np.float64) for name in ("lat", "lon")))


async def store(conn: db.Connection, grid: CityGrid, squares: Squares, version: str) -> None:
    """Replace the stored distances to all cells of a city, in one transaction."""
    lat, lon = grid.degrees(*middles(grid))
    async with conn.transaction():
        await conn.execute("DELETE FROM cell_ways")
        for at in range(0, len(grid), _AT_ONCE):
            some = slice(at, at + _AT_ONCE)
            packed = [square.astype("<u2").tobytes() for square in squares[some]]
            await conn.execute(_ADD, grid.ids[some].tolist(), lat[some].tolist(), lon[some].tolist(), packed)
        await meta_store.put(conn, _KEY, version)


def middles(grid: CityGrid) -> tuple[Float, Float]:
    """Middle of the squares around each cell, (x, y) on the city's plane."""
    x, y = grid.centroids()
    return streets.middle(x), streets.middle(y)


async def _current(conn: db.Connection) -> bool:
    """Whether the stored distances belong to the roads and cells in force."""
    version = await wanted(conn)
    return version is not None and version == await meta_store.get(conn, _KEY)


def _unpacked(squares: bytes) -> Squares:
    return np.frombuffer(squares, "<u2").astype(np.uint16).reshape(SQUARES, SQUARES)
