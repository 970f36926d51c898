"""When a coverage gap is told: pre-warning, overdue, cleared. Pure; the time is an argument.

Formulas: docs/alerts.md. Levels are computed for all cells at once; Python per cell only where an alert is, or opens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts import staffing
from alerts.arrival import NOBODY, Arrivals
from alerts.model import GAP, Change, Facts, Level, OpenAlert, Step, Visit
from schemas import rest
from tracking import times
from tracking.coverage import CellState, Coverage
from tracking.fixes import Bool, Int

DEAF_AFTER_MS = 180_000
"""When nothing at all came in for so long, the fault is ours: no cell is said to fall due on the strength of it."""

MINUTE = 60_000
RULE_VERSION = 1
Levels = NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRule:
    """Thresholds; durations in ms of duty time, shares of the limit."""

    lead_ms: int = 15 * MINUTE
    """A cell with less time left is told of, even with an officer next to it: nobody seems to be going there."""
    lead_share: float = 0.2
    most_lead_share: float = 0.5
    """Short limits are not warned about from the start."""
    soon_share: float = 0.3
    hold_ms: int = 5 * MINUTE
    """A level is left only when the threshold is exceeded by this much."""
    crowd: int = 8
    """Alerts of one street that are told one by one when its officers cannot manage all."""
    horizon_ms: int = 60 * MINUTE
    """What falls due within it is held against what the officers can do in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """n cells in force, as columns."""

    id: NDArray[np.int32]
    code: Sequence[str]
    """15 digits."""
    name: Sequence[str]
    """What people call it; the code where it has no name."""
    street: NDArray[np.intp]
    """Index in `streets`."""
    streets: Sequence[staffing.Street]
    dwell_ms: Int
    """Least time inside for a valid visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that is known at one moment."""

    now: int
    """ms since 1970-01-01 UTC."""
    on_duty: bool
    """Duty time is running; nothing is opened or raised while it stands still."""
    cells: Cells
    coverage: Coverage
    gap_start: Int
    """End of the last valid visit, else since when the place is observed, ms; -1 unknown."""
    visited: Bool
    """Whether `gap_start` is the end of a visit."""
    present: Bool
    """A valid visit is going on."""
    heard: int
    """Newest fix heard from the city, ms; -1 none."""
    arrivals: Arrivals
    officers: Sequence[str]
    """Names of the eligible officers' devices, by the indices of `arrivals`."""
    clearing: Mapping[str, Visit]
    """By key of an open alert: the first valid visit after the start of its gap."""
    amended: Mapping[str, Facts] = field(default_factory=dict)
    """By key of an open alert: why the visit that its gap was counted from does not hold any more."""


def evaluate(now: Situation, opened: Sequence[OpenAlert], rule: WarningRule) -> list[Change]:
    """Decide what changes: ends first, then levels, then what opens."""
    gaps = [alert for alert in opened if alert.kind == GAP]
    rows = {int(cell): row for row, cell in enumerate(now.cells.id)}
    changes = [change for alert in gaps if (change := _end(alert, rows.get(alert.cell or 0), now))]
    ended = {change.key for change in changes}
    standing = {rows[alert.cell or 0]: alert for alert in gaps if alert.key not in ended}
    if not now.on_duty:
        return changes
    held = np.full(len(now.cells.id), -1, dtype=np.int8)
    held[list(standing)] = [alert.level for alert in standing.values()]
    level = levels(now.coverage, held, rule)
    told = _told(now)
    for row, alert in standing.items():
        if told[row] and level[row] != alert.level:
            changes.append(_moved(alert, Level(level[row]), row, now))
    return changes + _open(now, opened, told, level, held, rule)


def levels(coverage: Coverage, held: Levels, rule: WarningRule) -> Levels:
    """Level of each cell; `held` is the level of its open alert, -1 none: it is left only with some room."""
    left = coverage.left_ms
    plain = _plain_levels(left, coverage.slack_ms, coverage.span_ms, rule)
    roomy = _plain_levels(left - rule.hold_ms, coverage.slack_ms - rule.hold_ms, coverage.span_ms, rule)
    return np.where(held < 0, plain, np.maximum(plain, np.minimum(held, roomy))).astype(np.int8)


def _plain_levels(left: Int, slack: Int, limit: Int, rule: WarningRule) -> Levels:
    lead = np.minimum(np.maximum(rule.lead_ms, rule.lead_share * limit), rule.most_lead_share * limit)
    level = np.full(len(left), Level.BLUE, dtype=np.int8)
    level[slack <= rule.soon_share * limit] = Level.YELLOW
    level[(slack <= 0) | (left <= lead)] = Level.ORANGE
    level[left <= 0] = Level.RED
    return level


def gap_key(code: str, gap_start: int) -> str:
    """Key of the one alert of a cell (15-digit code) and a gap."""
    return f"{GAP}:{code}:{gap_start}"


