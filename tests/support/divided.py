"""Cells put into the store without a grid file, into the first division of their district."""

from runtime import db

_DIVIDE = """
INSERT INTO divisions (district, valid_from, made_at) SELECT left($1, 6), 'epoch', now()
WHERE NOT EXISTS (SELECT FROM divisions WHERE district = left($1, 6))
"""
_AREAS = """
INSERT INTO division_areas
WITH RECURSIVE within AS (
  SELECT code, level, name, parent FROM areas WHERE code = left($1, 6)
  UNION ALL SELECT a.code, a.level, a.name, a.parent FROM areas a JOIN within w ON a.parent = w.code)
SELECT d.id, w.* FROM within w, divisions d WHERE d.district = left($1, 6) ON CONFLICT DO NOTHING
"""
_CELL = "INSERT INTO cells (code, area_m2, geometry) VALUES ($1, 1e4, $2) RETURNING id"
_SAID = """
INSERT INTO division_cells (division, cell, code, name, grid, class, weight, synthetic)
SELECT id, $2, $1, $3, $4, 'residential', 1, false FROM divisions WHERE district = left($1, 6)
"""


async def add_cell(conn: db.Connection, code: str, grid: str, geometry: str, name: str | None = None) -> int:
    """Add a residential cell to a grid whose areas are stored; its number."""
    await conn.execute(_DIVIDE, code)
    await conn.execute(_AREAS, code)
    number = int(await conn.fetchval(_CELL, code, geometry))
    await conn.execute(_SAID, code, number, name, grid)
    return number
