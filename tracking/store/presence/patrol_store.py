"""Data for the indicators of officers and devices: shifts, stays, runs, counted fixes, and events."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from runtime import db
from tracking.coverage.patrols import LATE_MS, PatrolPart
from tracking.geometry.lookup import CityGrid
from tracking.store.presence import duty_events

if TYPE_CHECKING:
    import asyncpg

Level = Literal["officer", "device"]

# A part is a shift, cut to the period, and a device that its officer carried in it; without a device it has no track.
_SHIFTS = """
SELECT s.officer AS key_officer, b.device, s.id AS shift, s.starts, a.area,
       greatest(s.starts, $1) AS lo, least(s.ends, $2) AS hi,
       greatest(s.starts, $1, b.t_from) AS held_from, least(s.ends, $2, b.t_to) AS held_to
FROM shifts s JOIN officers o ON o.id = s.officer JOIN units u ON u.code = o.unit
CROSS JOIN LATERAL (SELECT coalesce(s.area, u.area) AS area) a
LEFT JOIN bindings b ON b.officer = s.officer AND b.t_from < least(s.ends, $2)
                    AND (b.t_to IS NULL OR b.t_to > greatest(s.starts, $1))
WHERE s.starts < $2 AND s.ends > $1
"""
_DEVICES = """
SELECT NULL::int AS key_officer, d.id AS device, NULL::bigint AS shift, $1::timestamptz AS starts, NULL::text AS area,
       $1::timestamptz AS lo, $2::timestamptz AS hi, $1::timestamptz AS held_from, $2::timestamptz AS held_to
FROM devices d
"""
# A stay that reaches beyond counts by the share of it that lies within. None is looked for that began over twelve hours
# before.
_MEASURED = """
SELECT p.*, x.*, r.*, h.*,
  (SELECT min(greatest(s.t_in, p.starts - interval '30 min')) FROM stays s
   CROSS JOIN LATERAL cell_at(s.cell, s.t_in) c
   WHERE p.area IS NOT NULL AND s.device = p.device AND s.known_to IS NULL AND s.kind <> 'between'
     AND s.dwell_ms >= 60000
     AND s.t_in >= p.starts - interval '12 h' AND s.t_in < p.held_to AND s.t_out > p.starts - interval '30 min'
     AND p.area IN (c.grid, c.street, c.district)) AS arrived
FROM ({parts}) p
CROSS JOIN LATERAL (
  SELECT coalesce(sum(v.path_m * v.part) FILTER (WHERE v.kind <> 'drive_through'), 0) AS way_m,
         coalesce(sum(v.path_m * v.part) FILTER (WHERE v.kind = 'drive_through'), 0) AS drive_m,
         count(*) FILTER (WHERE v.kind = 'visit' AND v.t_in >= p.held_from) AS visits,
         count(*) FILTER (WHERE v.kind = 'drive_through' AND v.t_in >= p.held_from) AS drive_throughs,
         coalesce(sum(v.dwell_ms * v.part) FILTER (WHERE v.inside), 0) / 1000.0 AS on_post_s
  FROM (
    SELECT s.t_in, s.path_m, s.dwell_ms, s.kind, p.area IN (c.grid, c.street, c.district) AS inside,
           CASE WHEN s.t_out > s.t_in THEN extract(epoch FROM least(s.t_out, p.held_to) - greatest(s.t_in, p.held_from))
                / extract(epoch FROM s.t_out - s.t_in) ELSE 1 END::float8 AS part
    FROM stays s CROSS JOIN LATERAL cell_at(s.cell, s.t_in) c
    WHERE s.device = p.device AND s.known_to IS NULL AND s.kind <> 'between' AND s.t_in >= p.held_from - interval '12 h'
      AND s.t_in < p.held_to AND s.t_out >= p.held_from) v) x
