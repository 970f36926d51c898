"""Data of the cleaning besides its findings: fixes of an hour, pairs of devices, marks of places."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from runtime import db
from tracking.presence.fixes import FixColumns
from tracking.quality import clock
from tracking.quality.replays import MarkMatch, Marks
from tracking.store.tracks import fix_store

MARKS_KEPT_MS = 30 * 86_400_000
LATE_KEPT_MS = 86_400_000
_PAGE = 20_000

_HEARD = """
SELECT d.id FROM devices d
WHERE EXISTS (SELECT FROM fixes WHERE device = d.id AND t >= $1 AND t < $2) ORDER BY d.id
"""
# Devices that were in the same cells at the same time for long: only their fixes need be compared.
_NEAR = """
SELECT a.device AS one, b.device AS other
FROM stays a JOIN stays b ON b.cell = a.cell AND b.device > a.device AND b.t_in < a.t_out AND b.t_out > a.t_in
WHERE a.known_to IS NULL AND b.known_to IS NULL AND 'between' NOT IN (a.kind, b.kind)
  AND a.t_out > $1 AND a.t_in < $2 AND b.t_out > $1 AND b.t_in < $2
  AND a.t_in > $1 - interval '16 hours' AND b.t_in > $1 - interval '16 hours'
  AND ($3::int[] IS NULL OR a.device = ANY ($3) OR b.device = ANY ($3))
GROUP BY a.device, b.device
HAVING sum(least(a.t_out, b.t_out, $2) - greatest(a.t_in, b.t_in, $1)) >= $4
ORDER BY 1, 2
"""
_REFUSED = """
SELECT d.id, r.at, r.detail FROM refusals r JOIN devices d ON d.name = split_part(r.topic, '/', 4)
WHERE r.reason = 'future_time' AND r.at >= $1 AND r.at < $2 ORDER BY r.at
"""
_RIGHT = """
SELECT EXISTS (SELECT FROM fixes WHERE device = $1 AND t >= $2 AND t < $3 AND received <= $3)
"""
_MARK = (
    "INSERT INTO track_marks SELECT * FROM unnest($1::bigint[], $2::int[], $3::timestamptz[]) ON CONFLICT DO NOTHING"
)
_MET = """
SELECT o.t AS ours, m.device, m.t FROM unnest($1::bigint[], $2::timestamptz[]) AS o (mark, t)
JOIN track_marks m ON m.mark = o.mark WHERE m.device <> $3 OR m.t <> o.t
"""
_LATE = """
SELECT id, device, t_lo, t_hi FROM late_windows WHERE id > $1 AND received < $2 ORDER BY id LIMIT $3
"""


async def devices_heard(conn: db.Connection, lo: int, hi: int) -> list[int]:
    """Devices with fixes from `lo` to `hi`, not included."""
    return [row["id"] for row in await conn.fetch(_HEARD, db.moment(lo), db.moment(hi))]


async def fixes(conn: db.Connection, device: int, lo: int, hi: int) -> FixColumns:
    """The device's fixes from `lo` to `hi`, not included, the first 20,000 of them: five hours at one a second."""
    return await fix_store.page_of(conn, device, lo, hi - 1, _PAGE)


async def near(
    conn: db.Connection, lo: int, hi: int, devices: Collection[int] | None, least_ms: int
) -> list[tuple[int, int]]:
    """Pairs of devices that shared cells for `least_ms` or more; `devices` None: of all."""
    chosen = None if devices is None else sorted(devices)
    rows = await conn.fetch(_NEAR, db.moment(lo), db.moment(hi), chosen, db.span(least_ms))
    return [(row["one"], row["other"]) for row in rows]


async def refused_clocks(conn: db.Connection, lo: int, hi: int) -> Mapping[int, clock.Skew]:
    """Clocks so far ahead that their fixes were refused, by device."""
    refusals: dict[int, list[tuple[int, str]]] = {}
    for row in await conn.fetch(_REFUSED, db.moment(lo), db.moment(hi)):
        refusals.setdefault(row["id"], []).append((db.millis(row["at"]), row["detail"]))
    estimates = {
        device: clock.estimate_refused([detail for _, detail in refused], np.array([at for at, _ in refused]))
        for device, refused in refusals.items()
    }
    return {device: skew for device, skew in estimates.items() if skew is not None}


async def heard_right(conn: db.Connection, device: int, since: int, until: int) -> bool:
    """Whether fixes of a device came from `since` to `until` (ms) that were taken then: its clock was right."""
    return bool(await conn.fetchval(_RIGHT, device, db.moment(since), db.moment(until)))


async def mark(conn: db.Connection, device: int, marks: Marks) -> None:
    """Store marks; existing ones stay."""
    if len(marks.t):
        moments = [db.moment(t) for t in marks.t.tolist()]
        await conn.execute(_MARK, marks.mark.tolist(), [device] * len(moments), moments)


async def mark_matches(conn: db.Connection, device: int, marks: Marks) -> list[MarkMatch]:
    """Other stored marks at the same places."""
    if not len(marks.t):
        return []
    rows = await conn.fetch(_MET, marks.mark.tolist(), [db.moment(t) for t in marks.t.tolist()], device)
    return [MarkMatch(t=db.millis(row["ours"]), device=row["device"], then=db.millis(row["t"])) for row in rows]


async def late_since(conn: db.Connection, after: int, before: int, limit: int) -> Sequence[tuple[int, int, int, int]]:
    """Late windows with a number above `after`, received before `before`: (number, device, ms, ms)."""
    rows = await conn.fetch(_LATE, after, db.moment(before), limit)
    return [(row["id"], row["device"], db.millis(row["t_lo"]), db.millis(row["t_hi"])) for row in rows]


async def trim(conn: db.Connection, now: int) -> None:
    """Remove marks and late windows that are no longer needed."""
    await conn.execute("DELETE FROM track_marks WHERE t < $1", db.moment(now - MARKS_KEPT_MS))
    await conn.execute("DELETE FROM late_windows WHERE received < $1", db.moment(now - LATE_KEPT_MS))
