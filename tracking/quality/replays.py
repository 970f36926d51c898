"""Detection of replayed tracks: the same places in the same order at another time. Pure.

A thin sample of the places is kept for weeks. Two tracks that share a few of them with the same shift of time
are compared fix by fix: noise never repeats to the sixth decimal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracking.presence.fixes import FixColumns, Int
from tracking.quality.tracks import as_sent

SAMPLED = 32
"""One place in this many is kept as a mark."""
LEAST_MARKS = 3
LEAST_FIXES = 20
SHIFT_MS = 3_600_000
"""A device that returns to a place within this time does not count as a replay."""
SLACK_MS = 2_000
_PER_DEGREE = 1_000_000
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Sampled places of one device."""

    mark: Int
    t: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkMatch:
    """An earlier stored mark at a place of this track."""

    t: int
    """Time in this track, ms."""
    device: int
    """Number of its device."""
    then: int
    """Time of the stored mark, ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A device and shift of time of which this track may be a copy."""

    device: int
    shift: int
    """Time in this track minus that of the original, ms."""


def marks(fixes: FixColumns) -> Marks:
    """Sample the places of a moving device."""
    places = _places(fixes)
    moved = np.append(np.diff(places) != 0, True) if len(places) else np.empty(0, np.bool_)
    with np.errstate(over="ignore"):
        drawn = (places.astype(np.uint64) * _MIX) >> np.uint64(40)
    chosen = moved & (drawn % SAMPLED == 0)
    return Marks(mark=places[chosen], t=fixes.t[chosen])


def candidates(device: int, met: list[MarkMatch]) -> list[Candidate]:
    """Devices and shifts on which enough marks agree; an original is always earlier."""
    originals: list[Candidate] = []
    by_device: dict[int, list[int]] = {}
    for mark in met:
        shift = mark.t - mark.then
        if shift >= SHIFT_MS or (shift > 0 and mark.device != device):
            by_device.setdefault(mark.device, []).append(shift)
    for other, shifts in sorted(by_device.items()):
        ordered = np.sort(np.array(shifts, dtype=np.int64))
        agree = np.searchsorted(ordered, ordered + 2 * SLACK_MS, "right") - np.arange(len(ordered))
        at = int(np.argmax(agree))
        if agree[at] >= LEAST_MARKS:
            originals.append(Candidate(device=other, shift=int(np.median(ordered[at : at + int(agree[at])]))))
    return originals


def same_fixes(ours: FixColumns, theirs: FixColumns, shift: int) -> NDArray[np.bool_]:
    """Which of these fixes repeat one of the original, `shift` ms later."""
    place_of = dict(zip(((theirs.t + shift) // (2 * SLACK_MS)).tolist(), _places(theirs).tolist(), strict=True))
    bins, places = (ours.t // (2 * SLACK_MS)).tolist(), _places(ours).tolist()
    near = [
        any(place_of.get(place_bin + k) == place for k in (-1, 0, 1))
        for place_bin, place in zip(bins, places, strict=True)
    ]
    moved = np.append(np.diff(_places(ours)) != 0, True) if len(ours) else np.empty(0, np.bool_)
    return np.asarray(np.array(near, dtype=np.bool_) & moved)


def _places(fixes: FixColumns) -> Int:
    """Places as sent, to a millionth of a degree, as one number each."""
    lat, lon = as_sent(fixes)
    north, east = np.rint((lat + 90) * _PER_DEGREE), np.rint((lon + 180) * _PER_DEGREE)
    return (north * (360 * _PER_DEGREE + 1) + east).astype(np.int64)
