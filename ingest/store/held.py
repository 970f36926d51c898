"""Held data, as temporary tables of the connection that drops rows, and as SQL conditions."""

from dataclasses import dataclass
from datetime import datetime

from runtime import db
from tracking.store.records import hold_store

_TABLES = """
CREATE TEMPORARY TABLE IF NOT EXISTS held_spans (device int NOT NULL, lo timestamptz NOT NULL, hi timestamptz NOT NULL);
CREATE TEMPORARY TABLE IF NOT EXISTS held_boxes (
  lo timestamptz NOT NULL, hi timestamptz NOT NULL, south float8, west float8, north float8, east float8);
CREATE TEMPORARY TABLE IF NOT EXISTS held_cells (cell int NOT NULL, lo timestamptz NOT NULL, hi timestamptz NOT NULL);
CREATE TEMPORARY TABLE IF NOT EXISTS held_areas (area text NOT NULL, lo timestamptz NOT NULL, hi timestamptz NOT NULL);
CREATE TEMPORARY TABLE IF NOT EXISTS held_officers (
  officer int NOT NULL, lo timestamptz NOT NULL, hi timestamptz NOT NULL);
CREATE TEMPORARY TABLE IF NOT EXISTS held_cases (case_id text NOT NULL);
CREATE INDEX IF NOT EXISTS held_spans_device ON held_spans (device);
CREATE INDEX IF NOT EXISTS held_cells_cell ON held_cells (cell);
"""
_STANDING = """
SELECT id, device, officer, area, case_id, coalesce(t_from, '-infinity') AS lo, coalesce(t_to, 'infinity') AS hi
FROM legal_holds WHERE released_at IS NULL AND (until IS NULL OR until > $1)
"""
# Temporary tables are filled from one snapshot of the holds.
_FILL = (
    f"""INSERT INTO held_spans SELECT coalesce(device, -1), lo, hi FROM ({_STANDING}) h
    WHERE num_nonnulls(officer, area, case_id) = 0""",
    f"INSERT INTO held_officers SELECT officer, lo, hi FROM ({_STANDING}) h WHERE officer IS NOT NULL",
    f"""INSERT INTO held_spans
    SELECT b.device, greatest(h.lo, b.t_from), least(h.hi, coalesce(b.t_to, 'infinity')) FROM ({_STANDING}) h
    JOIN bindings b ON b.officer = h.officer AND b.t_from < h.hi AND coalesce(b.t_to, 'infinity') > h.lo""",
    f"""INSERT INTO held_areas
    WITH RECURSIVE within AS (
      SELECT area, lo, hi FROM ({_STANDING}) h WHERE area IS NOT NULL
      UNION SELECT a.code, w.lo, w.hi FROM areas a JOIN within w ON a.parent = w.area)
    SELECT area, lo, hi FROM within WHERE $1::timestamptz IS NOT NULL""",
    """INSERT INTO held_cells
    SELECT v.cell, greatest(a.lo, d.valid_from), least(a.hi, coalesce(d.valid_to, 'infinity')) FROM held_areas a
    JOIN division_cells v ON v.grid = a.area JOIN divisions d ON d.id = v.division
    WHERE d.valid_from < a.hi AND coalesce(d.valid_to, 'infinity') > a.lo AND $1::timestamptz IS NOT NULL""",
    """INSERT INTO held_boxes
    SELECT h.lo, h.hi, min((p ->> 1)::float8), min((p ->> 0)::float8), max((p ->> 1)::float8), max((p ->> 0)::float8)
    FROM held_cells h JOIN cells c ON c.id = h.cell JOIN LATERAL cell_at(c.id, h.lo) v ON true
    CROSS JOIN LATERAL jsonb_path_query(c.geometry, '$.coordinates[0][*]') p
    WHERE $1::timestamptz IS NOT NULL GROUP BY v.grid, h.lo, h.hi""",
    """INSERT INTO held_spans
    SELECT s.device, s.t_in - interval '5 min', s.t_out + interval '5 min' FROM held_cells h
    JOIN stays s ON s.cell = h.cell AND s.t_out >= h.lo AND s.t_in < h.hi WHERE $1::timestamptz IS NOT NULL""",
    f"INSERT INTO held_cases SELECT case_id FROM ({_STANDING}) h WHERE case_id IS NOT NULL",
    f"""INSERT INTO held_spans
    SELECT e.device, e.t - interval '12 h', e.t + interval '12 h' FROM ({_STANDING}) h
    JOIN events e ON e.case_id = h.case_id WHERE e.t >= h.lo AND e.t < h.hi""",
)
_SIGNATURE = "SELECT count(*), count(released_at), max(id) FROM legal_holds"

_SPAN = """EXISTS (SELECT FROM held_spans h WHERE h.device IN ({device}, -1) AND h.lo <= {until} AND h.hi > {since})"""


def device_held(device: str, since: str, until: str | None = None) -> str:
    """Condition: device and time of the row are held."""
    return _SPAN.format(device=device, since=since, until=until or since)


def before_held(until: str) -> str:
    """Condition: some data of devices before `until` is held."""
    return f"EXISTS (SELECT FROM held_spans h WHERE h.lo < {until})"


def place_held(t: str) -> str:
    """Condition: the position of the row (lat, lon) is in a held area."""
    return (
        f"EXISTS (SELECT FROM held_boxes b WHERE {t} >= b.lo AND {t} < b.hi AND r.lat BETWEEN b.south AND b.north "
        "AND r.lon BETWEEN b.west AND b.east)"
    )


def of(table: str, column: str, value: str, since: str, until: str | None = None) -> str:
    """Condition: cell, area or officer of the row is held."""
    return f"EXISTS (SELECT FROM {table} x WHERE x.{column} = {value} AND x.lo <= {until or since} AND x.hi > {since})"


@dataclass(slots=True)
class HoldTables:
    """Keeps the temporary tables of a connection in step with the holds.

    Args:
        conn: the connection that drops rows.
    """

    conn: db.Connection
    _seen: tuple[int, ...] | None = None

    async def lock(self, now: datetime, *, whole: bool = False) -> None:
        """Within a transaction: block changes of holds until its end, and load earlier ones."""
        await self.conn.execute(hold_store.LOCK)
        await self.refresh(now, whole=whole)

    async def refresh(self, now: datetime, *, whole: bool = False) -> None:
        """Within a transaction that has the lock: load holds placed or released since; `whole`: all.

        Args:
            now: holds that end by themselves before it do not count.
            whole: reload all, since carriers of devices or stays of an area may have changed.
        """
        signature = tuple(await self.conn.fetchrow(_SIGNATURE) or ())
        if signature == self._seen and not whole:
            return
        await self.conn.execute(_TABLES)
        await self.conn.execute("TRUNCATE held_spans, held_boxes, held_cells, held_areas, held_officers, held_cases")
        for statement in _FILL:
            await self.conn.execute(statement, now)
        await self.conn.execute("ANALYZE held_spans, held_cells")
        self._seen = signature
