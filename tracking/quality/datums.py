"""Detection of a wrong datum: the places of a device fit far better under another datum than the declared one. Pure.

Within a city a wrong datum moves every place by the same half kilometre or more. The expected places of an officer are
known: the place where the team begins its shift, else the area of the shift, and roads for most of a patrol.

While a shift is suspect, its places do not count: it has no visits. Its places under the better datum count as
sightings, which hide visits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.wire import Datum
from tracking.geometry import datum
from tracking.geometry.lookup import CityGrid
from tracking.geometry.zones import Zones
from tracking.presence.fixes import FixColumns, Float
from tracking.presence.trail import GAP_MS
from tracking.quality.tracks import as_sent
from tracking.routes.roads import Roads

BETTER = 10.0
"""Another datum must fit better by this factor,"""
LEAST_OFF_M = 100.0
"""and the declared one be off by this much,"""
SHIFTS = 3
"""in this many consecutive shifts, with the same datum."""
ON_ROAD_M = 15.0
"""Within this distance of the middle of a piece of road (at most 20 m long) a place lies on it."""
MOSTLY = 0.9
"""Share of a track that must lie on roads under another datum,"""
SELDOM = 0.75
"""and at most under the declared one. Over a whole shift this does not happen by chance."""
LEAST_PLACES = 30
APART_M = 50.0
"""A track is judged by one place per square of this size, so that standing still does not count."""
_FLOOR_M = 5.0
_TEAM = 3
_TEAM_WITHIN_M = 100.0
_TEAM_SHARE = 0.6
_SAMPLE = 240
HYPOTHESES = (Datum.WGS84, Datum.GCJ02, Datum.BD09)


@dataclass(frozen=True, slots=True, kw_only=True)
class BetterDatum:
    """Another datum fits one shift far better."""

    fits: Datum
    off_m: float
    """Distance from the expected place under the declared datum, m."""
    off_fits_m: float
    """The same under the other datum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatumOffset:
    """Distances from the expected place of the officer, m."""

    as_is: float
    """Of the places as stored."""
    under: Mapping[Datum, float]
    """Of the places as sent, under each datum."""


def places(lat: Float, lon: Float) -> Mapping[Datum, tuple[Float, Float]]:
    """WGS-84 places of degrees as sent, under every hypothesis."""
    return {hypothesis: datum.to_wgs84(lat, lon, hypothesis) for hypothesis in HYPOTHESES}


def better_datum(off: DatumOffset) -> BetterDatum | None:
    """Compare the distances of one shift from its expected place, as stored and under each datum."""
    fits, least = min(off.under.items(), key=lambda candidate: (candidate[1], candidate[0]))
    if off.as_is < LEAST_OFF_M or off.as_is < BETTER * max(least, _FLOOR_M):
        return None
    return BetterDatum(fits=fits, off_m=off.as_is, off_fits_m=least)


def off_roads(roads: Roads, grid: CityGrid, fixes: FixColumns) -> BetterDatum | None:
    """Compare the share of a track that lies on roads, as stored and under each datum."""
    if not len(roads):
        return None
    x, y = grid.xy(fixes.lat, fixes.lon)
    squares = np.floor(np.stack([x, y], axis=1) / APART_M).astype(np.int64)
    places = np.sort(np.unique(squares, axis=0, return_index=True)[1])
    if len(places) < LEAST_PLACES:
        return None
    x, y = x[places], y[places]
    at = under_each_datum(grid, fixes.take(places))
    on_road = {hypothesis: float(roads.near(*there, ON_ROAD_M).mean()) for hypothesis, there in at.items()}
    fits = max(on_road, key=lambda hypothesis: (on_road[hypothesis], hypothesis))
    if on_road[fits] < MOSTLY or roads.near(x, y, ON_ROAD_M).mean() > SELDOM:
        return None
    off = np.hypot(x - at[fits][0], y - at[fits][1])
    return BetterDatum(fits=fits, off_m=float(np.median(off)), off_fits_m=ON_ROAD_M)


def area_offset(grid: CityGrid, area: Zones, fixes: FixColumns) -> DatumOffset:
    """Mean distance of some of the fixes from the area of their shift, the first of `area`; 0 inside."""
    sample = fixes.take(slice(None, None, max(1, len(fixes) // _SAMPLE)))
    first = np.zeros(len(sample), dtype=np.intp)

    def off(x: Float, y: Float) -> float:
        return float(np.mean(np.maximum(0.0, -area.inside_by(first, x, y))))

    return DatumOffset(
        as_is=off(*grid.xy(sample.lat, sample.lon)),
        under={hypothesis: off(*at) for hypothesis, at in under_each_datum(grid, sample).items()},
    )


def under_each_datum(grid: CityGrid, fixes: FixColumns) -> Mapping[Datum, tuple[Float, Float]]:
    """Places on the city's plane under each datum, m."""
    return {hypothesis: grid.xy(lat, lon) for hypothesis, (lat, lon) in places(*as_sent(fixes)).items()}


def cells_under(grid: CityGrid, fixes: FixColumns, fits: Datum) -> list[tuple[int, int, int]]:
    """Cells of fixes, in order of time, under a datum, as stretches: (number in the store, from and to in ms)."""
    lat, lon = datum.to_wgs84(*as_sent(fixes), fits)
    cell = grid.locate(lat, lon, fixes.t)
    apart = (np.diff(cell) != 0) | (np.diff(fixes.t) > GAP_MS)
    first = np.flatnonzero(np.append(True, apart)) if len(cell) else np.empty(0, np.intp)
    last = np.append(first[1:], len(cell)) - 1
    stretches = zip(cell[first].tolist(), fixes.t[first].tolist(), fixes.t[last].tolist(), strict=True)
    return [stretch for stretch in stretches if stretch[0] >= 0]


def agreed_datum(shifts: Sequence[BetterDatum | None]) -> Datum | None:
    """The datum on which the last shifts, oldest first, agree; None: they do not."""
    last = shifts[-SHIFTS:]
    if len(last) < SHIFTS or any(shift is None for shift in last):
        return None
    fits = {shift.fits for shift in last if shift is not None}
    return fits.pop() if len(fits) == 1 else None


def team_base(x: Float, y: Float) -> tuple[float, float] | None:
    """Place where a team begins its shifts, from the first places of its devices, m; None: no common place."""
    if len(x) < _TEAM:
        return None
    middle = float(np.median(x)), float(np.median(y))
    near = np.hypot(x - middle[0], y - middle[1]) <= _TEAM_WITHIN_M
    return middle if near.sum() >= _TEAM and near.mean() >= _TEAM_SHARE else None
