"""Steps over boundaries: when and where one crosses into or out of a cell, and which cells it passes through. Pure."""

from collections.abc import Iterator

from tracking.geometry.lookup import CityGrid
from tracking.presence.points import Place, Point
from tracking.presence.trail import metres

LEAST_PASS_MS = 1_000
LEAST_PASS_M = 30.0
"""Shorter steps cross no cell that matters."""
LEAST_PASS_M_2 = LEAST_PASS_M**2

Pass = tuple[int, int, int, Place, Place, float]
"""Index of a cell, ms of entering and leaving, the places where, m on the way inside."""


def at(grid: CityGrid, index: int, before: Point | None, after: Point, *, entering: bool) -> tuple[int, Place]:
    """Moment (ms) and place at which the step from `before` to `after` crosses the boundary of a cell."""
    if before is None:
        return after.t, after.place
    part = grid.crossing(index, before.place, after.place, entering=entering, times=(before.t, after.t))
    return before.t + round((after.t - before.t) * part), _along(before, after, part)


def passed(grid: CityGrid, last: Point, point: Point, depth: float, held: int) -> Iterator[Pass]:
    """Cells crossed between two fixes, in order, other than those of the fixes and the one that is held.

    Args:
        grid: the cells.
        last: the fix before.
        point: the fix after.
        depth: so far inside of a cell, m, the way surely was in it.
        held: index of the cell in which the device is held, -1 for none.
    """
    way, times = metres(last, point), (last.t, point.t)
    if way < max(2 * depth, LEAST_PASS_M):
        return
    # The usual step, within a cell or over a boundary that both cells share, passes through nothing.
    if (
        min(last.inner, point.inner) >= 0
        and not grid.divided(*times)
        and grid.adjoin(last.inner, point.inner, last.place, point.place, least_m=2 * depth)
    ):
        return
    own = {last.inner, point.inner, held}
    for index, enter, leave in grid.crossed(last.place, point.place, least_depth_m=depth, times=times):
        t_in, t_out = (last.t + round((point.t - last.t) * part) for part in (enter, leave))
        if index not in own and t_out - t_in >= LEAST_PASS_MS:
            yield index, t_in, t_out, _along(last, point, enter), _along(last, point, leave), (leave - enter) * way


def _along(start: Point, end: Point, part: float) -> Place:
    """Where the straight step between two fixes has come after `part` (0 to 1) of it."""
    return start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part
