"""Decides alerts of coverage gaps: pre-warning, overdue, resolved. Pure; the time is an argument.

Formulas: docs/alerts.md. Levels are computed for all cells at once, with Python code only for cells with an alert.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from msgspec import UNSET, structs
from numpy.typing import NDArray

from alerts.coverage import staffing
from alerts.coverage.arrival import NOBODY
from alerts.coverage.situation import Situation
from alerts.coverage.thresholds import CrowdRule, Thresholds
from alerts.life.facts import Ending, Gap, Understaffed
from alerts.life.model import GAP, Change, Level, OpenAlert, Step, Visit
from runtime import times
from schemas import rest
from tracking.coverage.coverage import CellState, Coverage
from tracking.presence.fixes import Bool, Float, Int
from tracking.presence.silence import UNHEARD_MS

DEAF_AFTER_MS = UNHEARD_MS
"""Silence of the whole city after which the system is at fault, and no cell is reported as due."""
CHANCE_HOLD = 0.1
"""Margin below the threshold of probability at which a level is left."""
MOST_LISTED = 100
"""Most cells named in the alert of a street."""

Levels = NDArray[np.int8]


def evaluate(
    now: Situation, opened: Sequence[OpenAlert], thresholds: Thresholds, crowd: CrowdRule | None = None
) -> list[Change]:
    """Decide the changes: ends first, then levels, then openings."""
    gaps = [alert for alert in opened if alert.kind == GAP]
    rows = {int(cell): row for row, cell in enumerate(now.cells.id)}
    changes = [change for alert in gaps if (change := _end(alert, rows.get(alert.cell or 0), now))]
    ended = {change.key for change in changes}
    standing = {rows[alert.cell or 0]: alert for alert in gaps if alert.key not in ended}
    if not now.on_duty:
        return changes
    held = np.full(len(now.cells.id), -1, dtype=np.int8)
    held[list(standing)] = [alert.level for alert in standing.values()]
    level = levels(now.coverage, now.cells.dwell_ms, now.chance, held, thresholds)
    alertable = can_judge(now, thresholds)
    for row, alert in standing.items():
        if alertable[row] and level[row] != alert.level:
            changes.append(_moved(alert, Level(level[row]), row, now, thresholds))
    waiting = np.array([row for row, alert in standing.items() if alert.assignee is None], dtype=np.intp)
    return changes + _open(now, opened, alertable, waiting, (level, held), thresholds, crowd or CrowdRule())


def levels(coverage: Coverage, dwell_ms: Int, chance: Float, held: Levels, thresholds: Thresholds) -> Levels:
    """Level of each cell; `held` is the level of its open alert, -1 none, which is left only with a margin."""
    left, slack, hold, span = coverage.left_ms, coverage.slack_ms, thresholds.hold_ms, coverage.span_ms
    plain = _plain_levels((left, slack, slack + dwell_ms), span, chance, thresholds)
    less = left - hold, slack - hold, slack + dwell_ms - hold
    roomy = _plain_levels(less, span, chance + CHANCE_HOLD, thresholds)
    return np.where(held < 0, plain, np.maximum(plain, np.minimum(held, roomy))).astype(np.int8)


def _plain_levels(times: tuple[Int, Int, Int], span: Int, chance: Float, by: Thresholds) -> Levels:
    """Levels by time left, slack, and the time until the last moment to leave; a visit counts from its begin."""
    left, slack, spare = times
    near = (slack <= 0) | (slack <= by.horizon_ms) & (left <= by.most_share * span)
    level = np.full(len(left), Level.BLUE, dtype=np.int8)
    level[slack <= by.soon_share * span] = Level.YELLOW
    level[near & (chance >= by.least_chance(spare))] = Level.ORANGE
    level[left <= 0] = Level.RED
    return level


def gap_key(code: str, gap_start: int) -> str:
    """Key of the one alert of a cell (15-digit code) and a gap."""
    return f"{GAP}:{code}:{gap_start}"


def can_judge(now: Situation, by: Thresholds) -> Bool:
    """Cells with a known wait; unknown cells are never reported."""
    known = (now.coverage.state != CellState.UNKNOWN) & (now.coverage.idle_ms >= 0) & (now.gap_start >= 0)
    heard = (now.heard >= now.now - DEAF_AFTER_MS) | (now.coverage.due <= now.heard)
    certain = known & heard & ~now.present & ~now.held & (now.coverage.due >= 0)
    return np.asarray(certain & ~_proving(now, by))


def _proving(now: Situation, by: Thresholds) -> Bool:
    """Cells that fell due with an officer inside: if the stay becomes a valid visit, it began in time."""
    since, due = now.inside_since, now.coverage.due
    return (due <= now.now) & (since >= 0) & (since <= due) & (now.now < since + now.cells.dwell_ms + by.hold_ms)


def _end(alert: OpenAlert, row: int | None, now: Situation) -> Change | None:
    """The end of an alert whose gap has ended."""
    if row is None:
        return _ended(alert, Step.WITHDRAWN, now.now, Ending(why="cell_ended"))
    visit = now.clearing.get(alert.key)
    if visit is None:
        stands = gap_key(now.cells.code[row], int(now.gap_start[row])) == alert.key
        return None if stands else _withdrawal(alert, _by_data("basis_changed", now.amended.get(alert.key)), now.now)
    in_time = _in_time(alert, visit)
    known_late = not visit.open and visit.t_out <= alert.opened_at
    if in_time and (alert.level is Level.RED or known_late):
        return _withdrawal(alert, _by_data("late_data", visit.cause, visit), now.now)
    # By the facts, whatever was reported last: a watcher that was stopped for a while must reach the same end.
    level = alert.level if in_time else Level.RED
    return replace(
        _ended(alert, Step.RESOLVED, now.now, structs.replace(_visited(visit), in_time=in_time)), level=level
    )


def late_changes(
    ended: Sequence[OpenAlert], clearing: Mapping[str, Visit], unfounded: Mapping[str, Mapping[str, Any]], now: int
) -> list[Change]:
    """Changes by late data to gaps that ended with a visit after their limit.

    Args:
        ended: ended gaps of the last days.
        clearing: by key, the first valid visit after the start of the gap, as known now.
        unfounded: by key, why the visit at the start of the gap is no longer valid.
        now: the moment, ms.
    """
    changes = []
    for alert in ended:
        visit = clearing.get(alert.key)
        if alert.key in unfounded:
            reason = unfounded[alert.key] or None
            changes.append(_withdrawal(alert, _by_data("basis_changed", reason), now))
        elif visit is not None and _in_time(alert, visit):
            changes.append(
                _withdrawal(alert, structs.replace(_by_data("late_data", visit.cause, visit), in_time=True), now)
            )
    return changes


def _in_time(alert: OpenAlert, visit: Visit) -> bool:
    """Whether the visit began before the limit of the gap."""
    return isinstance(alert.facts, Gap) and visit.t_in <= times.millis(datetime.fromisoformat(alert.facts.due))


def _visited(visit: Visit) -> Ending:
    return Ending(visit_in=_time(visit.t_in), visit_out=None if visit.open else _time(visit.t_out))


def _by_data(why: str, reason: Mapping[str, Any] | None, visit: Visit | None = None) -> Ending:
    """The withdrawal by late data, with the origin of the data and the visit."""
    end = Ending() if visit is None else _visited(visit)
    return structs.replace(end, why=why, reason=UNSET if reason is None else dict(reason))


def _withdrawal(alert: OpenAlert, ending: Ending, now: int) -> Change:
    return _ended(alert, Step.WITHDRAWN, now, ending)


def _ended(alert: OpenAlert, step: Step, now: int, ending: Ending) -> Change:
    return Change(key=alert.key, kind=alert.kind, step=step, level=alert.level, cell=alert.cell, at=now, facts=ending)


def _moved(alert: OpenAlert, level: Level, row: int, now: Situation, by: Thresholds) -> Change:
    step = Step.RAISED if level > alert.level else Step.LOWERED
    return Change(
        key=alert.key,
        kind=GAP,
        step=step,
        level=level,
        cell=alert.cell,
        at=now.now,
        facts=_facts(row, now, by),
        priority=_cost(row, now, by),
    )


def _open(
    now: Situation,
    opened: Sequence[OpenAlert],
    alertable: Bool,
    waiting: NDArray[np.intp],
    levels_held: tuple[Levels, Levels],
    by: Thresholds,
    crowd: CrowdRule,
) -> list[Change]:
    """Openings: one by one, or one for a street with too few officers.

    In such a street only a limited number wait for an officer; when one is sent, the next cell is reported.
    """
    level, held = levels_held
    due = alertable & ((now.coverage.left_ms <= crowd.horizon_ms) | (level >= Level.ORANGE))
    loads = staffing.loads(
        street=now.cells.street,
        streets=len(now.cells.streets),
        due=due,
        need_ms=np.maximum(now.arrivals.ms, 0) + now.cells.dwell_ms,
        officer_at=now.officer_at,
        horizon_ms=crowd.horizon_ms,
    )
    changes, short = staffing.evaluate(
        now.now, now.cells.streets, loads, opened, crowd=crowd.most, unclear=_streets_held(now)
    )
    changes = [_with_cells(change, due, now, crowd) for change in changes]
    wanted = np.flatnonzero(alertable & (level >= Level.ORANGE) & (held < 0))
    cost = now.cells.weight * now.chance * by.severity
    urgent = wanted[np.lexsort((wanted, now.coverage.due[wanted], -cost[wanted]))]
    room = np.where(short, crowd.most, len(held)) - np.bincount(
        now.cells.street[waiting], minlength=len(now.cells.streets)
    )
    for row in urgent.tolist():
        if room[now.cells.street[row]] > 0:
            room[now.cells.street[row]] -= 1
            changes.append(_opened(row, Level(level[row]), now, by))
    return changes


def _with_cells(change: Change, due: Bool, now: Situation, crowd: CrowdRule) -> Change:
    """Add the codes of the cells, the most urgent first, and the version of the rule to the alert of a street."""
    if change.step is not Step.OPENED or not isinstance(change.facts, Understaffed):
        return change
    codes = [street.code for street in now.cells.streets]
    rows = np.flatnonzero(due & (now.cells.street == codes.index(change.facts.street)))
    rows = rows[np.argsort(now.coverage.due[rows], kind="stable")][:MOST_LISTED]
    due_cells = [now.cells.code[row] for row in rows.tolist()]
    return replace(change, facts=structs.replace(change.facts, due_cells=due_cells, rule=crowd.version))


def _streets_held(now: Situation) -> Bool:
    """Streets with held-back cells, whose load cannot be computed."""
    return np.bincount(now.cells.street[now.held], minlength=len(now.cells.streets)) > 0


def _opened(row: int, level: Level, now: Situation, by: Thresholds) -> Change:
    return Change(
        key=gap_key(now.cells.code[row], int(now.gap_start[row])),
        kind=GAP,
        step=Step.OPENED,
        level=level,
        cell=int(now.cells.id[row]),
        at=now.now,
        facts=_facts(row, now, by),
        priority=_cost(row, now, by),
    )


def _cost(row: int, now: Situation, by: Thresholds) -> float:
    """Expected cost: weight of the cell × probability × severity."""
    return round(float(now.cells.weight[row] * now.chance[row] * by.severity[row]), 4)


def _facts(row: int, now: Situation, by: Thresholds) -> Gap:
    """The facts of a level."""
    officer = int(now.arrivals.officer[row])
    reachable = officer != NOBODY
    return Gap(
        cell=now.cells.code[row],
        name=now.cells.name[row],
        gap_since=_time(int(now.gap_start[row])),
        visited=bool(now.visited[row]),
        due=_time(int(now.coverage.due[row])),
        idle_s=int(now.coverage.idle_ms[row]) // 1000,
        limit_s=int(now.coverage.span_ms[row]) // 1000,
        dwell_s=int(now.cells.dwell_ms[row]) // 1000,
        officer=now.officers[officer] if reachable else None,
        arrival_s=int(now.arrivals.ms[row]) // 1000 if reachable else None,
        slack_s=int(now.coverage.slack_ms[row]) // 1000 if reachable else None,
        chance=round(float(now.chance[row]), 3),
        rule=int(by.version[row]),
    )


def _time(ms: int) -> str:
    return rest.rfc3339(times.moment(ms))
