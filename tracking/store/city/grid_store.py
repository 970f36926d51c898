"""Import of a grid into the database: a new division of its districts, all or nothing, codes never reused."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from runtime import db
from tracking.city import grid_changes, grids
from tracking.city.grid_changes import DistrictChange, StoredCell, StoredDivision
from tracking.city.grid_faults import Faults, GridFault
from tracking.geometry.lookup import EVER
from tracking.store.city import atlas, division_store, judging
from tracking.store.records import event_log, meta_store
from tracking.store.tracks import event_store

VERSION_KEY = "grid_version"
"""Row of `meta` that counts imports with changes; processes with cells in memory check it."""

_AREAS = """
INSERT INTO areas (code, level, name, parent, owner)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (code) DO UPDATE SET owner = coalesce(excluded.owner, areas.owner)
WHERE areas.owner IS DISTINCT FROM coalesce(excluded.owner, areas.owner)
RETURNING code
"""
# Names and parents of areas are those of the newest division that has begun.
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
# End of the time in force of each code if the next division begins at $2; NULL: it was never in force.
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
    """Numbers of rows changed by an import."""

    cells: int
    """Cells in the file."""
    added: int
    changed: int
    """Cells with another name, grid, class, weight, road length or spelling of the code."""
    ended: int
    """Cells that were in force and are not in the file: they end, but are never deleted."""
    areas: int
    """Areas that are new, changed or removed."""
    since: int | None
    """Start of its time in force, ms; EVER: the first of its district; None: nothing changed."""

    @property
    def anything(self) -> bool:
        """Whether the database differs from before."""
        return bool(self.added or self.changed or self.ended or self.areas)


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
    refused: earlier visits refer to what the code meant then. Visits since `valid_from` are judged again.

    Args:
        conn: a connection.
        grid: the new division.
        valid_from: start, ms; None: now. The first division of a district is also in force for all time before it.
        now: time of the import, ms; None: by the clock of the database.

    Returns:
        The changes, or the faults.
    """
    async with conn.transaction():
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('patrol.grid'))")
        now = db.millis(await conn.fetchval("SELECT now()")) if now is None else now
        begins = db.moment(now if valid_from is None else valid_from)
        before = await _newest(conn, grid)
        rows = await conn.fetch(_STORED, list(grid.districts), begins)
        stored = {grids.full_code(row["code"]): StoredCell(row["id"], row["geometry"], row["until"]) for row in rows}
        faults = Faults()
        grid_changes.check_begin(before, begins, faults)
        grid_changes.check_levels(grid.areas, await _levels(conn, grid), faults)
        grid_changes.check_codes(grid.cells, stored, begins, faults)
        if faults:
            return faults.listed()
        return await _write(conn, grid, stored, before, begins, now)


async def areas_now(conn: db.Connection, now: int) -> None:
    """Give areas their names in the divisions in force at `now` (ms)."""
    await conn.execute(_AREAS_NOW, db.moment(now))


async def _newest(conn: db.Connection, grid: grids.Grid) -> dict[str, StoredDivision]:
    """The newest division of each district of a grid."""
    before = dict.fromkeys(grid.districts, StoredDivision())
    for row in await conn.fetch(_NEWEST, list(grid.districts)):
        cells = {stored_row["cell"]: tuple(stored_row)[1:] for stored_row in await conn.fetch(_SAID, row["id"])}
        areas = frozenset(tuple(stored_row) for stored_row in await conn.fetch(_SAID_AREAS, row["id"]))
        before[row["district"]] = StoredDivision(row["id"], row["valid_from"], cells, areas)
    return before


async def _levels(conn: db.Connection, grid: grids.Grid) -> dict[str, str]:
    rows = await conn.fetch("SELECT code, level FROM areas WHERE code = ANY ($1)", [area.code for area in grid.areas])
    return {row["code"]: row["level"] for row in rows}


async def _write(
    conn: db.Connection,
    grid: grids.Grid,
    stored: dict[str, StoredCell],
    before: dict[str, StoredDivision],
    begins: datetime,
    now: int,
) -> GridImportResult:
    owners = await _write_areas(conn, grid.areas)
    ids = {code: cell.id for code, cell in stored.items()}
    new = [cell for cell in grid.cells if grids.full_code(cell.code) not in stored]
    columns = [cell.code for cell in new], [cell.area_m2 for cell in new], [grid_changes.geojson(cell) for cell in new]
    ids |= {grids.full_code(row["code"]): row["id"] for row in await conn.fetch(_ADD, *columns)}
    codes = [(ids[grids.full_code(cell.code)], cell.code) for cell in grid.cells]
    await conn.execute(_WRITE_CODES, *[list(column) for column in zip(*codes, strict=True)])
    changes = {
        district: grid_changes.change(grid, district, ids, division) for district, division in sorted(before.items())
    }
    since = [
        await _divide(conn, district, change, before[district], begins, now)
        for district, change in changes.items()
        if change
    ]
    result = GridImportResult(
        cells=len(grid.cells),
        added=sum(change.added for change in changes.values()),
        changed=sum(change.changed for change in changes.values()),
        ended=sum(change.ended for change in changes.values()),
        areas=len({code for change in changes.values() for code in change.changed_areas} | owners),
        since=min(since, default=None),
    )
    if result.since is not None:
        await areas_now(conn, now)
        if await event_store.any_since(conn, max(result.since, 0)):
            await event_store.place_again(conn, await atlas.grid(conn), max(result.since, 0))
        await judging.mark_changed(conn, result.since, now)
    if result.anything:
        await meta_store.count(conn, VERSION_KEY)
        counts = {"added": result.added, "changed": result.changed, "ended": result.ended}
        await event_log.append(conn, [("grid", counts)])
    return result


async def _divide(
    conn: db.Connection, district: str, change: DistrictChange, before: StoredDivision, begins: datetime, now: int
) -> int:
    """Store a new division of a district; returns its start, ms."""
    first = before.id is None
    number = await conn.fetchval(_DIVIDE, district, db.moment(0) if first else begins, db.moment(now))
    areas = [list(column) for column in zip(*sorted(change.areas), strict=True)]
    await conn.execute(_ADD_AREAS, number, *areas)
    cells = [list(column) for column in zip(*change.cells.values(), strict=True)]
    await conn.execute(_ADD_CELLS, number, list(change.cells), *cells)
    if first:
        return EVER
    await conn.execute(_END, before.id, begins)
    return db.millis(begins)


async def _write_areas(conn: db.Connection, areas: Collection[grids.Area]) -> set[str]:
    """Add new areas with their responsible units; returns those whose unit changed."""
    codes = {row["code"] for row in await conn.fetch("SELECT code FROM areas")}
    rows = [(area.code, area.level, area.name, area.parent, area.owner) for area in areas]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {row["code"] for row in await conn.fetch(_AREAS, *columns)} & codes
