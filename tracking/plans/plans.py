"""Patrol plans: the requirements for each cell at each moment, by the narrowest scope that sets them. Pure.

A plan is a rule as data of kind `plan` (`rule_store`); its body is `schemas.plan.PlanBody`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.coverage.coverage import LimitSteps, Quota
from tracking.geometry.lookup import EVER, FOR_EVER
from tracking.plans.calendars import DutyCalendar, DutyPeriod
from tracking.plans.plan import Plan, hours_of, parsed, plan_of
from tracking.plans.rule_version import RuleVersion
from tracking.presence.fixes import Float, Int
from tracking.presence.visit_rules import VisitRule, VisitRules

KIND = "plan"
CITY = "city"
TRIED = 0
"""Number of a version in a dry run."""
LOOK_AHEAD_MS = 2 * 86_400_000
"""How far ahead limits are examined for the moment at which a cell falls due."""
_KEEP_MS = 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Properties of a cell that select its plans."""

    scopes: tuple[str, ...]
    """Scopes that include it, the widest first; for each field the last one that sets it counts."""
    weight: float
    road_m: float | None
    """Length of its roads; None: not known."""
    begins: int = EVER
    """Start of its time in force, ms; windows that opened before are not required."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """Plans of n cells while no version begins or ends; columns by cell."""

    start: int
    """ms; the first epoch begins at 0."""
    plans: tuple[Plan, ...]
    of: NDArray[np.intp]
    """Plan of each cell."""
    dwell_ms: Int
    path_m: Float
    weight: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Windows in which visits are required, as columns; a cell may have several or none."""

    cell: NDArray[np.intp]
    """Index of the cell."""
    start: Int
    end: Int
    """ms, exclusive."""
    n: NDArray[np.int32]
    """Number of valid visits that must begin in it."""

    def __len__(self) -> int:
        return len(self.cell)

    def take(self, rows: NDArray[np.intp]) -> "Windows":
        """Those with these indices."""
        return Windows(cell=self.cell[rows], start=self.start[rows], end=self.end[rows], n=self.n[rows])


