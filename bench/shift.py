"""A simulated shift, evaluated every minute by the rules of warnings, and the outcome of every gap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import arrival, habits, outlook, risk, situation, staffing
from alerts.life.model import GAP, OpenAlert, Visit
from alerts.store import weights
from bench import patrols, scenarios, sight
from bench.patrols import HOUR, MINUTE, Doing, Patrol
from device_sim.city import grid_file
from tracking.coverage import coverage
from tracking.geometry.lookup import CityGrid, GridCell
from tracking.plans.calendars import DutyCalendar

EPOCH = 1_769_961_600_000
"""2026-02-02 00:00 in the city."""
DAY = 24 * HOUR
BEGIN, JUDGED, AFTER = 8 * HOUR, 12 * HOUR, 45 * MINUTE
"""Local time: patrols begin; gaps are judged from; how long it goes on after to know what became of them."""
PEAK = ((11, 13), (17, 23))
CLASSES = ("business", "public", "institution", "residential")
LIMIT_MS = {"business": 2 * HOUR, "public": 90 * MINUTE, "institution": 4 * HOUR, "residential": 4 * HOUR}
PEAK_MS = {**LIMIT_MS, "business": HOUR}
WEIGHT = {"business": 2.0, "public": 1.5, "institution": 1.0, "residential": 1.0}
PREVENTABLE_MS = 30 * MINUTE
FOLLOWED = 0.8
"""Share of the orders that officers follow."""
REACTION_MS = 2 * MINUTE
"""From an alert to the press of the button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How much is simulated."""

    history: int = 14
    """Days that were learned from before the judged one, as the product does."""
    end: int = 20 * HOUR
    """Local time until which gaps are judged, ms."""
    look_ms: int = MINUTE
    """Between two looks."""


WHOLE = Length()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A town as the rules see it."""

    seed: int
    ground: patrols.Ground
    grid: CityGrid
    class_of: NDArray[np.intp]
    cells: situation.CellColumns
    places: arrival.PlanePoints
    calendar: DutyCalendar

    def limits(self, day: int) -> coverage.LimitSteps:
        """Limits of a day."""
        steps = [0, *(hour for span in PEAK for hour in span)]
        rows = [[(PEAK_MS if k % 2 else LIMIT_MS)[name] for name in CLASSES] for k in range(len(steps))]
        starts = np.array([EPOCH + day * DAY + hour * HOUR for hour in steps], dtype=np.int64)
        return coverage.LimitSteps(starts=starts, limit_ms=np.array(rows, dtype=np.int64)[:, self.class_of])


@lru_cache(maxsize=2)
def world(seed: int) -> World:
    """Lay out the town of a seed."""
    ground = patrols.ground(seed)
    features = [each for each in grid_file.city_geojson(seed)["features"] if each["properties"]["kind"] == "cell"]
    streets = sorted({cell.street for cell in ground.town.cells})
    street = np.array([streets.index(cell.street) for cell in ground.town.cells], dtype=np.intp)
    dwell = np.array([ground.dwell_s[name] * 1000 for name in ground.classes], dtype=np.int64)
    return World(
        seed=seed,
        ground=ground,
        grid=CityGrid([GridCell(id=n + 1, rings=f["geometry"]["coordinates"]) for n, f in enumerate(features)]),
        class_of=np.array([CLASSES.index(name) for name in ground.classes], dtype=np.intp),
        cells=situation.CellColumns(
            id=np.arange(1, len(street) + 1, dtype=np.int32),
            code=[cell.code for cell in ground.town.cells],
            name=[cell.name for cell in ground.town.cells],
            street=street,
            streets=[staffing.StreetTeam(code=code, name=code) for code in streets],
            dwell_ms=dwell,
            weight=np.array([WEIGHT[name] for name in ground.classes]),
        ),
        places=arrival.PlanePoints.of(ground.x, ground.y, street),
        calendar=DutyCalendar("Asia/Shanghai", [("00:00", "24:00")]),
    )


