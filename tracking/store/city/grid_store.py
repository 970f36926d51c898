"""Import of a grid into the database: a new division of its districts, all or nothing, codes never reused."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from runtime import db
from tracking.city import grids
from tracking.city.grid_faults import FaultKind, Faults, GridFault
from tracking.geometry.lookup import EVER
from tracking.store.city import atlas, division_store, judging
from tracking.store.records import event_log, meta_store
from tracking.store.tracks import event_store

VERSION_KEY = "grid_version"
"""Row of `meta` that counts imports which changed something: who holds cells in memory looks at it."""

_AREAS = """
INSERT INTO areas (code, level, name, parent, owner)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (code) DO UPDATE SET owner = coalesce(excluded.owner, areas.owner)
WHERE areas.owner IS DISTINCT FROM coalesce(excluded.owner, areas.owner)
RETURNING code
"""
# What areas are called and where they belong is that of the newest division that has begun.
_AREAS_NOW = """
UPDATE areas a SET name = n.name, parent = n.parent
FROM (SELECT DISTINCT ON (v.code) v.code, v.name, v.parent FROM division_areas v JOIN divisions d ON d.id = v.division
      WHERE d.valid_from <= $1 ORDER BY v.code, d.valid_from DESC, d.id DESC) n
WHERE n.code = a.code AND (n.name, n.parent) IS DISTINCT FROM (a.name, a.parent)
"""
_ADD = """
INSERT INTO cells (code, area_m2, geometry) SELECT * FROM unnest($1::text[], $2::float8[], $3::jsonb[])
RETURNING id, code
"""
_WRITE_CODES = "UPDATE cells c SET code = n.code FROM unnest($1::int[], $2::text[]) AS n (id, code) WHERE c.id = n.id"
# Until when each code was in force, were the next division to begin at $2; NULL: it never was.
_STORED = """
SELECT c.id, c.code, c.geometry,
       max(least(d.valid_to, $2)) FILTER (WHERE d.valid_from < least(d.valid_to, $2)) AS until
