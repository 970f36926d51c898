"""Import of a grid into the database: areas and cells, all or nothing, codes never reused."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from tracking import db, grids, lane, meta_store
from tracking.grid_faults import FaultKind, Faults, GridFault

VERSION_KEY = "grid_version"
"""Row of `meta` that counts imports which changed something: who holds cells in memory looks at it."""

_AREAS = """
INSERT INTO areas (code, level, name, parent, owner)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (code) DO UPDATE
SET name = excluded.name, parent = excluded.parent, owner = coalesce(excluded.owner, areas.owner)
WHERE (areas.name, areas.parent, areas.owner)
      IS DISTINCT FROM (excluded.name, excluded.parent, coalesce(excluded.owner, areas.owner))
RETURNING 1
"""
_ADD = """
INSERT INTO cells (code, name, grid, class, weight, area_m2, road_m, synthetic, geometry)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::real[], $6::float8[], $7::real[], $8::bool[],
                     $9::jsonb[])
RETURNING 1
"""
_CHANGE = """
UPDATE cells SET code = n.code, name = n.name, grid = n.grid, class = n.class, weight = n.weight, road_m = n.road_m,
                 synthetic = n.synthetic
FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::real[], $7::real[], $8::bool[])
     AS n (id, code, name, grid, class, weight, road_m, synthetic)
WHERE cells.id = n.id
  AND (cells.code, cells.name, cells.grid, cells.class, cells.weight, cells.road_m, cells.synthetic)
      IS DISTINCT FROM (n.code, n.name, n.grid, n.class, n.weight, n.road_m, n.synthetic)
RETURNING 1
"""
_STORED = "SELECT id, code, geometry, valid_to FROM cells WHERE left(code, 6) = ANY ($1::text[])"
_END = "UPDATE cells SET valid_to = now() WHERE id = ANY ($1::int[])"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import changed, in rows."""

    cells: int
    """Cells in the file."""
    added: int
    changed: int
    """Cells with another name, grid, class, weight, road length or spelling of the code."""
    ended: int
    """Cells that were in force and are not in the file: no longer valid, never deleted."""
    areas: int
    """Areas added or changed."""

    @property
    def anything(self) -> bool:
        """Whether the database differs from before."""
        return bool(self.added or self.changed or self.ended or self.areas)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A cell of the database."""

    id: int
    geometry: Any
    valid_to: Any


async def import_file(conn: db.Connection, data: bytes) -> ImportResult | list[GridFault]:
    """Validate a grid file against the classes of this database and import it."""
    classes = {row["class"] for row in await conn.fetch("SELECT class FROM cell_classes")}
    grid = grids.parse(data, classes=classes)
    return grid if isinstance(grid, list) else await import_grid(conn, grid)


async def import_grid(conn: db.Connection, grid: grids.Grid) -> ImportResult | list[GridFault]:
    """Put a grid in force, in one transaction.

    Cells of the grid's districts that are not in it any more get an end of validity. A code that went out of force,
    or that stands for another boundary, is refused: earlier visits refer to what the code meant then.

    Returns:
        What changed, or why nothing did.
    """
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('patrol.grid'))")
        rows = await conn.fetch(_STORED, list(grid.districts))
        stored = {grids.lifted(row["code"]): _Stored(row["id"], row["geometry"], row["valid_to"]) for row in rows}
        faults = Faults()
        await _check_levels(conn, grid, faults)
        _check_codes(grid.cells, stored, faults)
        if faults:
            return faults.listed()
        return await _write(conn, grid, stored)


async def _check_levels(conn: db.Connection, grid: grids.Grid, faults: Faults) -> None:
    rows = await conn.fetch("SELECT code, level FROM areas WHERE code = ANY ($1)", [area.code for area in grid.areas])
    levels = {row["code"]: row["level"] for row in rows}
    for area in grid.areas:
        if levels.get(area.code, area.level) != area.level:
            faults.add(FaultKind.LEVEL, area.index, area.code, level=levels[area.code])


def _check_codes(cells: Sequence[grids.Cell], stored: dict[str, _Stored], faults: Faults) -> None:
    for cell in cells:
        old = stored.get(grids.lifted(cell.code))
        if old is None:
            continue
        if old.valid_to is not None:
            when = old.valid_to.isoformat(timespec="seconds")
            faults.add(FaultKind.REUSED, cell.index, cell.code, when=when)
        elif not _same_rings(json.loads(old.geometry)["coordinates"], _coordinates(cell)):
            faults.add(FaultKind.CHANGED, cell.index, cell.code)


async def _write(conn: db.Connection, grid: grids.Grid, stored: dict[str, _Stored]) -> ImportResult:
    areas = await _write_areas(conn, grid.areas)
    new = [cell for cell in grid.cells if grids.lifted(cell.code) not in stored]
    added = await conn.fetch(_ADD, *_columns(new), [_geojson(cell) for cell in new]) if new else []
    changed = await _change(conn, grid.cells, stored)
    kept = {grids.lifted(cell.code) for cell in grid.cells}
    gone = [old.id for code, old in stored.items() if old.valid_to is None and code not in kept]
    await conn.execute(_END, gone)
    result = ImportResult(cells=len(grid.cells), added=len(added), changed=changed, ended=len(gone), areas=areas)
    if result.anything:
        await meta_store.count(conn, VERSION_KEY)
        await lane.append(conn, [("grid", {"added": result.added, "changed": changed, "ended": result.ended})])
    return result


async def _write_areas(conn: db.Connection, areas: Collection[grids.Area]) -> int:
    rows = [(area.code, area.level, area.name, area.parent, area.owner) for area in areas]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return len(await conn.fetch(_AREAS, *columns))


async def _change(conn: db.Connection, cells: Sequence[grids.Cell], stored: dict[str, _Stored]) -> int:
    old = [cell for cell in cells if grids.lifted(cell.code) in stored]
    ids = [stored[grids.lifted(cell.code)].id for cell in old]
    code, name, grid, cls, weight, _, road_m, synthetic = _columns(old)
    return len(await conn.fetch(_CHANGE, ids, code, name, grid, cls, weight, road_m, synthetic))


def _columns(cells: Sequence[grids.Cell]) -> list[list[Any]]:
    names = ("code", "name", "grid", "cls", "weight", "area_m2", "road_m", "synthetic")
    return [[getattr(cell, name) for cell in cells] for name in names]


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
