"""The path inside one cell, measured by the short-term noise of the receiver (`noise`). Pure."""

from array import array
from math import exp, sqrt

from tracking.geometry import degrees
from tracking.geometry.depth import SIGMA_OF_68, UNSAID_SIGMA_M
from tracking.presence.fixes import FixColumns
from tracking.presence.noise import Knot, Noise
from tracking.presence.points import Fixes, Place

MEMORY_S = 60.0
"""Correlation time of the slow error."""
CLEAR_SIGMAS = 3.4
"""Standard deviations of both ends by which two positions must differ, so that a standing device gets no path."""
LEAST_STEP_M, MOST_STEP_M = 10.0, 60.0
"""Bounds of that distance; without the upper one any path in street canyons would be lost."""
WINDOW_MS = 60_000
"""Bends are searched among the knots of this time: before it the device stood, and its bends are noise."""
DETOUR_SIGMAS = 0.7
"""Multiple of the relative noise by which a path around a bend must be longer than the straight one."""
LEG_SIGMAS = 2.5
LEAST_LEG_M = 3.0
"""Multiple of the relative noise, and metres, by which a bend must be away from both ends."""

# Share of the variance of the slow error not shared by two positions this many seconds apart.
_APART = [1 - exp(-s / MEMORY_S) for s in range(WINDOW_MS // 1000 + 1)]
_CLEAR_2 = (2 * CLEAR_SIGMAS) ** 2
_LEAST_STEP_2, _MOST_STEP_2 = LEAST_STEP_M**2, MOST_STEP_M**2


def estimated_accuracy_m(fixes: FixColumns) -> float:
    """68 % radius (m) of a receiver that never reports it, from eligible fixes of some minutes, in order of time."""
    path, count = Path(Noise()), len(fixes)
    east, north = degrees.metres(fixes.lat, fixes.lon, float(fixes.lat[:1].sum()))
    path.add((fixes.t.tolist(), east.tolist(), north.tolist(), [UNSAID_SIGMA_M] * count), 0, count)
    return path.noise.absolute_m(UNSAID_SIGMA_M) / SIGMA_OF_68


class Path:
    """Path inside a cell from corner to corner: knots that are clear of the corner, or of a knot of the last minute."""

    __slots__ = "_corner", "_knot", "_since", "metres", "noise"

    def __init__(self, noise: Noise) -> None:
        self.metres = 0.0
        """Path up to the last corner, m."""
        self.noise = noise
        self._corner: Knot | None = None
        # Of the fixes of the next knot: ms of the first, sums of times, x and y, their number, and the last one's
        # standard deviation.
        self._knot: tuple[int, int, float, float, int, float] | None = None
        # ms, x, y of the knots since the corner, one after the other. No tuples: a large fleet would have millions,
        # and the garbage collector would traverse all of them.
        self._since: array[float] = array("d")

    def add(self, fixes: Fixes, start: int, end: int) -> None:
        """Take the fixes inside from row `start` to row `end` (not included)."""
        times, xs, ys, sigmas = fixes
        take = self.add_one
        for row in range(start, end):
            take(times[row], xs[row], ys[row], sigmas[row])

    def add_one(self, t: int, x: float, y: float, sigma: float) -> None:
        """Take a fix inside: fixes close in time are one knot."""
        knot = self._knot
        if knot is not None:
            first, sum_t, sum_x, sum_y, count, _ = knot
            if t - first < self.noise.width_ms:
                self._knot = first, sum_t + t, sum_x + x, sum_y + y, count + 1, sigma
                return
            self._take(_mean(knot))
        self._knot = t, t, x, y, 1, sigma

    def turn(self, t: int, place: Place, sigma: float) -> None:
        """Start or continue measuring at a crossing of the boundary, or at the position after a jump."""
        self.metres = self.whole_m()
        self.let_go()
        self._corner = t, place[0], place[1], sigma
        del self._since[:]

    def let_go(self) -> None:
        """Stop measuring; the noise is learnt from the last knot."""
        if self._knot is not None:
            self.noise.note(_mean(self._knot))
        self._knot = None

    def leave(self, t: int, place: Place, sigma: float) -> None:
        """Cross the boundary outwards: the device has moved, so the last step counts, however short."""
        if self._knot is not None:
            self._take(_mean(self._knot))
        if self._corner is not None:
            self._step_to((t, place[0], place[1], sigma), self._corner)
        self._knot = None

    def whole_m(self) -> float:
        """Path if nothing more follows: the rest counts from half a clear step on, the average for a moving device."""
        corner = self._corner
        if corner is None or self._knot is None:
            return self.metres
        t, x, y, sigma = last = _mean(self._knot)
        absolute = (self.noise.absolute_m(corner[3]) + self.noise.absolute_m(sigma)) / 2
        relative, ms = self.noise.sure_2(absolute), t - corner[0]
        apart = _APART[int(ms) // 1000] if ms < WINDOW_MS else 1.0
        clear = _CLEAR_2 * (relative + max(absolute * absolute - relative, 0.0) * apart)
        if (x - corner[1]) ** 2 + (y - corner[2]) ** 2 < min(max(clear, _LEAST_STEP_2), _MOST_STEP_2) / 4:
            return self.metres
        return self.metres + self._way_m(last, corner)

    def _take(self, knot: Knot) -> None:
        """Take the next knot; it is a corner if the device has moved from the last one, or within the last minute."""
        noise = self.noise
        noise.note(knot)
        corner = self._corner
        if corner is None:
            self._corner = knot
            return
        t, x, y, sigma = knot
        since, row = self._since, len(self._since)
        relative = slow = -1.0
        # One loop on plain numbers, from the newest knot back to the corner: the engine spends most of its time here.
        while row >= 0:
            row -= 3
            at, from_x, from_y = (since[row], since[row + 1], since[row + 2]) if row >= 0 else corner[:3]
            dx, dy, ms = x - from_x, y - from_y, t - at
            way = dx * dx + dy * dy
            if way < _LEAST_STEP_2 or (ms > WINDOW_MS and row >= 0):
                continue
            if relative < 0:
                absolute = (noise.absolute_m(corner[3]) + noise.absolute_m(sigma)) / 2
                relative = noise.sure_2(absolute)
                slow = absolute * absolute - relative
            apart = _APART[int(ms) // 1000] if ms < WINDOW_MS else 1.0
            if way >= _MOST_STEP_2 or way >= _CLEAR_2 * (relative + slow * apart if slow > 0 else relative):
                self._step_to(knot, corner)
                return
        since.extend((t, x, y))
        if since[0] < t - 2 * WINDOW_MS:
            del since[: _first_at(since, t - WINDOW_MS)]

    def _step_to(self, knot: Knot, corner: Knot) -> None:
        self.metres += self._way_m(knot, corner)
        self._corner = knot
        del self._since[:]

    def _way_m(self, end: Knot, corner: Knot) -> float:
        """Path from the corner: straight, or around bends if that is clearly longer."""
        since = self._since
        if not since:
            return sqrt((end[1] - corner[1]) ** 2 + (end[2] - corner[2]) ** 2)
        start = _first_at(since, end[0] - WINDOW_MS)
        bends = list(zip(since[start + 1 :: 3], since[start + 2 :: 3], strict=True))
        noise = self.noise.relative_m(self.noise.absolute_m(end[3]))
        return _bent_m(corner[1:3], bends, end[1:3], DETOUR_SIGMAS * noise, max(LEG_SIGMAS * noise, LEAST_LEG_M))


def _mean(knot: tuple[int, int, float, float, int, float]) -> Knot:
    _, sum_t, sum_x, sum_y, count, sigma = knot
    return (sum_t, sum_x, sum_y, sigma) if count == 1 else (sum_t / count, sum_x / count, sum_y / count, sigma)


def _first_at(since: "array[float]", t: float) -> int:
    """Index in ms, x, y, ms … of the first knot at or after `t` (ms)."""
    row, end = 0, len(since)
    while row < end and since[row] < t:
        row += 3
    return row


def _bent_m(start: Place, since: list[Place], end: Place, least_m: float, leg_m: float) -> float:
    """Path from `start` to `end` around those bends that make it longer by `least_m` or more.

    A bend is at least `leg_m` away from both ends: nearer knots are noise.
    """
    (x, y), (end_x, end_y) = start, end
    longest = straight = sqrt((end_x - x) ** 2 + (end_y - y) ** 2)
    bend = -1
    for row, (bx, by) in enumerate(since):
        there, on = sqrt((bx - x) ** 2 + (by - y) ** 2), sqrt((end_x - bx) ** 2 + (end_y - by) ** 2)
        if there + on > longest and there >= leg_m and on >= leg_m:
            longest, bend = there + on, row
    if bend < 0 or longest - straight < least_m:
        return straight
    place = since[bend]
    return _bent_m(start, since[:bend], place, least_m, leg_m) + _bent_m(place, since[bend + 1 :], end, least_m, leg_m)