FROM cells c LEFT JOIN division_cells v ON v.cell = c.id LEFT JOIN divisions d ON d.id = v.division
WHERE left(c.code, 6) = ANY ($1::text[]) GROUP BY c.id
"""
_NEWEST = """
SELECT DISTINCT ON (district) district, id, valid_from FROM divisions WHERE district = ANY ($1::text[])
ORDER BY district, id DESC
"""
_SAID = """
SELECT cell, code, name, grid, class AS cls, weight, road_m, synthetic FROM division_cells WHERE division = $1
"""
_SAID_AREAS = "SELECT code, level, name, parent FROM division_areas WHERE division = $1"
_DIVIDE = "INSERT INTO divisions (district, valid_from, made_at) VALUES ($1, $2, $3) RETURNING id"
_END = "UPDATE divisions SET valid_to = $2 WHERE id = $1"
_ADD_AREAS = """
INSERT INTO division_areas SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])
"""
_ADD_CELLS = """
INSERT INTO division_cells
SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::real[], $8::real[], $9::bool[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridImportResult:
    """What an import changed, in rows."""

    cells: int
    """Cells in the file."""
    added: int
    changed: int
    """Cells with another name, grid, class, weight, road length or spelling of the code."""
    ended: int
    """Cells that were in force and are not in the file: not from then on, never deleted."""
    areas: int
    """Areas that are new, changed or have gone."""
    since: int | None
    """From when it holds, ms; EVER: the first of its district; None: nothing changed."""

    @property
    def anything(self) -> bool:
        """Whether the database differs from before."""
        return bool(self.added or self.changed or self.ended or self.areas)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A cell of the database."""

    id: int
    geometry: Any
    until: datetime | None
    """Until when it was in force, were the next division to begin now; None: it never was."""


_AreaSaid = tuple[str, str, str, str | None]
_CellSaid = tuple[str, str | None, str, str, float, float | None, bool]


@dataclass(slots=True)
class _Before:
    """The newest division of a district; of a district without one nothing."""

    id: int | None
    begins: datetime | None
    cells: dict[int, _CellSaid]
    areas: set[_AreaSaid]


async def import_file(
    conn: db.Connection, data: bytes, *, valid_from: int | None = None
) -> GridImportResult | list[GridFault]:
    """Validate a grid file against the classes of this database and import it."""
    classes = await division_store.classes(conn)
    grid = grids.parse(data, classes=classes)
    return grid if isinstance(grid, list) else await import_grid(conn, grid, valid_from=valid_from)


async def import_grid(
    conn: db.Connection, grid: grids.Grid, *, valid_from: int | None = None, now: int | None = None
) -> GridImportResult | list[GridFault]:
    """Make a grid the newest division of its districts, in one transaction.

    Cells that are not in it any more end. A code that went out of force, or that stands for another boundary, is
    refused: earlier visits refer to what the code meant then. What was judged of the time since is judged again.

    Args:
        conn: a connection.
        grid: what holds from then on.
        valid_from: from when, ms; None: from now on. The first division of a district holds for all time before it too.
        now: ms, when it is known; None: by the database's clock.

    Returns:
        What changed, or why nothing did.
    """
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('patrol.grid'))")
        now = db.millis(await conn.fetchval("SELECT now()")) if now is None else now
        begins = db.moment(now if valid_from is None else valid_from)
        before = await _newest(conn, grid)
        rows = await conn.fetch(_STORED, list(grid.districts), begins)
        stored = {grids.lifted(row["code"]): _Stored(row["id"], row["geometry"], row["until"]) for row in rows}
        faults = Faults()
        _check_begin(before, begins, faults)
        await _check_levels(conn, grid, faults)
        _check_codes(grid.cells, stored, begins, faults)
        if faults:
            return faults.listed()
        return await _write(conn, grid, stored, before, begins, now)


async def areas_now(conn: db.Connection, now: int) -> None:
    """Call areas what the divisions in force at `now` (ms) call them."""
    await conn.execute(_AREAS_NOW, db.moment(now))


async def _newest(conn: db.Connection, grid: grids.Grid) -> dict[str, _Before]:
    """The newest division of each district of a grid."""
    before = {district: _Before(None, None, {}, set()) for district in grid.districts}
    for row in await conn.fetch(_NEWEST, list(grid.districts)):
        cells = {stored_row["cell"]: tuple(stored_row)[1:] for stored_row in await conn.fetch(_SAID, row["id"])}
        areas = {tuple(stored_row) for stored_row in await conn.fetch(_SAID_AREAS, row["id"])}
        before[row["district"]] = _Before(row["id"], row["valid_from"], cells, areas)
    return before


def _check_begin(before: dict[str, _Before], begins: datetime, faults: Faults) -> None:
    for district, state in sorted(before.items()):
        if state.begins is not None and state.begins > begins:
            faults.add(FaultKind.TOO_EARLY, None, district, district=district, since=state.begins.isoformat())


async def _check_levels(conn: db.Connection, grid: grids.Grid, faults: Faults) -> None:
    rows = await conn.fetch("SELECT code, level FROM areas WHERE code = ANY ($1)", [area.code for area in grid.areas])
    levels = {row["code"]: row["level"] for row in rows}
    for area in grid.areas:
        if levels.get(area.code, area.level) != area.level:
            faults.add(FaultKind.LEVEL, area.index, area.code, level=levels[area.code])


def _check_codes(cells: Sequence[grids.Cell], stored: dict[str, _Stored], begins: datetime, faults: Faults) -> None:
    for cell in cells:
        old = stored.get(grids.lifted(cell.code))
        if old is None:
            continue
        if old.until is not None and old.until < begins:
            when = old.until.isoformat(timespec="seconds")
            faults.add(FaultKind.REUSED, cell.index, cell.code, when=when)
        elif not _same_rings(json.loads(old.geometry)["coordinates"], _coordinates(cell)):
            faults.add(FaultKind.CHANGED, cell.index, cell.code)


async def _write(
    conn: db.Connection,
    grid: grids.Grid,
    stored: dict[str, _Stored],
    before: dict[str, _Before],
    begins: datetime,
    now: int,
) -> GridImportResult:
    owners = await _write_areas(conn, grid.areas)
    ids = {code: cell.id for code, cell in stored.items()}
    new = [cell for cell in grid.cells if grids.lifted(cell.code) not in stored]
    columns = [cell.code for cell in new], [cell.area_m2 for cell in new], [_geojson(cell) for cell in new]
    ids |= {grids.lifted(row["code"]): row["id"] for row in await conn.fetch(_ADD, *columns)}
    codes = [(ids[grids.lifted(cell.code)], cell.code) for cell in grid.cells]
    await conn.execute(_WRITE_CODES, *[list(column) for column in zip(*codes, strict=True)])
    parts = [await _divide(conn, grid, district, ids, of, begins, now) for district, of in sorted(before.items())]
    since = [part.since for part in parts if part.since is not None]
    result = GridImportResult(
        cells=len(grid.cells),
        added=sum(part.added for part in parts),
        changed=sum(part.changed for part in parts),
        ended=sum(part.ended for part in parts),
        areas=len({code for part in parts for code in part.areas} | owners),
        since=min(since, default=None),
    )
    if result.since is not None:
        await areas_now(conn, now)
        if await event_store.any_since(conn, max(result.since, 0)):
            await event_store.place_again(conn, await atlas.grid(conn), max(result.since, 0))
        await judging.changed(conn, result.since, now)
    if result.anything:
        await meta_store.count(conn, VERSION_KEY)
        counts = {"added": result.added, "changed": result.changed, "ended": result.ended}
        await event_log.append(conn, [("grid", counts)])
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What changed of one district."""

    added: int
    changed: int
    ended: int
    areas: set[str]
    since: int | None


async def _divide(
    conn: db.Connection,
    grid: grids.Grid,
    district: str,
    ids: dict[str, int],
    before: _Before,
    begins: datetime,
    now: int,
) -> _Part:
    """Make what the grid says of a district its newest division, unless it says nothing new."""
    areas = {_said_area(area) for area in grid.of(district)}
    cells = {ids[grids.lifted(cell.code)]: _said(cell) for cell in grid.cells if cell.code[:6] == district}
    changed = sum(cell in before.cells and before.cells[cell] != said for cell, said in cells.items())
    added, ended = len(cells.keys() - before.cells.keys()), len(before.cells.keys() - cells.keys())
    others = {code for code, *_ in areas ^ before.areas}
    since = None
    if added or ended or changed or others:
        first = before.id is None
        number = await conn.fetchval(_DIVIDE, district, db.moment(0) if first else begins, db.moment(now))
        await conn.execute(_ADD_AREAS, number, *[list(column) for column in zip(*sorted(areas), strict=True)])
        await conn.execute(_ADD_CELLS, number, list(cells), *[list(c) for c in zip(*cells.values(), strict=True)])
        if not first:
            await conn.execute(_END, before.id, begins)
        since = EVER if first else db.millis(begins)
    return _Part(added=added, changed=changed, ended=ended, areas=others, since=since)


async def _write_areas(conn: db.Connection, areas: Collection[grids.Area]) -> set[str]:
    """Add what is new, and say who answers for it; whose owner is another now."""
    codes = {row["code"] for row in await conn.fetch("SELECT code FROM areas")}
    rows = [(area.code, area.level, area.name, area.parent, area.owner) for area in areas]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["code"] for row in await conn.fetch(_AREAS, *columns)} & codes


def _said_area(area: grids.Area) -> _AreaSaid:
    return area.code, area.level, area.name, area.parent


def _said(cell: grids.Cell) -> _CellSaid:
    road_m = None if cell.road_m is None else float(np.float32(cell.road_m))
    return cell.code, cell.name, cell.grid, cell.cls, float(np.float32(cell.weight)), road_m, cell.synthetic


def _coordinates(cell: grids.Cell) -> list[list[list[float]]]:
    return [ring.tolist() for ring in cell.rings]


def _geojson(cell: grids.Cell) -> str:
    return json.dumps({"type": "Polygon", "coordinates": _coordinates(cell)})


def _same_rings(old: list[list[list[float]]], new: list[list[list[float]]]) -> bool:
    """Whether two polygons have the same rings, wherever each begins."""
    return [_rotated(ring) for ring in old] == [_rotated(ring) for ring in new]


def _rotated(ring: list[list[float]]) -> list[list[float]]:
    """An open ring that begins at its least position."""
    start = ring.index(min(ring[:-1]))
    return [*ring[start:-1], *ring[:start]]
