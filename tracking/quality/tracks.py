"""Signs of a faked track in the fixes of one device, given as columns. Pure."""

import numpy as np
from numpy.typing import NDArray

from schemas import wire
from tracking.geometry import degrees
from tracking.geometry.depth import ASSUMED_ACCURACY_M, BEST_ACCURACY_M, SIGMA_OF_68
from tracking.presence import plausibility
from tracking.presence.fixes import ABSENT, Bool, FixColumns, Float
from tracking.quality.model import Finding, FindingKind

DEGREE = 1e-7
"""Largest difference of places that count as the same."""
SAME_FIXES = 10
MOCKED_FIXES = 3
BACKWARD_STEPS = 3
JUMPS = 4
"""Number of impossible steps; a single jump of a receiver has two, there and back."""
STEPS = 30
"""Clear steps needed for a comparison of speeds and courses."""
CONTRADICTING = 0.5
_LONGEST_STEP_MS = 30_000
_OPPOSITE = 120.0


def mocked(fixes: FixColumns) -> Finding | None:
    """The platform reports mocked positions."""
    return _found(FindingKind.MOCKED, fixes, fixes.flags & wire.FixFlag.MOCK > 0, MOCKED_FIXES)


def identical(fixes: FixColumns) -> Finding | None:
    """The same coordinates in many consecutive fixes."""
    own = fixes.take((fixes.src == wire.SOURCE_CODE[wire.Source.GNSS]) & ~np.isnan(fixes.lat))
    if len(own) < SAME_FIXES:
        return None
    lat, lon = as_sent(own)
    same = (np.abs(np.diff(lat)) < DEGREE) & (np.abs(np.diff(lon)) < DEGREE)
    starts, stops = _runs(same)
    long = stops - starts + 1 >= SAME_FIXES
    if not long.any():
        return None
    first, last = int(starts[long][0]), int(stops[long][-1])
    most = int((stops - starts)[long].max()) + 1
    return _finding(FindingKind.IDENTICAL, own, first, last, n=most)


def impossible(fixes: FixColumns) -> Finding | None:
    """More jumps than receivers occasionally make."""
    real = fixes.take(plausibility.eligible(fixes))
    if len(real) <= JUMPS:
        return None
    dx, dy = _steps_m(real)
    dt, sigma = np.diff(real.t).astype(np.float64), _sigma(real)
    jump = ~plausibility.steps_possible(dx, dy, dt, sigma[1:], sigma[:-1], fastest=plausibility.JUMP_M_PER_S)
    if jump.sum() < JUMPS:
        return None
    at = np.flatnonzero(jump)
    fastest = float((np.hypot(dx, dy) / np.maximum(dt / 1000, 1e-3))[jump].max())
    return _finding(
        FindingKind.IMPOSSIBLE, real, int(at[0]), int(at[-1]) + 1, n=int(jump.sum()), fastest_kmh=round(fastest * 3.6)
    )


def contradiction(fixes: FixColumns) -> Finding | None:
    """Speed or course of the receiver differs from that of the places most of the time."""
    real = fixes.take(plausibility.eligible(fixes))
    if len(real) <= STEPS:
        return None
    dx, dy = _steps_m(real)
    dt, sigma = np.diff(real.t).astype(np.float64), _sigma(real)
    metres = np.hypot(dx, dy)
    speed = metres / np.maximum(dt / 1000, 1e-3)
    # A step is clear if it is longer than noise explains and short enough to be straight.
    clear = (dt <= _LONGEST_STEP_MS) & (metres >= 3 * (sigma[1:] + sigma[:-1]))
    reported = np.maximum(real.spd[1:], real.spd[:-1]).astype(np.float64)
    wrong_speed = ~np.isnan(reported) & (reported < 0.25 * speed - 1.0)
    course = np.degrees(np.arctan2(dx, dy)) % 360
    turn = [
        np.abs((course_of.astype(np.float64) - course + 180) % 360 - 180) for course_of in (real.hdg[1:], real.hdg[:-1])
    ]
    wrong_course = np.minimum(*turn) > _OPPOSITE
    wrong = clear & (wrong_speed | wrong_course)
    if clear.sum() < STEPS or wrong.sum() <= CONTRADICTING * clear.sum():
        return None
    at, share = np.flatnonzero(wrong), float(wrong.sum() / clear.sum())
    return _finding(
        FindingKind.CONTRADICTION, real, int(at[0]), int(at[-1]) + 1, share_pct=round(100 * share), n=int(clear.sum())
    )


def time_stands(fixes: FixColumns) -> Finding | None:
    """Later numbers of one boot repeatedly have earlier times."""
    rows = [row for row, boot in enumerate(fixes.boot.tolist()) if boot is not None and fixes.seq[row] != ABSENT]
    if len(rows) <= BACKWARD_STEPS:
        return None
    numbered = fixes.take(np.array(rows, dtype=np.intp))
    boots = np.unique(numbered.boot.astype(str), return_inverse=True)[1]
    numbered = numbered.take(np.lexsort((numbered.seq, boots)))
    boots = np.sort(boots)
    backward = (np.diff(numbered.t) < 0) & (np.diff(boots) == 0)
    if backward.sum() < BACKWARD_STEPS:
        return None
    times = numbered.t[1:][backward]
    return Finding(
        device=int(numbered.device[0]), kind=FindingKind.TIME_STANDS, since=int(times.min()), until=int(times.max()),
        evidence={"n": int(backward.sum())},
    )  # fmt: skip


def as_sent(fixes: FixColumns) -> tuple[Float, Float]:
    """Degrees as the device sent them, in its own datum."""
    sent = ~np.isnan(fixes.raw_lat)
    return np.where(sent, fixes.raw_lat, fixes.lat), np.where(sent, fixes.raw_lon, fixes.lon)


def _found(kind: FindingKind, fixes: FixColumns, so: Bool, least: int) -> Finding | None:
    at = np.flatnonzero(so)
    return None if len(at) < least else _finding(kind, fixes, int(at[0]), int(at[-1]), n=len(at))


def _finding(kind: FindingKind, fixes: FixColumns, first: int, last: int, **evidence: float) -> Finding:
    return Finding(
        device=int(fixes.device[0]), kind=kind, since=int(fixes.t[first]), until=int(fixes.t[last]), evidence=evidence
    )


def _runs(same: Bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last fix of each run in which every step is `same`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]


def _steps_m(fixes: FixColumns) -> tuple[Float, Float]:
    """East and north of each step, m."""
    return degrees.metres(np.diff(fixes.lat), np.diff(fixes.lon), (fixes.lat[1:] + fixes.lat[:-1]) / 2)


def _sigma(fixes: FixColumns) -> Float:
    acc = np.where(np.isnan(fixes.acc), ASSUMED_ACCURACY_M, np.maximum(fixes.acc, BEST_ACCURACY_M))
    return np.asarray(acc * SIGMA_OF_68, dtype=np.float64)
