"""Where officers stayed last, and since when somebody is in a cell without a valid visit yet: read for the outlook."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alerts import habits
from schemas import wire
from tracking import city, db
from tracking.fixes import FixColumns, Int

# Two short walks down an index for each device. Who is silent still patrols; who signed off does not.
_STOPS = """
SELECT d.id AS device, array_agg(s.cell ORDER BY s.t_in DESC) AS cells, max(s.t_in) AS t_in,
       (array_agg(s.t_out ORDER BY s.t_in DESC))[1] AS t_out, (array_agg(s.open ORDER BY s.t_in DESC))[1] AS open,
       (SELECT f.t FROM fixes f WHERE f.device = d.id AND f.t > $1 AND f.t <= $2 ORDER BY f.t DESC LIMIT 1) AS heard
FROM devices d CROSS JOIN LATERAL (
  SELECT cell, t_in, t_out, open FROM stays
  WHERE device = d.id AND known_to IS NULL AND dwell_ms >= $3 AND t_in > $1 AND t_in <= $2
  ORDER BY t_in DESC LIMIT 2) s
WHERE NOT EXISTS (SELECT 1 FROM sign_offs o WHERE o.device = d.id AND o.t > s.t_out - interval '1 minute' AND o.t <= $2)
GROUP BY d.id ORDER BY d.id
"""
_INSIDE = """
SELECT cell, max(t_in) AS t_in FROM stays
WHERE open AND known_to IS NULL AND kind = 'short' AND t_out > $1 AND t_in <= $2 GROUP BY cell
"""
LEAST_STAY_MS = 60_000
LOOK_BACK_MS = 2 * habits.SPAN_MS
_BUSY = [wire.DUTY_CODE[duty] for duty in (wire.Duty.TASK, wire.Duty.BREAK)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What one look saw of them."""

    officers: habits.Where
    """Officers who patrol."""
    busy: habits.Where
    """Officers on a task or a break."""
    inside_since: Int
    """By cell: when the last one came in whose stay is no valid visit yet, ms; -1 nobody."""


async def read(conn: db.Connection, where: city.City, newest: FixColumns, now: int) -> Whereabouts:
    """Read what is known at `now` (ms).

    Args:
        conn: a connection.
        where: the city.
        newest: the newest fix of each device heard lately: says who is busy.
        now: the moment, ms.
    """
    since, until = db.moment(now - LOOK_BACK_MS), db.moment(now)
    rows = await conn.fetch(_STOPS, since, until, LEAST_STAY_MS)
    inside = np.full(len(where.cells), -1, dtype=np.int64)
    fresh = db.moment(now - city.PRESENT_FOR_MS)
    for row in await conn.fetch(_INSIDE, fresh, until):
        if row["cell"] in where.index:
            inside[where.index[row["cell"]]] = db.millis(row["t_in"])
    occupied = set(newest.device[np.isin(newest.duty, _BUSY)].tolist())
    busy = np.array([row["device"] in occupied for row in rows], dtype=np.bool_)
    cells = [[where.index.get(cell, habits.NOWHERE) for cell in row["cells"]] for row in rows]
    left = np.array([not row["open"] for row in rows], dtype=np.bool_)
    moments = [db.millis(row["t_in"] if row["open"] else row["t_out"]) for row in rows]
    # Fixes may be gone while their stay is kept: then it was heard of as long as the stay went on.
    heard = [db.millis(row["heard"] or row["t_out"]) for row in rows]
    everybody = habits.Where(
        before=_index([each[1] if len(each) > 1 else habits.NOWHERE for each in cells]),
        cell=_index([each[0] for each in cells]),
        left=left,
        since_ms=np.maximum(now - np.array(moments, dtype=np.int64), 0),
        silent_ms=np.maximum(now - np.array(heard, dtype=np.int64), 0),
    )
    return Whereabouts(officers=everybody.some(~busy), busy=everybody.some(busy), inside_since=inside)


def _index(numbers: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.array(numbers, dtype=np.intp)
