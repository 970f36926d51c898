"""Simulated shifts at the level of officers: who patrols which cell and when, and what the server learns of it.

Fast enough to judge warnings over many shifts. Towns, beats and ways between cells are those of the simulator; an
officer follows the route planned for the beat, but cells take as long as they take, some are skipped, things happen.
"""

import functools
import math
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from bench.scenarios import Scenario
from device_sim.city import city as cities
from device_sim.city import streets
from device_sim.fleet import officer

MINUTE = 60_000
HOUR = 3_600_000
_STOPS = {"business": 1.6, "public": 0.8, "institution": 0.5, "residential": 0.45}
_PATROLLED = {"business": (0.9, 1.3), "public": (0.8, 1.1), "institution": (0.7, 1.0), "residential": (0.6, 0.9)}
"""As in device_sim.fleet.walk: stops in one patrol of a cell, and part of its lane that is walked."""
_GLANCE = 0.05
"""Share of patrols that are too short to count."""
_SKIP = 0.03
_JUST_MS = 20 * MINUTE
_INCIDENT_S = (1500.0, 0.5)
"""Median and logarithmic spread of the time an incident takes."""


class Doing(IntEnum):
    """What an officer is busy with."""

    WALK = 0
    PATROL = 1
    INCIDENT = 2
    BREAK = 3
    OFF = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The town as far as walking goes."""

    town: cities.City
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    lane_m: NDArray[np.float64]
    way_m: NDArray[np.float32]
    """From centre to centre by the streets."""
    classes: tuple[str, ...]
    limit_s: dict[str, float]
    dwell_s: dict[str, float]


@functools.lru_cache(maxsize=2)
def ground(seed: int) -> Ground:
    """Lay out a town."""
    town, paths = cities.build(seed), streets.build(seed)
    n = len(town.cells)
    links = [(a, b, metres) for a, step in enumerate(paths.steps) for b, metres in step.items()]
    a, b, metres = (np.array(column) for column in zip(*links, strict=True))
    way = dijkstra(csr_array((metres, (a, b)), shape=(n, n))).astype(np.float32)
    centres = np.array([cell.centre for cell in town.cells])
    # Cells that no street joins (across water) are reached by going around.
    straight = np.hypot(*(centres[:, None] - centres[None, :]).transpose(2, 0, 1))
    way = np.where(np.isfinite(way), way, 2 * straight).astype(np.float32)
    return Ground(
        town=town,
        x=centres[:, 0],
        y=centres[:, 1],
        lane_m=np.array([lane.length for lane in paths.lanes]),
        way_m=way,
        classes=tuple(cell.cls for cell in town.cells),
        limit_s={"business": 7200, "public": 5400, "institution": 14400, "residential": 14400},
        dwell_s={"business": 300, "public": 300, "institution": 180, "residential": 120},
    )


@dataclass(slots=True, eq=False)
class Visit:
    """An officer's stay in a cell to patrol it; ms."""

    officer: int
    cell: int
    t_in: float
    t_out: float
    valid_at: float
    """From when it counts; infinite where it never does."""


