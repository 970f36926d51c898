"""Whether a device's places fit far better under another datum than the one it is set to. Pure.

Within a city a wrong datum moves every place by the same half kilometre or more. What is known of where an officer
must have been: the place where the team begins its shift, else the area of the shift.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from schemas.wire import Datum
from tracking import datum
from tracking.fixes import Float

BETTER = 10.0
"""Another datum must fit so many times better,"""
LEAST_OFF_M = 100.0
"""and the declared one be off by this much,"""
SHIFTS = 3
"""in so many shifts running, with the same datum."""
_FLOOR_M = 5.0
_TEAM = 3
_TEAM_WITHIN_M = 100.0
_TEAM_SHARE = 0.6
HYPOTHESES = (Datum.WGS84, Datum.GCJ02, Datum.BD09)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Another datum fits one shift far better."""

    fits: Datum
    off_m: float
    """How far off the places are under the declared datum."""
    off_fits_m: float
    """And under the other."""


def places(lat: Float, lon: Float) -> Mapping[Datum, tuple[Float, Float]]:
    """WGS-84 places of degrees as sent, under every hypothesis."""
    return {each: datum.to_wgs84(lat, lon, each) for each in HYPOTHESES}


def doubt(declared: Datum, off_m: Mapping[Datum, float]) -> Doubt | None:
    """Compare how far off one shift is under each datum."""
    as_is = off_m[Datum.WGS84 if declared is Datum.CGCS2000 else declared]
    fits, least = min(off_m.items(), key=lambda each: (each[1], each[0]))
    if as_is < LEAST_OFF_M or as_is < BETTER * max(least, _FLOOR_M):
        return None
    return Doubt(fits=fits, off_m=as_is, off_fits_m=least)


def suspected(doubts: Sequence[Doubt | None]) -> Datum | None:
    """The datum that the last shifts agree on, oldest first; None: they do not."""
    last = doubts[-SHIFTS:]
    if len(last) < SHIFTS or any(each is None for each in last):
        return None
    fits = {each.fits for each in last if each is not None}
    return fits.pop() if len(fits) == 1 else None


def team_base(x: Float, y: Float) -> tuple[float, float] | None:
    """Where a team begins its shift, from where its devices did, m; None: not in one place."""
    if len(x) < _TEAM:
        return None
    middle = float(np.median(x)), float(np.median(y))
    near = np.hypot(x - middle[0], y - middle[1]) <= _TEAM_WITHIN_M
    return middle if near.sum() >= _TEAM and near.mean() >= _TEAM_SHARE else None
