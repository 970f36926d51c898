"""Steps over boundaries: time and position of crossings, and the cells that a step passes through. Pure."""

from collections.abc import Iterator

from tracking.geometry.lookup import CityGrid
from tracking.presence.points import Place, Point
from tracking.presence.trail import metres

LEAST_PASS_MS = 1_000
LEAST_PASS_M = 30.0
"""Shorter steps cross no cell that matters."""
LEAST_PASS_M_2 = LEAST_PASS_M**2

Pass = tuple[int, int, int, Place, Place, float]
"""Index of a cell, ms and positions of entering and leaving, m travelled inside."""


def crossing_of(grid: CityGrid, index: int, before: Point | None, after: Point, *, entering: bool) -> tuple[int, Place]:
    """Moment (ms) and position at which the step from `before` to `after` crosses the boundary of a cell."""
    if before is None:
        return after.t, after.place
    part = grid.crossing(index, before.place, after.place, entering=entering, times=(before.t, after.t))
    return before.t + round((after.t - before.t) * part), _along(before, after, part)


def cells_crossed(grid: CityGrid, last: Point, point: Point, depth: float, held: int) -> Iterator[Pass]:
    """Cells crossed between two fixes, in order, except those of the fixes and of the held stay.

    Args:
        grid: the cells.
        last: the fix before.
        point: the fix after.
        depth: distance from the boundary, m, at which the step was surely inside a cell.
        held: index of the cell in which the device is held, -1 for none.
    """
    way, times = metres(last, point), (last.t, point.t)
    if way < max(2 * depth, LEAST_PASS_M):
        return
    # The usual step, within a cell or over a shared boundary, passes through no other cell.
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
    """Position on the straight step between two fixes after `part` (0 to 1) of it."""
    return start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part
