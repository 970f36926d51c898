"""A shift in memory for the alert rules: cells, visits and officers at any moment, and the alerts that follow."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import arrival, habits, outlook, risk, rules, situation, staffing, thresholds
from alerts.life import facts
from alerts.life.model import ENDING, GAP, Change, OpenAlert, Step, Visit
from alerts.store import weights
from runtime import db
from tracking.coverage import coverage
from tracking.plans import calendars

MINUTE = 60_000
START = db.millis(db.moment(1_769_990_400_000))
"""2026-02-02 00:00 UTC, 08:00 in the city."""
DWELL = 3 * MINUTE
LIMIT = 90 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A valid visit of a cell; times in minutes since START."""

    cell: int
    t_in: float
    t_out: float
    known: float | None = None
    """When the data came in; None: as it was measured."""


@dataclass(slots=True)
class Ledger:
    """Alerts as the store would keep them."""

    alerts: dict[str, OpenAlert] = field(default_factory=dict)
    """By key, in whatever state they are."""
    state: dict[str, str] = field(default_factory=dict)
    steps: list[Change] = field(default_factory=list)

    @property
    def opened(self) -> list[OpenAlert]:
        """Those that are open."""
        return [alert for key, alert in self.alerts.items() if self.state[key] == "open"]

    def apply(self, changes: Iterable[Change]) -> None:
        """Take the changes; a key opens twice only after it ended."""
        for change in changes:
            self.steps.append(change)
            old = self.alerts.get(change.key)
            if change.step is Step.OPENED:
                assert self.state.get(change.key) != "open", f"{change.key} opened twice"
            else:
                assert self.state[change.key] == "open", f"{change.key} changed after its end"
            self.alerts[change.key] = OpenAlert(
                key=change.key,
                kind=change.kind,
                level=change.level,
                cell=change.cell,
                opened_at=old.opened_at if old else change.at,
                facts=facts.facts_of(change.kind, {**(old.facts.stored() if old else {}), **change.facts.stored()}),
            )
            self.state[change.key] = change.step.value if change.step in ENDING else "open"

    def final(self) -> dict[str, tuple[str, str]]:
        """State and level of each alert."""
        return {key: (self.state[key], alert.level.wire) for key, alert in self.alerts.items()}

    def told(self) -> list[tuple[str, str, float]]:
        """Steps as (step, level, minute)."""
        return [(change.step.value, change.level.wire, (change.at - START) / MINUTE) for change in self.steps]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """n cells in a row, 200 m apart, in one street."""

    cells: int = 1
    visits: Sequence[Walk] = ()
    officers_m: Sequence[float] = (0.0,)
    """Where each eligible officer stands along the row."""
    limit_ms: int = LIMIT
    known_since: int = START
    heard: int | None = None
    """Newest fix of the city, ms; None: now."""
    windows: Sequence[tuple[str, str]] = (("00:00", "24:00"),)
    rule: thresholds.WarningRule = field(default_factory=thresholds.WarningRule)
    crowd: thresholds.CrowdRule = field(default_factory=thresholds.CrowdRule)
    inside: Sequence[tuple[int, float]] = ()
    """Cells that an officer is in without a valid visit yet, and the minute the officer came in."""
    held: Sequence[int] = ()
    """Cells of which data is still coming in."""

    def run(self, minutes: Iterable[float], ledger: Ledger | None = None) -> Ledger:
        """Evaluate at each of the minutes, each time from what is stored alone."""
        kept = ledger or Ledger()
        by = thresholds.Thresholds.same(self.rule, self.cells)
        for minute in minutes:
            kept.apply(rules.evaluate(self.situation(at(minute), kept.opened), kept.opened, by, self.crowd))
        return kept

    def situation(self, now: int, opened: Sequence[OpenAlert]) -> situation.Situation:
        """What would be known at `now` (ms)."""
        calendar = _calendar(tuple(self.windows))
        known = [visit for visit in map(self._visit, self.visits) if visit[2] <= now]
        last, present = self._last(known, now)
        x = np.arange(self.cells, dtype=np.float64) * 200
        officers = np.array(self.officers_m, dtype=np.float64)
        places = arrival.PlanePoints.of(officers, 0 * officers)
        arrivals = arrival.nearest(arrival.PlanePoints.of(x, 0 * x), places, arrival.ArrivalRule())
        dwell = np.full(self.cells, DWELL)
        known_since = np.full(self.cells, self.known_since)
        seen = coverage.CoverageInput(
            last_visit=last,
            present=present,
            known_since=known_since,
            possible=np.full(self.cells, coverage.NEVER),
            quota=coverage.Quota.none(self.cells),
        )
        judged = coverage.evaluate(
            seen,
            now=now,
            limits=coverage.LimitSteps(starts=np.array([0]), limit_ms=np.full((1, self.cells), self.limit_ms)),
            arrival_ms=np.maximum(arrivals.ms, 0),
            dwell_ms=dwell,
            calendar=calendar,
        )
        return situation.Situation(
            now=now,
            on_duty=bool(calendar.duty_ms(np.array([now]), np.array([now + MINUTE]))[0]),
            cells=situation.CellColumns(
                id=np.arange(1, self.cells + 1, dtype=np.int32),
                code=[f"441302010001{i:03d}" for i in range(1, self.cells + 1)],
                name=[f"小金口-{i:02d}" for i in range(1, self.cells + 1)],
                street=np.zeros(self.cells, dtype=np.intp),
                streets=[staffing.StreetTeam(code="441302010", name="小金口街道")],
                dwell_ms=dwell,
                weight=np.ones(self.cells),
            ),
            coverage=judged,
            chance=self._chance(judged, arrivals, self._inside_since(now) >= 0),
            gap_start=np.where(last >= 0, last, known_since),
            visited=last >= 0,
            present=present,
            inside_since=self._inside_since(now),
            held=np.isin(np.arange(self.cells), self.held),
            heard=now if self.heard is None else self.heard,
            arrivals=arrivals,
            officer_at=arrivals.at,
            officers=[f"officer-{i}" for i in range(len(officers))],
            clearing=_clearing(opened, known),
        )

    def _inside_since(self, now: int) -> NDArray[np.int64]:
        since = np.full(self.cells, -1, dtype=np.int64)
        for cell, minute in self.inside:
            since[cell] = at(minute) if at(minute) <= now else -1
        return since

    def _chance(
        self, judged: coverage.Coverage, arrivals: arrival.Arrivals, inside: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """As on the first day, when nothing was learned yet."""
        nobody = habits.Where(
            device=np.empty(0, np.int64), before=np.empty(0, np.intp), cell=np.empty(0, np.intp),
            left=np.empty(0, np.bool_), since_ms=np.empty(0, np.int64), silent_ms=np.empty(0, np.int64),
        )  # fmt: skip
        zeros = np.zeros(self.cells, dtype=np.intp)
        return outlook.chance(
            outlook.Learned(survival=risk.unlearned(1, self.cells), habits=habits.unlearned(self.cells)),
            outlook.Signs(
                class_of=zeros, hour=zeros, idle_ms=np.maximum(judged.idle_ms, 0), left_ms=judged.left_ms,
                span_ms=judged.span_ms, inside_ms=np.where(inside, 0, -1), dwell_ms=np.full(self.cells, DWELL),
                arrival_ms=arrivals.ms, able=zeros.astype(np.int64), unheard=zeros.astype(np.int64),
                officers=nobody, busy=nobody,
            ),
            weights.fitted(),
        )  # fmt: skip

    def with_visits(self, *visits: Walk) -> "Shift":
        """The same shift with other visits."""
        return replace(self, visits=visits)

    def _visit(self, walk: Walk) -> tuple[int, Visit, int]:
        """Cell, visit, and since when it is known to be valid."""
        known = at(walk.t_in) + DWELL if walk.known is None else at(walk.known)
        return walk.cell, Visit(t_in=at(walk.t_in), t_out=at(walk.t_out), open=False), known

    def _last(
        self, known: list[tuple[int, Visit, int]], now: int
    ) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        last = np.full(self.cells, coverage.NEVER, dtype=np.int64)
        present = np.zeros(self.cells, dtype=np.bool_)
        for cell, visit, _ in known:
            last[cell] = max(last[cell], min(visit.t_out, now))
            present[cell] |= visit.t_out > now
        return last, present


@functools.cache
def _calendar(windows: tuple[tuple[str, str], ...]) -> calendars.DutyCalendar:
    return calendars.DutyCalendar("Asia/Shanghai", list(windows))


def at(minute: float) -> int:
    """Minutes since START as ms."""
    return START + round(minute * MINUTE)


def _clearing(opened: Sequence[OpenAlert], known: list[tuple[int, Visit, int]]) -> dict[str, Visit]:
    found = {}
    for alert in opened:
        if alert.kind == GAP:
            since = int(alert.key.rsplit(":", 1)[1])
            after = [visit for cell, visit, _ in known if cell + 1 == alert.cell and visit.t_out > since]
            if after:
                found[alert.key] = min(after, key=lambda visit: visit.t_out)
    return found
