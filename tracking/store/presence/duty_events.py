"""Enforcement events of a period: whether the recorder ran, and whether a second officer was there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime import db
from schemas import wire
from tracking.geometry.degrees import M_PER_DEGREE
from tracking.geometry.lookup import CityGrid
from tracking.presence.fixes import Float

NEAR_M = 50.0
"""Distance within which a second officer counts as present (domain §2.3)."""
MOST_EVENTS = 20_000
"""Most events examined: the latest of the period."""
_SIGNALS = [signal.value for signal in wire.Signal]

# The recorder ran: by its last word from ten seconds before the event on, and by every word since. Each event looks at
# two minutes of its own device, by the primary key.
_EVENTS = """
SELECT v.device, v.t, v.lat, v.lon, v.cell,
  (SELECT (array_agg(f.flags & 4 <> 0 ORDER BY f.t DESC) FILTER (WHERE f.t <= v.t - interval '10 s'))[1]
          AND coalesce(bool_and(f.flags & 4 <> 0) FILTER (WHERE f.t > v.t - interval '10 s'), true)
   FROM fixes f WHERE f.device = v.device AND f.t > v.t - interval '130 s' AND f.t <= v.t AND f.flags & 2 <> 0
  ) AS recorded
FROM events v
WHERE v.t >= $1 AND v.t < $2 AND ($3::int[] IS NULL OR v.device = ANY ($3)) AND NOT v.type = ANY ($5::text[])
ORDER BY v.t DESC LIMIT $4
"""
# Who stayed in one of the cells near the event, and whose fix nearest in time lies within the distance. That stays end
# after the beginning of the period follows from the times of events; the planner learns from it how few they are.
_SECOND = """
SELECT DISTINCT v.n
FROM unnest($1::int[], $2::int[], $3::timestamptz[], $4::float8[], $5::float8[], $6::int[])
     AS v(n, device, t, lat, lon, cell)
JOIN stays o ON o.cell = v.cell AND o.known_to IS NULL AND o.device <> v.device
  AND o.t_out >= $9::timestamptz - interval '30 s'
  AND o.t_out >= v.t - interval '30 s' AND o.t_in <= v.t + interval '30 s'
CROSS JOIN LATERAL (
  SELECT f.lat, f.lon FROM fixes f
  WHERE f.device = o.device AND f.t BETWEEN v.t - interval '30 s' AND v.t + interval '30 s'
  ORDER BY abs(extract(epoch FROM f.t - v.t)) LIMIT 1) f
WHERE $7 * sqrt((f.lat - v.lat) ^ 2 + ((f.lon - v.lon) * cos(radians(v.lat))) ^ 2) <= $8
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyEvent:
    """An event, and whether it was recorded and attended by a second officer."""

    device: int
    t: int
    """ms."""
    recorded: bool | None
    """The recorder ran from ten seconds before on; None: not known."""
    accompanied: bool | None
    """Another officer was within 50 m; None: it happened outside every cell."""


async def read(
    conn: db.Connection, grid: CityGrid, period: tuple[int, int], *, devices: Sequence[int] | None
) -> list[DutyEvent]:
    """Events of a period (ms) and of some devices (None: all), the latest first."""
    rows = await conn.fetch(_EVENTS, db.moment(period[0]), db.moment(period[1]), devices, MOST_EVENTS, _SIGNALS)
    if not rows:
        return []
    lat, lon = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("lat", "lon"))
    near = _cells_near(grid, lat, lon)
    at = [n for n, cells in enumerate(near) for _ in cells]
    second = await conn.fetch(
        _SECOND, at, [rows[n]["device"] for n in at], [rows[n]["t"] for n in at], lat[at].tolist(), lon[at].tolist(),
        [cell for cells in near for cell in cells], M_PER_DEGREE, NEAR_M,
        db.moment(period[0]),
    )  # fmt: skip
    accompanied = {row["n"] for row in second}
    return [
        DutyEvent(
            device=row["device"], t=db.millis(row["t"]), recorded=row["recorded"],
            accompanied=n in accompanied if near[n] else None,
        )
        for n, row in enumerate(rows)
    ]  # fmt: skip


def _cells_near(grid: CityGrid, lat: Float, lon: Float) -> list[list[int]]:
    """Cells at each place and at the points of the compass around it, by their numbers."""
    angles = np.arange(8) * np.pi / 4
    north = np.append(0, np.cos(angles)) * NEAR_M / M_PER_DEGREE
    east = np.append(0, np.sin(angles)) * NEAR_M / M_PER_DEGREE
    lats = lat[:, None] + north[None, :]
    lons = lon[:, None] + east[None, :] / np.cos(np.radians(lat))[:, None]
    cells = grid.locate(lats.ravel(), lons.ravel()).reshape(lats.shape)
    return [sorted({int(cell) for cell in row if cell >= 0}) for row in cells]