@dataclass(slots=True)
class Shift:
    """A shift that goes on: call `walk` and `situation` once a minute."""

    world: World
    scenario: scenarios.Scenario
    day: int
    learned: outlook.Learned
    length: Length = WHOLE
    start: int = 0
    patrols: list[Patrol] = field(default_factory=list)
    eyes: sight.Eyes = field(init=False)
    limits: coverage.LimitSteps = field(init=False)
    signs: outlook.Signs = field(init=False)
    """What the last look saw."""
    reach: dict[tuple[int, int], int] = field(default_factory=dict)
    """Cell and due → latest look at which somebody could still have been there in time, ms."""
    reach_proven: dict[tuple[int, int], int] = field(default_factory=dict)
    """The same with the least dwell of a visit before the limit, too."""

    def __post_init__(self) -> None:
        self.start = EPOCH + self.day * DAY
        begin, judged, end = (self.start + each for each in (BEGIN, JUDGED, self.length.end))
        self.patrols = patrols.muster(self.world.seed, self.day, self.scenario, begin, judged)
        dark = sight.outages(self.world.seed, self.day, self.scenario, self.patrols, judged, end)
        self.eyes = sight.Eyes(self.patrols, dark, len(self.world.places), self.world.grid, self.world.cells.dwell_ms)
        self.limits = self.world.limits(self.day)

    def walk(self, now: int) -> None:
        """Let the officers act until `now` (ms)."""
        for patrol in self.patrols:
            patrol.advance(now)

    def situation(self, now: int, seen: sight.Seen) -> situation.Situation:
        """What the server knows at `now` (ms)."""
        world, cells = self.world, len(self.world.places)
        free = np.flatnonzero((seen.doing <= Doing.PATROL) & (seen.fix_t > now - 180_000))
        rule = arrival.ArrivalRule()
        officers = arrival.PlanePoints.of(seen.x[free], seen.y[free])
        arrivals = arrival.nearest(world.places, officers, rule)
        known_since = np.full(cells, self.start + BEGIN, dtype=np.int64)
        judged = coverage.evaluate(
            coverage.CoverageInput(
                last_visit=seen.last, present=seen.present, known_since=known_since, possible=seen.possible,
                quota=coverage.Quota.none(cells),
            ),
            now=now, limits=self.limits, arrival_ms=np.maximum(arrivals.ms, 0), dwell_ms=world.cells.dwell_ms,
            calendar=world.calendar,
        )  # fmt: skip
        gap_start = np.where(seen.last >= 0, seen.last, known_since)
        patrolling = seen.stops.some(seen.doing <= Doing.PATROL)
        unheard = patrolling.cell[outlook.unheard(patrolling)]
        self.signs = signs = outlook.Signs(
            class_of=world.class_of,
            hour=((gap_start - self.start) // HOUR % 24).astype(np.intp),
            idle_ms=np.maximum(judged.idle_ms, 0),
            left_ms=judged.left_ms,
            span_ms=judged.span_ms,
            inside_ms=np.where(seen.inside_since >= 0, now - seen.inside_since, -1),
            dwell_ms=world.cells.dwell_ms,
            arrival_ms=arrivals.ms,
            able=arrival.in_time(world.places, officers, judged.left_ms - world.cells.dwell_ms, rule),
            unheard=arrival.in_time(world.places, world.places.some(unheard), judged.left_ms, rule),
            officers=patrolling,
            busy=seen.stops.some((seen.doing == Doing.INCIDENT) | (seen.doing == Doing.BREAK)),
        )
        return situation.Situation(
            now=now,
            on_duty=True,
            cells=world.cells,
            coverage=judged,
            chance=outlook.chance(self.learned, signs, weights.fitted()),
            gap_start=gap_start,
            visited=seen.last >= 0,
            present=seen.present,
            inside_since=seen.inside_since,
            held=np.zeros(cells, dtype=np.bool_),
            heard=now,
            arrivals=arrivals,
            officer_at=self._officer_at(now, seen),
            officers=[self.patrols[i].who.name for i in free.tolist()],
            clearing={},
        )

    def _officer_at(self, now: int, seen: sight.Seen) -> NDArray[np.intp]:
        duty = np.flatnonzero((seen.doing <= Doing.INCIDENT) & (seen.fix_t > now - 180_000))
        here = arrival.PlanePoints.of(seen.x[duty], seen.y[duty])
        return arrival.nearest_cell(self.world.places, here)

    def clearing(self, opened: Sequence[OpenAlert], now: int) -> dict[str, Visit]:
        """The first visit after the start of each open gap, as far as it is known."""
        found = {}
        for alert in opened:
            if alert.kind == GAP and alert.cell is not None:
                visit = self.eyes.first_after(alert.cell - 1, int(alert.key.rsplit(":", 1)[1]), now)
                if visit is not None:
                    found[alert.key] = visit
        return found

    def note_reach(self, now: int, seen: sight.Seen) -> None:
        """Note which cells somebody could still reach in time, by the officers' true ways and speeds."""
        due = self.limits.due(np.where(seen.last >= 0, seen.last, self.start + BEGIN), now, self.world.calendar)
        rows = np.flatnonzero((due > now) & (due <= now + PREVENTABLE_MS) & ~seen.present)
        free = [p for p in self.patrols if p.doing in (Doing.WALK, Doing.PATROL) and p.task is None]
        if not len(rows) or not free:
            return
        speed = np.array([patrol.who.speed for patrol in free])
        ways = np.stack([patrol.ways_m(now, rows) for patrol in free])
        seconds = 60 + (ways / speed[:, None]).min(axis=0)
        arrives = now + 1000 * seconds
        for reach, dwell in ((self.reach, 0), (self.reach_proven, self.world.cells.dwell_ms[rows])):
            for row in rows[arrives + dwell <= due[rows]].tolist():
                reach[row, int(due[row])] = now


def learn(world: World, length: Length = WHOLE) -> outlook.Learned:
    """What past days teach: shifts of the same town and officers, each of another kind, on which nobody was sent."""
    cells = len(world.places)
    waits: list[tuple[int, int, int, bool]] = []
    stops: list[tuple[int, int, int, int, bool]] = []
    for day in range(length.history):
        start = EPOCH + day * DAY
        scenario = scenarios.SCENARIOS[day % len(scenarios.SCENARIOS)]
        officers = patrols.muster(world.seed, day, scenario, start + BEGIN, start + JUDGED)
        for officer, patrol in enumerate(officers):
            patrol.advance(start + length.end)
            stops += [
                (
                    officer,
                    visit.cell,
                    round(visit.t_in),
                    round(visit.t_out),
                    visit.valid_at <= visit.t_out,
                )
                for visit in patrol.visits
            ]
        waits += _waits(officers, cells, start, start + length.end)
    return outlook.Learned(survival=_survival(world, waits), habits=_habits(stops, cells, length.end))


def _waits(officers: list[Patrol], cells: int, start: int, end: int) -> list[tuple[int, int, int, bool]]:
    """(cell, hour it began in, ms, ended) of each wait of a day."""
    found = []
    for cell, visits in enumerate(visits_of(officers, cells)):
        since = -1.0
        for t_in, t_out in visits:
            if 0 <= since < t_in:
                found.append((cell, round(since - start) // HOUR, round(t_in - since), True))
            since = max(since, t_out)
        if 0 <= since < end:
            found.append((cell, round(since - start) // HOUR, round(end - since), False))
    return found


def _survival(world: World, waits: list[tuple[int, int, int, bool]]) -> risk.Survival:
    if not waits:
        return risk.unlearned(len(CLASSES), len(world.places))
    cell, hour, ms, ended = (np.array(column) for column in zip(*waits, strict=True))
    return risk.fit(risk.Waits(cell=cell, hour=hour, ms=ms, ended=ended), world.class_of, len(CLASSES))


def _habits(stops: list[tuple[int, int, int, int, bool]], cells: int, end: int) -> habits.Habits:
    if not stops:
        return habits.unlearned(cells)
    stops = sorted(stops, key=lambda stop: (stop[0], stop[2]))
    device, cell, t_in, t_out, valid = (np.array(column) for column in zip(*stops, strict=True))
    ends = EPOCH + (t_in - EPOCH) // DAY * DAY + end
    counted = t_out + habits.SPAN_MS <= ends
    return habits.fit(
        habits.Stops(device=device, cell=cell, t_in=t_in, t_out=t_out, valid=valid, counted=counted), cells
    )


def visits_of(officers: list[Patrol], cells: int) -> list[list[tuple[float, float]]]:
    """Valid visits of each cell, (from, to) in order."""
    found: list[list[tuple[float, float]]] = [[] for _ in range(cells)]
    for patrol in officers:
        for visit in patrol.visits:
            if visit.valid_at <= visit.t_out:
                found[visit.cell].append((visit.t_in, visit.t_out))
    return [sorted(each) for each in found]
