"""Divisions of the city in the database: their times in force and the properties of their cells. Times are ms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import asyncpg

from runtime import db
from tracking.geometry.lookup import EVER, FOR_EVER

_ALL = "SELECT id, district, valid_from, valid_to, made_at FROM divisions ORDER BY id"
# The first of a district counts as always known, since there was nothing before it.
_IN_FORCE = """
SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM (
  SELECT DISTINCT ON (district) id FROM divisions
  WHERE valid_from <= $1 AND ($2::timestamptz IS NULL OR made_at <= $2 OR valid_from = 'epoch')
  ORDER BY district, valid_from DESC, id DESC) d
"""
_CELLS = """
SELECT v.division, v.cell, v.code, v.name, v.class AS cls, v.weight, v.road_m, v.synthetic, v.grid,
       coalesce(g.parent, '') AS street, s.parent AS district
FROM division_cells v JOIN division_areas g ON g.division = v.division AND g.code = v.grid
LEFT JOIN division_areas s ON s.division = v.division AND s.code = g.parent
WHERE v.division = ANY ($1::int[]) ORDER BY v.cell, v.division
"""
_GEOMETRIES = "SELECT id, geometry FROM cells WHERE id = ANY ($1::int[]) ORDER BY id"
_AREAS = """
SELECT v.code, v.level, v.name, v.parent, a.owner FROM division_areas v JOIN areas a ON a.code = v.code
WHERE v.division = ANY ($1::int[]) ORDER BY v.code
"""
_HELD_SINCE = """
SELECT v.cell, min(d.valid_from) AS since FROM division_cells v JOIN divisions d ON d.id = v.division
WHERE v.division = ANY ($1::int[]) GROUP BY v.cell
"""
_KNOWN = _ALL.replace("ORDER BY", "WHERE $1::timestamptz IS NULL OR made_at <= $1 OR valid_from = 'epoch' ORDER BY")
# Always that of the very first import: the plane of the city must not move.
_EXTENT = """
SELECT min((p ->> 1)::float8) AS south, max((p ->> 1)::float8) AS north,
       min((p ->> 0)::float8) AS west, max((p ->> 0)::float8) AS east
FROM division_cells v JOIN cells c ON c.id = v.cell
CROSS JOIN LATERAL jsonb_path_query(c.geometry, '$.coordinates[0][*]') p
WHERE v.division IN (SELECT id FROM divisions WHERE made_at = (SELECT made_at FROM divisions ORDER BY id LIMIT 1))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionRecord:
    """Division of a district by one import."""

    id: int
    district: str
    starts: int
    """EVER: the first of the district."""
    ends: int
    """FOR_EVER: it is the newest."""
    made_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionCell:
    """Properties of a cell in a division."""

    division: int
    cell: int
    """Number of the cell in the store."""
    code: str
    name: str | None
    cls: str
    weight: float
    road_m: float | None
    synthetic: bool
    grid: str
    street: str
    district: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionArea:
    """A grid, street or district."""

    code: str
    level: str
    name: str
    parent: str | None
    owner: str | None
    """Of today."""


async def all_divisions(conn: db.Connection, at: int | None = None) -> list[DivisionRecord]:
    """Divisions that are in force at any time, as known at `at` (ms; None: now), in the order of their creation."""
    rows = await conn.fetch(_KNOWN, None if at is None else db.moment(at))
    return _effective([_division(row) for row in rows])


async def in_force(conn: db.Connection, at: int, known_at: int | None = None) -> list[int]:
    """Numbers of the divisions in force at `at` (ms), as known at `known_at` (None: now)."""
    known_moment = None if known_at is None else db.moment(known_at)
    return list(await conn.fetchval(_IN_FORCE, db.moment(at), known_moment))


async def next_start(conn: db.Connection, now: int) -> int:
    """Time at which the next division comes into force after `now` (ms); FOR_EVER: none."""
    start = await conn.fetchval("SELECT min(valid_from) FROM divisions WHERE valid_from > $1", db.moment(now))
    return FOR_EVER if start is None else db.millis(start)


async def cells(conn: db.Connection, divisions: Sequence[int]) -> list[DivisionCell]:
    """Properties of cells in divisions, by cell."""
    return [DivisionCell(**row) for row in await conn.fetch(_CELLS, divisions)]


async def areas(conn: db.Connection, divisions: Sequence[int]) -> list[DivisionArea]:
    """Areas of divisions, by code."""
    return [DivisionArea(**row) for row in await conn.fetch(_AREAS, divisions)]


async def geometries(conn: db.Connection, numbers: Iterable[int]) -> dict[int, str]:
    """GeoJSON of cells, by number."""
    return {row["id"]: row["geometry"] for row in await conn.fetch(_GEOMETRIES, sorted(set(numbers)))}


async def held_since(conn: db.Connection, known_at: int | None = None) -> dict[int, int]:
    """Start of the time in force of each cell (EVER: no start), by number."""
    numbers = [division.id for division in await all_divisions(conn, known_at)]
    return {row["cell"]: since_ever(row["since"]) for row in await conn.fetch(_HELD_SINCE, numbers)}


async def centre(conn: db.Connection) -> tuple[float, float] | None:
    """Middle of the city's plane as (lat, lon); None: there is no city yet."""
    row = await conn.fetchrow(_EXTENT)
    if row is None or row["south"] is None:
        return None
    return (row["south"] + row["north"]) / 2, (row["west"] + row["east"]) / 2


def since_ever(moment: "asyncpg.Record | object") -> int:
    """A stored `valid_from` in ms; EVER for that of a first division."""
    return db.millis(moment) or EVER  # type: ignore[arg-type]


def _division(row: asyncpg.Record) -> DivisionRecord:
    return DivisionRecord(
        id=row["id"],
        district=row["district"],
        starts=since_ever(row["valid_from"]),
        ends=FOR_EVER,
        made_at=db.millis(row["made_at"]),
    )


def _effective(divisions: Sequence[DivisionRecord]) -> list[DivisionRecord]:
    """Each ends where the next of its district begins; replaced ones are left out."""
    known_divisions: list[DivisionRecord] = []
    for _, of in groupby(sorted(divisions, key=attrgetter("district", "starts", "id")), attrgetter("district")):
        listed = list(of)
        for division, after in zip(listed, [*listed[1:], None], strict=True):
            ends = FOR_EVER if after is None else after.starts
            if ends > division.starts:
                known_divisions.append(
                    DivisionRecord(
                        id=division.id,
                        district=division.district,
                        starts=division.starts,
                        ends=ends,
                        made_at=division.made_at,
                    )
                )
    return sorted(known_divisions, key=attrgetter("id"))


async def classes(conn: db.Connection) -> set[str]:
    """Classes that a cell may have."""
    return {row["class"] for row in await conn.fetch("SELECT class FROM cell_classes")}
