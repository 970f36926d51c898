"""Last stays of officers, and stays in progress without a valid visit yet, for the outlook."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import habits
from runtime import db
from schemas import wire
from tracking.presence.fixes import FixColumns, Int
from tracking.presence.silence import UNHEARD_MS
from tracking.store.city import city
from tracking.store.records import packed
from tracking.store.records.packed import ColumnType

_COLUMNS: packed.Columns = {
    "device": ColumnType.INT4,
    "cell": ColumnType.INT4,
    "before": ColumnType.INT4,
    "t_in": ColumnType.TIME,
    "t_out": ColumnType.TIME,
    "open": ColumnType.INT2,
    "heard": ColumnType.TIME,
}
# Two short index scans for each device. A silent officer still patrols; one who signed off does not.
_STOPS = packed.select(
    _COLUMNS,
    """
SELECT d.id AS device, (array_agg(s.cell ORDER BY s.t_in DESC))[1] AS cell,
       (array_agg(s.cell ORDER BY s.t_in DESC))[2] AS before, max(s.t_in) AS t_in,
       (array_agg(s.t_out ORDER BY s.t_in DESC))[1] AS t_out,
       (array_agg(s.open ORDER BY s.t_in DESC))[1]::int::smallint AS open,
       (SELECT f.t FROM fixes f WHERE f.device = d.id AND f.t > $1 AND f.t <= $2 ORDER BY f.t DESC LIMIT 1) AS heard
FROM devices d CROSS JOIN LATERAL (
  SELECT cell, t_in, t_out, open FROM stays
  WHERE device = d.id AND known_to IS NULL AND kind <> 'between' AND dwell_ms >= $3 AND t_in > $1 AND t_in <= $2
  ORDER BY t_in DESC LIMIT 2) s
WHERE NOT EXISTS (SELECT 1 FROM sign_offs o WHERE o.device = d.id AND o.t > s.t_out - interval '1 minute' AND o.t <= $2)
GROUP BY d.id ORDER BY d.id
""",
)
_INSIDE = """
SELECT cell, max(t_in) AS t_in FROM stays
WHERE open AND known_to IS NULL AND kind = 'short' AND t_out > $1 AND t_in <= $2 GROUP BY cell
"""
LEAST_STAY_MS = 60_000
LOOK_BACK_MS = 2 * habits.SPAN_MS
_BUSY = [wire.DUTY_CODE[duty] for duty in (wire.Duty.TASK, wire.Duty.BREAK)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Their data for one evaluation."""

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
    stops = await packed.fetch(conn, _COLUMNS, _STOPS, since, until, LEAST_STAY_MS)
    inside = np.full(len(where.cells), -1, dtype=np.int64)
    fresh = db.moment(now - UNHEARD_MS)
    for row in await conn.fetch(_INSIDE, fresh, until):
        if row["cell"] in where.index:
            inside[where.index[row["cell"]]] = db.millis(row["t_in"])
    busy = np.isin(stops["device"], newest.device[np.isin(newest.duty, _BUSY)])
    is_open = stops["open"] == 1
    # Fixes may be dropped before their stay: then the device was heard until the end of the stay.
    heard = np.where(stops["heard"] == packed.NEVER, stops["t_out"], stops["heard"])
    everybody = habits.Where(
        device=stops["device"].astype(np.int64),
        before=_index(where, stops["before"]),
        cell=_index(where, stops["cell"]),
        left=~is_open,
        since_ms=np.maximum(now - np.where(is_open, stops["t_in"], stops["t_out"]), 0),
        silent_ms=np.maximum(now - heard, 0),
    )
    return Whereabouts(officers=everybody.some(~busy), busy=everybody.some(busy), inside_since=inside)


def _index(where: city.City, cells: NDArray[np.int32]) -> NDArray[np.intp]:
    """Indices of cells given by their numbers in the store, NOWHERE for those not in force."""
    return np.array([where.index.get(cell, habits.NOWHERE) for cell in cells.tolist()], dtype=np.intp)