@dataclass(slots=True, eq=False)
class Patrol:
    """One officer on the way through a shift; call `advance` with growing times."""

    who: officer.Officer
    ground: Ground
    scenario: Scenario
    rng: np.random.Generator
    route: list[int]
    starts: float
    breaks_at: float
    ends: float = math.inf
    """Goes home then and does not come back."""
    cell: int = -1
    doing: Doing = Doing.PATROL
    since: float = 0.0
    until: float = 0.0
    origin: tuple[float, float] = (0.0, 0.0)
    goal: tuple[float, float] = (0.0, 0.0)
    left: int = -1
    """Cell that a walk began in."""
    at: int = 0
    """Where on the route."""
    team: dict[int, float] = field(default_factory=dict)
    """Cell → when a patrol of it last began, shared by all officers: nobody goes where a colleague just was."""
    task: int | None = None
    """Cell that the officer was sent to and is not done with."""
    visits: list[Visit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.at = int(self.rng.integers(len(self.route)))
        self.cell = self.route[self.at]
        self.origin = self.goal = self._spot(self.cell)
        self.since = self.until = self.starts + self.rng.uniform(0, 600) * 1000
        self.doing = Doing.WALK

    def advance(self, now: float) -> None:
        """Let the officer act until `now` (ms)."""
        while self.until <= now and self.doing is not Doing.OFF:
            self._next()

    def place(self, now: float) -> tuple[float, float]:
        """Where the officer is, m."""
        share = self._gone(now)
        (ax, ay), (bx, by) = self.origin, self.goal
        return ax + share * (bx - ax), ay + share * (by - ay)

    def ways_m(self, now: float, cells: NDArray[np.intp]) -> NDArray[np.float64]:
        """Way to the centre of each cell by the streets, m: on a walk onwards or back, whichever is shorter."""
        way = self.ground.way_m
        if self.doing is Doing.WALK and self.left >= 0:
            whole, gone = float(way[self.left, self.cell]), self._gone(now)
            back, onwards = way[self.left, cells] + gone * whole, way[self.cell, cells] + (1 - gone) * whole
            return np.asarray(np.minimum(back, onwards), dtype=np.float64)
        x, y = self.place(now)
        off = math.hypot(x - self.ground.x[self.cell], y - self.ground.y[self.cell])
        return np.asarray(way[self.cell, cells] + off, dtype=np.float64)

    def _gone(self, now: float) -> float:
        """Share of the walk that is done."""
        return min(max((now - self.since) / max(self.until - self.since, 1), 0), 1)

    def send(self, now: float, cell: int) -> None:
        """Send the officer to a cell: at once from a walk, from a patrol as soon as it counts."""
        if self.doing is Doing.WALK and self.task is None:
            # What the officer was on the way to comes next.
            self.at = (self.at - 1) % len(self.route)
        self.task = cell
        if self.doing is Doing.WALK:
            self._walk(now, cell)
        elif self.doing is Doing.PATROL:
            visit = self.visits[-1]
            counts = visit.valid_at if math.isfinite(visit.valid_at) else now
            self.until = visit.t_out = min(visit.t_out, max(now, counts + 30_000))

    def _next(self) -> None:
        now = self.until
        if now >= self.ends:
            self.doing, self.until, self.since = Doing.OFF, math.inf, now
        elif self.doing is Doing.WALK:
            self._patrol(now)
        else:
            if self.cell == self.task and self.doing is not Doing.BREAK:
                self.task = None
            self._go_on(now)

    def _go_on(self, now: float) -> None:
        """Choose what comes after a patrol."""
        if self.task is not None:
            self._walk(now, self.task)
        elif now > self.breaks_at:
            self.breaks_at = math.inf
            self.doing, self.since, self.until = Doing.BREAK, now, now + 30 * MINUTE
            self.origin = self.goal
        else:
            self._walk(now, self._next_stop(now))

    def _next_stop(self, now: float) -> int:
        """The next cell of the route that no colleague just was in."""
        self.at += 1 + (self.rng.random() < _SKIP)
        for step in range(len(self.route)):
            cell = self.route[(self.at + step) % len(self.route)]
            if cell != self.cell and now - self.team.get(cell, -math.inf) > _JUST_MS:
                break
        self.at = (self.at + step) % len(self.route)
        return self.route[self.at]

    def _walk(self, now: float, cell: int) -> None:
        here = self.place(now)
        if self.doing is Doing.WALK and self.left >= 0:
            metres = float(self.ways_m(now, np.array([cell]))[0])
        else:
            metres = float(self.ground.way_m[self.cell, cell])
        self.left, self.cell = self.cell, cell
        self.origin, self.goal = here, self._spot(cell)
        self.doing, self.since = Doing.WALK, now
        self.until = now + metres / (self.who.speed * self.rng.uniform(0.85, 1.1)) * 1000

    def _patrol(self, now: float) -> None:
        cls, rng = self.ground.classes[self.cell], self.rng
        dwell = self.ground.dwell_s[cls]
        glance = rng.random() < _GLANCE
        if glance:
            seconds = rng.uniform(0.3, 0.9) * dwell
        else:
            walked = rng.uniform(*_PATROLLED[cls]) * self.ground.lane_m[self.cell] / min(self.who.speed, 1.4)
            stops = min(int(rng.poisson(_STOPS[cls])), 3)
            seconds = max(walked + rng.uniform(180, 720, stops).sum(), 1.15 * dwell)
        until = now + seconds * 1000
        counts = math.inf if glance else now + max(dwell, 150 / min(self.who.speed, 1.4) + 20) * 1000
        self.doing, self.since = Doing.PATROL, now
        busy = rng.random() < self.scenario.incidents_an_hour * (seconds + 300) / 3600
        if busy:
            until += _INCIDENT_S[0] * math.exp(rng.normal(0, _INCIDENT_S[1])) * 1000
            self.doing = Doing.INCIDENT
            counts = counts if math.isfinite(counts) else now + 1.2 * dwell * 1000
        self.origin, self.goal, self.until = self.goal, self._spot(self.cell), until
        self.team[self.cell] = now
        self.visits.append(Visit(officer=self.who.number, cell=self.cell, t_in=now, t_out=until, valid_at=counts))

    def _spot(self, cell: int) -> tuple[float, float]:
        dx, dy = self.rng.normal(0, 40, 2)
        return float(self.ground.x[cell] + dx), float(self.ground.y[cell] + dy)


def planned(where: Ground, beat: tuple[int, ...], speed: float, *, steps: int = 48) -> list[int]:
    """Route over a beat: always to the cell that has waited most of its limit, the way there counted against it."""
    waited = dict.fromkeys(beat, 0.0)
    here, clock, route = beat[0], 0.0, [beat[0]]
    while len(route) < steps:
        rest = [cell for cell in beat if cell != here] or [here]
        limit = {cell: where.limit_s[where.classes[cell]] for cell in rest}
        walk = {cell: float(where.way_m[here, cell]) / speed for cell in rest}
        best = max(rest, key=lambda c: (clock + walk[c] - waited[c]) / limit[c] - walk[c] / 3600)
        cls = where.classes[best]
        clock += walk[best] + 0.9 * where.lane_m[best] / min(speed, 1.4) + _STOPS[cls] * 450
        waited[best] = clock
        here = best
        route.append(best)
    return route


@functools.lru_cache(maxsize=8)
def _routes(seed: int, officers: int) -> tuple[tuple[officer.Officer, list[int]], ...]:
    where = ground(seed)
    return tuple((who, planned(where, who.beat, who.speed)) for who in officer.recruit(officers, seed))


def muster(seed: int, day: int, scenario: Scenario, starts: int, absent_from: int) -> list[Patrol]:
    """All officers of a town on a day.

    Args:
        seed: of the town, its beats and the officers' habits.
        day: of what happens.
        scenario: what kind of shift.
        starts: when they begin, ms.
        absent_from: from when on those who are absent are missing, ms.
    """
    made: list[Patrol] = []
    team: dict[int, float] = {}
    for who, route in _routes(seed, scenario.officers):
        habit = np.random.default_rng([seed, 0xBEA7, who.number])
        rng = np.random.default_rng([seed, day, who.number])
        walks = list(who.beat) if habit.random() < scenario.off_route else route
        absent = rng.random() < scenario.absent
        made.append(
            Patrol(
                who=who,
                ground=ground(seed),
                scenario=scenario,
                rng=rng,
                route=walks,
                starts=starts,
                team=team,
                breaks_at=starts + rng.uniform(3, 8) * HOUR,
                ends=absent_from + rng.uniform(-20, 20) * MINUTE if absent else math.inf,
            )
        )
    return made
