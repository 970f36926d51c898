"""Where a device is held to be, looking back over the run at each fix ("Where a device is", rules 2 and 3)."""

from dataclasses import dataclass

from bench.truth.city import OUTSIDE, City
from bench.truth.fixes import Heard

SURE, DEEP = 0.8416, 3.0
CONFIRMED_MS = 30_000
LEFT_MS = 60_000
NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Placed:
    """A fix of a run and its place."""

    heard: Heard
    place: int
    depth: float
    """σ from the boundary of its place."""

    @property
    def t(self) -> int:
        """Its time, ms."""
        return self.heard.fix.t


def placed(city: City, run: list[Heard]) -> list[Placed]:
    """Look the fixes of a run up."""
    made = []
    for each in run:
        fix = each.fix
        place = city.place(fix.x, fix.y, fix.t)
        made.append(Placed(each, place, city.margin(fix.x, fix.y, fix.t, place) / each.sigma))
    return made


def held(city: City, run: list[Placed]) -> list[int]:
    """Place in which the device is held at each fix of a run: a cell, OUTSIDE or NOWHERE."""
    decided: list[int] = []
    for k, fix in enumerate(run):
        before = _still(city, run, k, decided[-1] if decided else NOWHERE)
        if fix.place == before or fix.depth >= DEEP or (fix.depth >= SURE and _confirmed(run, k)):
            decided.append(fix.place)
        elif before != NOWHERE and fix.t - run[_first_outside(run, k, before)].t >= LEFT_MS:
            decided.append(NOWHERE)
        else:
            decided.append(before)
    return decided


def _still(city: City, run: list[Placed], k: int, before: int) -> int:
    """Where the device still is when fix `k` comes: a jump or a new division may have ended it."""
    if before > OUTSIDE and not city.cells[before].holds(run[k].t):
        return NOWHERE
    if run[k].heard.jumped and run[k].place != before:
        return NOWHERE
    return before


def _confirmed(run: list[Placed], k: int) -> bool:
    """Whether an earlier sure fix lies 30 s or more back, and all since were in the same place."""
    for j in range(k - 1, -1, -1):
        if run[j].place != run[k].place or run[j + 1].heard.jumped:
            return False
        if run[j].depth >= SURE and run[k].t - run[j].t >= CONFIRMED_MS:
            return True
    return False


def _first_outside(run: list[Placed], k: int, cell: int) -> int:
    """The first of the fixes running up to `k` that are outside a cell."""
    while k > 0 and run[k - 1].place != cell:
        k -= 1
    return k


def first_inside(run: list[Placed], k: int) -> int:
    """The first of the fixes running up to `k` that are in its place."""
    while k > 0 and run[k - 1].place == run[k].place and not run[k].heard.jumped:
        k -= 1
    return k