def _told(now: Situation) -> Bool:
    """Cells of which a wait can be told: what cannot be known is never called neglect."""
    known = (now.coverage.state != CellState.UNKNOWN) & (now.coverage.idle_ms >= 0) & (now.gap_start >= 0)
    heard = (now.heard >= now.now - DEAF_AFTER_MS) | (now.coverage.due <= now.heard)
    return np.asarray(known & heard & ~now.present)


def _end(alert: OpenAlert, row: int | None, now: Situation) -> Change | None:
    """The end of an alert whose gap does not stand any more."""
    if row is None:
        return _ended(alert, Step.WITHDRAWN, now, {"why": "cell_ended"})
    visit = now.clearing.get(alert.key)
    if visit is None:
        stands = gap_key(now.cells.code[row], int(now.gap_start[row])) == alert.key
        return None if stands else _withdrawn(alert, "basis_changed", now, now.amended.get(alert.key), {})
    facts = {"visit_in": _time(visit.t_in), "visit_out": None if visit.open else _time(visit.t_out)}
    in_time = visit.t_in <= times.millis(datetime.fromisoformat(alert.facts["due"]))
    known_late = not visit.open and visit.t_out <= alert.opened_at
    if in_time and (alert.level is Level.RED or known_late):
        return _withdrawn(alert, "late_data", now, visit.cause, facts)
    # By fact, whatever was said last: a watcher that was away for a while must come to the same end.
    level = alert.level if in_time else Level.RED
    return replace(_ended(alert, Step.RESOLVED, now, {**facts, "in_time": in_time}), level=level)


def _withdrawn(alert: OpenAlert, why: str, now: Situation, reason: Mapping[str, Any] | None, facts: Facts) -> Change:
    told = {"why": why} if reason is None else {"why": why, "reason": dict(reason)}
    return _ended(alert, Step.WITHDRAWN, now, {**facts, **told})


def _ended(alert: OpenAlert, step: Step, now: Situation, facts: Facts) -> Change:
    return Change(
        key=alert.key, kind=alert.kind, step=step, level=alert.level, cell=alert.cell, at=now.now, facts=facts
    )


def _moved(alert: OpenAlert, level: Level, row: int, now: Situation) -> Change:
    step = Step.RAISED if level > alert.level else Step.LOWERED
    facts = _facts(row, now)
    return Change(key=alert.key, kind=GAP, step=step, level=level, cell=alert.cell, at=now.now, facts=facts)


def _open(
    now: Situation, opened: Sequence[OpenAlert], told: Bool, level: Levels, held: Levels, rule: WarningRule
) -> list[Change]:
    """Alerts that open: one by one, or one for a street whose officers cannot manage."""
    loads = staffing.loads(
        street=now.cells.street,
        streets=len(now.cells.streets),
        due=told & ((now.coverage.left_ms <= rule.horizon_ms) | (level >= Level.ORANGE)),
        need_ms=np.maximum(now.arrivals.ms, 0) + now.cells.dwell_ms,
        officer_at=now.arrivals.at,
        horizon_ms=rule.horizon_ms,
    )
    changes, short = staffing.evaluate(now.now, now.cells.streets, loads, opened, crowd=rule.crowd)
    wanted = np.flatnonzero(told & (level >= Level.ORANGE) & (held < 0))
    urgent = wanted[np.lexsort((wanted, now.coverage.due[wanted]))]
    room = np.where(short, rule.crowd, len(held)) - np.bincount(
        now.cells.street[held >= 0], minlength=len(now.cells.streets)
    )
    for row in urgent.tolist():
        if room[now.cells.street[row]] > 0:
            room[now.cells.street[row]] -= 1
            changes.append(_opened(row, Level(level[row]), now))
    return changes


def _opened(row: int, level: Level, now: Situation) -> Change:
    return Change(
        key=gap_key(now.cells.code[row], int(now.gap_start[row])),
        kind=GAP,
        step=Step.OPENED,
        level=level,
        cell=int(now.cells.id[row]),
        at=now.now,
        facts=_facts(row, now),
    )


def _facts(row: int, now: Situation) -> Facts:
    """The numbers a level was decided on; times RFC 3339, durations in s."""
    officer = int(now.arrivals.officer[row])
    reachable = officer != NOBODY
    return {
        "cell": now.cells.code[row],
        "name": now.cells.name[row],
        "gap_since": _time(int(now.gap_start[row])),
        "visited": bool(now.visited[row]),
        "due": _time(int(now.coverage.due[row])),
        "idle_s": int(now.coverage.idle_ms[row]) // 1000,
        "limit_s": int(now.coverage.limit_ms[row]) // 1000,
        "dwell_s": int(now.cells.dwell_ms[row]) // 1000,
        "officer": now.officers[officer] if reachable else None,
        "arrival_s": int(now.arrivals.ms[row]) // 1000 if reachable else None,
        "slack_s": int(now.coverage.slack_ms[row]) // 1000 if reachable else None,
        "rule": RULE_VERSION,
    }


def _time(ms: int) -> str:
    return rest.rfc3339(times.moment(ms))
