"""What the server knows of a simulated shift at a moment: visits as they are recognised, fixes, silences."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import habits
from alerts.life.model import Visit
from bench import patrols, scenarios
from bench.patrols import Doing, Patrol
from device_sim.city import geodesy
from tracking.coverage import coverage
from tracking.geometry.lookup import CityGrid
from tracking.presence import silence
from tracking.presence.fixes import Bool, Float, Int
from tracking.presence.silence import UNHEARD_MS, Silences

NEVER = coverage.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """The devices of some officers fall silent; ms."""

    officers: frozenset[int]
    start: float
    end: float


def outages(
    seed: int, day: int, scenario: scenarios.Scenario, mustered: list[Patrol], start: float, end: float
) -> list[Outage]:
    """Draw which streets fall silent, and when."""
    rng = np.random.default_rng([seed, day, 0x0417])
    units = sorted({patrol.who.unit for patrol in mustered})
    found = []
    for unit in units:
        if rng.random() < scenario.outage:
            begins = rng.uniform(start, end - 60 * patrols.MINUTE)
            officers = frozenset(patrol.who.number for patrol in mustered if patrol.who.unit == unit)
            found.append(Outage(officers=officers, start=begins, end=begins + rng.uniform(20, 60) * patrols.MINUTE))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Columns by cell, and by officer."""

    last: Int
    present: Bool
    inside_since: Int
    """Since when an officer is inside without a valid visit yet, ms; NEVER."""
    possible: Int
    x: Float
    """Newest place of each officer, m."""
    y: Float
    fix_t: Int
    doing: NDArray[np.int8]
    stops: habits.Where
    """Where each officer stayed last; NOWHERE for those gone home."""