CROSS JOIN LATERAL (
  SELECT coalesce(sum(extract(epoch FROM least(u.t_last, p.held_to) - greatest(u.t_first, p.held_from))), 0)::float8
           AS runs_s, count(*) AS runs
  FROM (
    (SELECT t_first, t_last FROM runs WHERE device = p.device AND t_first < p.held_from ORDER BY t_first DESC LIMIT 1)
    UNION ALL
    SELECT t_first, t_last FROM runs WHERE device = p.device AND t_first >= p.held_from AND t_first < p.held_to) u
  WHERE u.t_last > p.held_from) r
CROSS JOIN LATERAL (
  SELECT coalesce(sum(fixes), 0) AS fixes, coalesce(sum(late), 0) AS late,
         coalesce(sum(recorder_known), 0) AS recorder_known, coalesce(sum(recorder_on), 0) AS recorder_on
  FROM device_hours d
  WHERE d.device = p.device AND d.hour > p.held_from - interval '1 hour' AND d.hour < p.held_to) h
"""
_WITHIN = "SELECT * FROM ({parts}) w WHERE $3::int[] IS NULL OR w.device = ANY ($3)"


async def read(
    conn: db.Connection, grid: CityGrid, period: tuple[int, int], level: Level, *, devices: Sequence[int] | None
) -> list[PatrolPart]:
    """Parts of a period (ms); call it within one snapshot.

    Args:
        conn: a connection.
        grid: the cells, to look for second officers in.
        period: start and end.
        level: officers or devices.
        devices: only these; None: all.
    """
    ends = db.moment(period[0]), db.moment(period[1])
    parts = [_SHIFTS] if level == "officer" else [_SHIFTS, _DEVICES]
    rows: list[asyncpg.Record] = []
    for part in parts:
        query = _MEASURED.format(parts=_WITHIN.format(parts=part))
        rows += await conn.fetch(query, *ends, devices)
    events = await duty_events.read(conn, grid, period, devices=devices)
    # Of a device all of the period is counted once, its shifts only say what was expected of it.
    counted = [level == "officer" or row["shift"] is None for row in rows]
    kept = [(row, once) for row, once in zip(rows, counted, strict=True) if level == "officer" or row["device"]]
    return [_part(row, level, period, events if once else [], counted=once) for row, once in kept]


def _part(
    row: "asyncpg.Record",
    level: Level,
    period: tuple[int, int],
    events: Sequence[duty_events.DutyEvent],
    *,
    counted: bool,
) -> PatrolPart:
    starts = db.millis(row["starts"])
    shift = row["shift"]
    lo, hi = db.millis(row["held_from"]), db.millis(row["held_to"])
    mine = [event for event in events if event.device == row["device"] and lo <= event.t < hi]
    reporting, placed = [e for e in mine if e.recorded is not None], [e for e in mine if e.accompanied is not None]

    def once(name: str) -> int:
        return int(row[name]) if counted else 0

    return PatrolPart(
        key=row["key_officer"] if level == "officer" else row["device"],
        shift=shift,
        starts=starts,
        expected_s=0.0 if shift is None else (row["hi"] - row["lo"]).total_seconds(),
        runs_s=float(row["runs_s"]),
        gaps=max(0, row["runs"] - 1),
        has_area=row["area"] is not None,
        on_post_s=float(row["on_post_s"]),
        arrived=None if row["arrived"] is None else db.millis(row["arrived"]),
        first_known=starts >= period[0] and starts + LATE_MS <= period[1],
        way_m=float(row["way_m"]) if counted else 0.0,
        drive_m=float(row["drive_m"]) if counted else 0.0,
        visits=once("visits"),
        drive_throughs=once("drive_throughs"),
        fixes=once("fixes"),
        late=once("late"),
        recorder_known=once("recorder_known"),
        recorder_on=once("recorder_on"),
        events=len(mine),
        events_reporting=len(reporting),
        events_recorded=sum(bool(event.recorded) for event in reporting),
        events_two=sum(bool(event.accompanied) for event in placed),
        events_placed=len(placed),
    )