class Plans:
    """All plans of a city: past, present and future.

    Args:
        versions: all versions of kind `plan`.
        sites: of the cells, in their order.
    """

    def __init__(self, versions: Sequence[RuleVersion], sites: Sequence[Site]) -> None:
        self._versions = [version for version in versions if version.body is not None]
        self.sites = sites
        """Of the cells, in their order."""
        ends = [version.valid_to for version in self._versions if version.valid_to is not None]
        changes = {version.valid_from for version in self._versions} | set(ends)
        self._starts = [0, *sorted(change for change in changes if change > 0)]
        self._epochs: dict[int, Epoch] = {}
        self._ahead: tuple[int, LimitSteps] | None = None

    def tried(self, scope: str, body: dict[str, Any] | None, now: int) -> "Plans":
        """These plans, if `scope` had the plan `body` from `now` (ms) on; None: no plan."""
        others = [version for version in self._versions if version.scope != scope or not _holds(version, now)]
        trial = RuleVersion(
            id=TRIED, kind=KIND, scope=scope, body=body, valid_from=now, valid_to=None, made_at=now, made_by=""
        )
        return Plans([*others, trial], self.sites)

    def at(self, now: int) -> Epoch:
        """Plans in force at `now` (ms)."""
        return self._epoch(max(0, int(np.searchsorted(self._starts, now, side="right")) - 1))

    def duties(self) -> list[DutyPeriod]:
        """Duty hours over time: those of the city's plans."""
        duties: list[DutyPeriod] = []
        for number, start in enumerate(self._starts):
            body = parsed(self._said(start, (CITY,)))
            end = self._starts[number + 1] if number + 1 < len(self._starts) else None
            hours = tuple(hours_of(entry.days, entry.hours) for entry in body.duty)
            if duties and duties[-1].hours == hours:
                duties[-1] = DutyPeriod(hours=hours, start=duties[-1].start, end=end)
            else:
                duties.append(DutyPeriod(hours=hours, start=start or None, end=end))
        return duties

    def visit_rules(self, start: int = 0, end: int = FOR_EVER) -> VisitRules:
        """Rules by which the engine judges stays that begin from `start` to `end` (ms, exclusive)."""
        starts: list[int] = []
        tables: list[list[VisitRule]] = []
        for epoch, begins, _ in self._between(start, end):
            pairs = zip(epoch.dwell_ms.tolist(), epoch.path_m.tolist(), strict=True)
            table = [VisitRule(dwell_ms=dwell, path_m=path) for dwell, path in pairs]
            if not tables or tables[-1] != table:
                starts.append(begins)
                tables.append(table)
        return VisitRules(starts, tables)

    def limits(self, start: int, end: int, calendar: DutyCalendar) -> LimitSteps:
        """Limits of the cells from `start` to `end` (ms); the last step has no end."""
        starts: list[int] = []
        steps: list[Int] = []
        for epoch, lo, hi in self._between(start, end):
            spans = {span for plan in epoch.plans for limit in plan.limits for span in limit.hours.spans}
            edges = calendar.edges(spans, lo, hi) if spans else []
            for at in [lo, *edges]:
                row = np.array([plan.limit_at(at, calendar) for plan in epoch.plans], dtype=np.int64)[epoch.of]
                if not steps or not np.array_equal(steps[-1], row):
                    starts.append(at)
                    steps.append(row)
        return LimitSteps(starts=np.array(starts, dtype=np.int64), limit_ms=np.array(steps).reshape(len(starts), -1))

    def limits_ahead(self, now: int, calendar: DutyCalendar) -> LimitSteps:
        """Limits of the cells from `now` (ms) on, recomputed now and then; the calendar must be the same each time."""
        slot = now - now % _KEEP_MS
        if self._ahead is None or self._ahead[0] != slot:
            self._ahead = slot, self.limits(slot, slot + _KEEP_MS + LOOK_AHEAD_MS, calendar)
        return self._ahead[1]

    def windows(self, start: int, end: int, calendar: DutyCalendar) -> Windows:
        """Windows of required visits that touch [start, end), ms; each by the plan in force when it begins."""
        parts: list[tuple[NDArray[np.intp], int, int, int]] = []
        first = start - LOOK_AHEAD_MS
        for epoch, lo, hi in self._between(first, end):
            for number, plan in enumerate(epoch.plans):
                windows = [
                    (visit, opens, closes)
                    for visit in plan.visits
                    for opens, closes in calendar.spans_of(visit.hours, lo, hi)
                    if lo <= opens and closes > start and opens < end
                ]
                cells = np.flatnonzero(epoch.of == number) if windows else np.empty(0, dtype=np.intp)
                parts += [
                    (cells[self._begins[cells] <= opens], opens, closes, visit.n) for visit, opens, closes in windows
                ]
        sizes = [len(cells) for cells, _, _, _ in parts]
        return Windows(
            cell=np.concatenate([cells for cells, _, _, _ in parts] or [np.empty(0, dtype=np.intp)]),
            start=np.repeat(np.array([opens for _, opens, _, _ in parts], dtype=np.int64), sizes),
            end=np.repeat(np.array([closes for _, _, closes, _ in parts], dtype=np.int64), sizes),
            n=np.repeat(np.array([n for _, _, _, n in parts], dtype=np.int32), sizes),
        )

    def _between(self, start: int, end: int) -> list[tuple[Epoch, int, int]]:
        """Epochs that touch [start, end), each with its common part."""
        ends = [*self._starts[1:], end]
        return [
            (self._epoch(number), max(lo, start), min(hi, end))
            for number, (lo, hi) in enumerate(zip(self._starts, ends, strict=True))
            if hi > start and lo < end
        ]

    def _epoch(self, number: int) -> Epoch:
        if number not in self._epochs:
            self._epochs[number] = self._made(self._starts[number])
        return self._epochs[number]

    def _made(self, start: int) -> Epoch:
        held = {version.scope: version for version in self._versions if _holds(version, start)}
        plans: dict[tuple[int, ...], int] = {}
        of = []
        for site in self.sites:
            key = tuple(held[scope].id for scope in site.scopes if scope in held)
            of.append(plans.setdefault(key, len(plans)))
        by_id = {version.id: version for version in held.values()}
        built = tuple(plan_of(parsed({k: v for n in key for k, v in (by_id[n].body or {}).items()})) for key in plans)
        rows = np.array(of, dtype=np.intp)
        return Epoch(
            start=start,
            plans=built,
            of=rows,
            dwell_ms=np.array([plan.dwell_ms for plan in built], dtype=np.int64)[rows],
            path_m=self._path_m(built, rows),
            weight=np.array(
                [built[n].weight or site.weight for n, site in zip(of, self.sites, strict=True)], dtype=np.float64
            ),
        )

    def _path_m(self, plans: Sequence[Plan], of: NDArray[np.intp]) -> Float:
        path = np.array([plan.path_m for plan in plans], dtype=np.float64)[of]
        share = np.array([plan.path_road_share or np.nan for plan in plans], dtype=np.float64)[of]
        return np.asarray(np.fmin(path, share * self._road_m), dtype=np.float64)

    @cached_property
    def _begins(self) -> Int:
        return np.array([site.begins for site in self.sites], dtype=np.int64)

    @cached_property
    def _road_m(self) -> Float:
        return np.array([site.road_m or np.nan for site in self.sites], dtype=np.float64)

    def _said(self, at: int, scopes: Sequence[str]) -> dict[str, object]:
        """Fields set by the plans of the scopes at a moment; later scopes override earlier ones."""
        held = {version.scope: version.body or {} for version in self._versions if _holds(version, at)}
        return {name: value for scope in scopes for name, value in held.get(scope, {}).items()}


def quota(windows: Windows, done: NDArray[np.int32], dwell_ms: Int) -> Quota:
    """Choose for each cell the window whose next visit is due first.

    Args:
        windows: open windows.
        done: valid visits that began in each.
        dwell_ms: least dwell of each cell, ms.
    """
    all_of = Quota(required=windows.n, done=done, start=windows.start, end=windows.end)
    order = np.lexsort((windows.end, all_of.due(dwell_ms[windows.cell]), windows.cell))
    first = order[np.flatnonzero(np.diff(windows.cell[order], prepend=-1))]
    quota = Quota.none(len(dwell_ms))
    cells = windows.cell[first]
    quota.required[cells], quota.done[cells] = windows.n[first], done[first]
    quota.start[cells], quota.end[cells] = windows.start[first], windows.end[first]
    return quota


def _holds(version: RuleVersion, at: int) -> bool:
    return version.valid_from <= at and (version.valid_to is None or at < version.valid_to)