class Eyes:
    """Keeps what the server knows; call `look` with growing times."""

    def __init__(
        self, officers: list[Patrol], dark: list[Outage], cells: int, grid: CityGrid | None, dwell_ms: Int
    ) -> None:
        self._patrols, self._dark, self._grid, self._dwell = officers, dark, grid, dwell_ms
        self.last = np.full(cells, NEVER, dtype=np.int64)
        self._read = [0] * len(officers)
        self._x, self._y = (np.zeros(len(officers)) for _ in range(2))
        self._t = np.full(len(officers), NEVER, dtype=np.int64)
        self._doing = np.full(len(officers), Doing.OFF, dtype=np.int8)
        self._stop, self._before = (np.full(len(officers), habits.NOWHERE, dtype=np.intp) for _ in range(2))
        self._stop_in, self._stop_out = (np.zeros(len(officers), dtype=np.int64) for _ in range(2))
        self._known: list[list[patrols.Visit]] = [[] for _ in range(cells)]
        self._silent: list[tuple[float, float, float, float, float, float]] = []
        self._fell: dict[int, tuple[float, float, float]] = {}

    def look(self, now: float) -> Seen:
        """Take in what was heard up to `now` (ms)."""
        cells = len(self.last)
        present, inside = np.zeros(cells, np.bool_), np.full(cells, NEVER, np.int64)
        for i, patrol in enumerate(self._patrols):
            if self._blind(patrol.who.number, now):
                self._miss(i, patrol, now, present)
                continue
            self._hear(i, patrol, now, present, inside)
        return Seen(
            last=self.last.copy(), present=present, inside_since=inside, possible=self._possible(now), x=self._x.copy(),
            y=self._y.copy(), fix_t=self._t.copy(), doing=self._doing.copy(), stops=self._stops(now),
        )  # fmt: skip

    def _stops(self, now: float) -> habits.Where:
        left = self._stop_out >= 0
        since = round(now) - np.where(left, self._stop_out, self._stop_in)
        silent = np.maximum(round(now) - self._t, 0)
        return habits.Where(
            device=np.arange(len(self._patrols)), before=self._before.copy(), cell=self._stop.copy(), left=left,
            since_ms=since, silent_ms=silent,
        )  # fmt: skip

    def first_after(self, cell: int, since: int, now: int) -> Visit | None:
        """The first valid visit known of that ended after `since` (ms)."""
        after = [visit for visit in self._known[cell] if visit.t_out > since + 1]
        if not after:
            return None
        found = min(after, key=lambda visit: visit.t_out)
        return Visit(t_in=round(found.t_in), t_out=round(min(found.t_out, now)), open=found.t_out > now)

    def _blind(self, officer: int, now: float) -> bool:
        return any(officer in dark.officers and dark.start <= now < dark.end for dark in self._dark)

    def _hear(self, i: int, patrol: Patrol, now: float, present: Bool, inside: Int) -> None:
        off = patrol.doing is Doing.OFF
        self._x[i], self._y[i] = patrol.place(min(now, patrol.until))
        self._doing[i] = Doing.INCIDENT if patrol.task is not None and not off else patrol.doing
        if i in self._fell:
            t, x, y = self._fell.pop(i)
            self._silent.append((t, now, x, y, self._x[i], self._y[i]))
        self._note_stop(i, patrol, now)
        if not off:
            self._t[i] = round(now)
        for k in range(self._read[i], len(patrol.visits)):
            visit = patrol.visits[k]
            self._take(visit, now, present, inside)
            if visit.t_out <= now:
                self._read[i] = k + 1

    def _note_stop(self, i: int, patrol: Patrol, now: float) -> None:
        if patrol.doing is Doing.OFF:
            self._stop[i] = habits.NOWHERE
        elif patrol.visits and now - patrol.visits[-1].t_in >= 60_000:
            last = patrol.visits[-1]
            self._stop[i], self._stop_in[i] = last.cell, round(last.t_in)
            self._stop_out[i] = round(last.t_out) if last.t_out <= now else NEVER
            self._before[i] = patrol.visits[-2].cell if len(patrol.visits) > 1 else habits.NOWHERE

    def _take(self, visit: patrols.Visit, now: float, present: Bool, inside: Int) -> None:
        """Take in what is known of a visit by `now`."""
        if visit.valid_at <= min(now, visit.t_out):
            if visit not in self._known[visit.cell][-4:]:
                self._known[visit.cell].append(visit)
            present[visit.cell] |= visit.t_out > now
            self.last[visit.cell] = max(self.last[visit.cell], round(min(visit.t_out, now)))
        elif visit.t_in <= now < visit.t_out:
            since = inside[visit.cell]
            inside[visit.cell] = round(visit.t_in) if since < 0 else min(since, round(visit.t_in))

    def _miss(self, i: int, patrol: Patrol, now: float, present: Bool) -> None:
        """Silent: the last fix stands, an open visit counts as going on for a little while."""
        if i not in self._fell:
            self._fell[i] = (float(self._t[i]), self._x[i], self._y[i])
        if now - self._t[i] <= UNHEARD_MS:
            for visit in patrol.visits[self._read[i] :]:
                if visit.valid_at <= self._t[i] < visit.t_out:
                    present[visit.cell] = True

    def _possible(self, now: float) -> Int:
        ongoing = [(t, now, x, y, math.nan, math.nan) for t, x, y in self._fell.values() if now - t > 120_000]
        rows = ongoing + self._silent
        if not rows or self._grid is None:
            return np.full(len(self.last), NEVER, dtype=np.int64)
        return silence.possible_visits(silences(np.array(rows)), self._grid, self._dwell)


def silences(rows: NDArray[np.float64]) -> Silences:
    """Silences of rows (from ms, to ms, x, y, x, y); NaN where nothing was heard since."""
    lat_from, lon_from = geodesy.degrees(rows[:, 2], rows[:, 3])
    lat_to, lon_to = geodesy.degrees(rows[:, 4], rows[:, 5])
    t_from, t_to = (rows[:, k].astype(np.int64) for k in (0, 1))
    return Silences(t_from=t_from, t_to=t_to, lat_from=lat_from, lon_from=lon_from, lat_to=lat_to, lon_to=lon_to)
