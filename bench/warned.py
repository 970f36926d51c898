"""Quality of warnings: alerts of a shift compared with the true outcome of every gap. Terms: docs/alerts.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeVar

import numpy as np

from alerts.coverage import arrival, assignment, rules, situation, thresholds
from alerts.life.facts import Understaffed
from alerts.life.ledger import AlertLedger
from alerts.life.model import GAP, Change, Level, OpenAlert
from bench import shift, sight
from bench.gaps import Gap, gaps_of
from bench.patrols import HOUR, Doing
from bench.shift import Shift

W = TypeVar("W")


class Way(Enum):
    """How gaps are warned of."""

    RULES = "rules"
    """By the product."""
    SHARE = "80 % of the limit"
    """When 80 % of the limit has passed, whatever else is known."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What a way of warning goes by."""

    rule: thresholds.WarningRule = field(default_factory=thresholds.WarningRule)
    crowd: thresholds.CrowdRule = field(default_factory=thresholds.CrowdRule)
    blind: bool = False
    """Nothing is known but the time left: neither how probable a breach is nor where officers are."""

    def sees(self, now: situation.Situation) -> situation.Situation:
        """What is known of a moment."""
        if not self.blind:
            return now
        left = replace(now.coverage, slack_ms=now.coverage.left_ms)
        return replace(now, chance=np.ones(len(now.chance)), coverage=left)


def share(passed: float) -> How:
    """Warn when so much of the limit has passed."""
    rule = thresholds.WarningRule(horizon_ms=24 * HOUR, most_share=1 - passed, early_chance=0.5, last_chance=0.5)
    return How(rule=rule, crowd=thresholds.CrowdRule(most=1_000_000), blind=True)


HOW = {Way.RULES: How(), Way.SHARE: share(0.8)}


@dataclass(slots=True)
class Score:
    """What was counted; adds up over shifts."""

    breaches: int = 0
    preventable: int = 0
    """Somebody could have been there before the limit."""
    warned: int = 0
    """Of the preventable, while they still were."""
    proven: int = 0
    """Breaches that could have been prevented with the least dwell of a visit before the limit, too."""
    proven_warned: int = 0
    """Of those, warned of while that still was so."""
    by_street: int = 0
    """Of the warned, by the alert of a street short of officers only."""
    leads_min: list[float] = field(default_factory=list)
    """From the warning to the limit, of the warned."""
    orange: int = 0
    """Warnings before the limit."""
    needless: int = 0
    alerts: int = 0
    """All that opened."""
    supervisor_hours: float = 0.0
    overdue_hours: float = 0.0
    """Of cells."""
    orders: int = 0

    def add(self, other: "Score") -> "Score":
        """Both together."""
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})

    @property
    def recall(self) -> float:
        """Share of the preventable breaches that were warned of."""
        return self.warned / self.preventable if self.preventable else 1.0

    @property
    def proven_recall(self) -> float:
        """The same where the visit must be valid before the limit."""
        return self.proven_warned / self.proven if self.proven else 1.0

    @property
    def lead_min(self) -> float:
        """Median lead, min."""
        return float(np.median(self.leads_min)) if self.leads_min else float("nan")

    @property
    def needless_share(self) -> float:
        """Share of the orange warnings whose cell was visited in time anyway."""
        return self.needless / self.orange if self.orange else 0.0

    @property
    def balance(self) -> float:
        """Harmonic mean of the breaches that were warned of and the warnings that were needed: both must be high."""
        needed = 1 - self.needless_share
        return 2 * self.recall * needed / (self.recall + needed) if self.recall + needed else 0.0

    @property
    def rate(self) -> float:
        """Alerts per supervisor-hour."""
        return self.alerts / self.supervisor_hours if self.supervisor_hours else 0.0


def watch(going: Shift, ways: Mapping[W, How]) -> dict[W, Score]:
    """Let a shift pass without anybody being sent, and score ways of warning on it."""
    ledgers = {way: AlertLedger() for way in ways}
    for now in looks(going):
        going.walk(now)
        seen = going.eyes.look(now)
        going.note_reach(now, seen)
        situation = going.situation(now, seen)
        for way, ledger in ledgers.items():
            known = replace(situation, clearing=going.clearing(ledger.opened, now))
            ledger.apply(judge(ways[way], known, ledger.opened))
    gaps = gaps_of(going)
    return {way: score(going, gaps, ledger) for way, ledger in ledgers.items()}


def act(going: Shift, way: Way) -> Score:
    """Let a shift pass in which officers are sent to what is warned of, and score what is left overdue."""
    ledger, desk = AlertLedger(), Desk(seed=going.world.seed * 1000 + going.day)
    for now in looks(going):
        going.walk(now)
        if way is Way.NONE:
            continue
        seen = going.eyes.look(now)
        situation = replace(going.situation(now, seen), clearing=going.clearing(ledger.opened, now))
        ledger.apply(judge(HOW[way], situation, desk.known(ledger)))
        desk.send(going, situation, ledger, seen)
    made = score(going, gaps_of(going), ledger)
    made.orders = desk.orders
    return made


def judge(how: How, now: situation.Situation, opened: Sequence[OpenAlert]) -> list[Change]:
    """What changes by a way of warning."""
    by = thresholds.Thresholds.same(how.rule, len(now.chance))
    return rules.evaluate(how.sees(now), opened, by, how.crowd)


@dataclass(slots=True)
class Desk:
    """A supervisor who sends whom the assignment proposes."""

    seed: int
    orders: int = 0
    refused: set[tuple[str, int]] = field(default_factory=set)
    sent: dict[str, int] = field(default_factory=dict)
    """Alert → officer on the way."""
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def known(self, ledger: AlertLedger) -> list[OpenAlert]:
        """Alerts that stand, with whom was sent."""
        return [replace(alert, assignee=self.sent.get(alert.key)) for alert in ledger.opened]

    def send(self, going: Shift, now: situation.Situation, ledger: AlertLedger, seen: sight.Seen) -> None:
        """Press the button for every proposal."""
        opened = {alert.key: alert for alert in ledger.opened if alert.kind == GAP}
        self.sent = {
            key: i for key, i in self.sent.items()
            if key in opened and going.patrols[i].task == (opened[key].cell or 0) - 1
        }  # fmt: skip
        waiting = [
            alert for key, alert in opened.items()
            if alert.level >= Level.ORANGE and key not in self.sent and alert.opened_at <= now.now - shift.REACTION_MS
        ]  # fmt: skip
        free = np.flatnonzero((seen.doing <= Doing.PATROL) & (seen.fix_t > now.now - 180_000))
        rows = np.array([(alert.cell or 0) - 1 for alert in waiting], dtype=np.intp)
        if not len(rows) or not len(free):
            return
        needs = assignment.Needs(
            places=arrival.PlanePoints.of(going.world.places.x[rows], going.world.places.y[rows]),
            left_ms=now.coverage.left_ms[rows],
            limit_ms=now.coverage.span_ms[rows],
            dwell_ms=now.cells.dwell_ms[rows],
            cost=now.cells.weight[rows] * now.chance[rows],
        )
        available = assignment.Free(
            places=arrival.PlanePoints.of(seen.x[free], seen.y[free]), behind_ms=_behind(going, now, seen)[free]
        )
        rule = assignment.AssignmentRule()
        for proposal in assignment.propose(needs, available, rule, arrival.ArrivalRule(), ordered=len(self.sent)):
            key, i = waiting[proposal.need].key, int(free[proposal.officer])
            if (key, i) in self.refused:
                continue
            self.orders += 1
            if self.rng.random() < shift.FOLLOWED:
                going.patrols[i].send(now.now, int(rows[proposal.need]))
                self.sent[key] = i
            else:
                self.refused.add((key, i))


def _behind(going: Shift, now: situation.Situation, seen: sight.Seen) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How long the cell has waited that an officer is in without a valid visit yet."""
    idle = np.zeros(len(going.patrols), dtype=np.int64)
    inside = (seen.stops.cell >= 0) & (seen.doing == Doing.PATROL)
    at = seen.stops.cell[inside]
    idle[inside] = np.where(seen.inside_since[at] >= 0, now.coverage.idle_ms[at], 0)
    return idle


def looks(going: Shift) -> range:
    """Moments at which the rules look."""
    return range(going.start + shift.JUDGED - HOUR, going.start + going.length.end + shift.AFTER, going.length.look_ms)


def score(going: Shift, gaps: Sequence[Gap], ledger: AlertLedger) -> Score:
    """Hold the alerts of a shift against its gaps."""
    start, end = going.start + shift.JUDGED, going.start + going.length.end
    hours = (end - start) / HOUR
    made = Score(supervisor_hours=hours * len(going.world.cells.streets))
    made.alerts = sum(start <= first.at < end for first in ledger.first.values())
    warned = _warnings(made, gaps, ledger, (start, end))
    short = _short_streets(ledger)
    for gap in gaps:
        if gap.breached:
            made.overdue_hours += max(0.0, min(gap.visited, end) - max(gap.due, start)) / HOUR
        if gap.breached and start <= gap.due < end:
            _count_breach(made, gap, going, warned.get((gap.cell, gap.start)), short)
    return made


def _warnings(
    made: Score, gaps: Sequence[Gap], ledger: AlertLedger, judged: tuple[int, int]
) -> dict[tuple[int, int], int]:
    """Count the orange warnings and answer when each gap was first warned of, by cell and start."""
    by_cell: dict[int, list[Gap]] = {}
    for gap in gaps:
        by_cell.setdefault(gap.cell, []).append(gap)
    warned: dict[tuple[int, int], int] = {}
    for first in ledger.first.values():
        if first.kind != GAP or first.level is not Level.ORANGE:
            continue
        found = _gap_at(by_cell.get((first.cell or 0) - 1, []), first.at)
        if judged[0] <= first.at < judged[1]:
            made.orange += 1
            made.needless += found is None or not found.breached
        if found is not None:
            at = (found.cell, found.start)
            warned[at] = min(first.at, warned.get(at, first.at))
    return warned


def _gap_at(gaps: Sequence[Gap], at: int) -> Gap | None:
    """The wait that was going on."""
    return next((gap for gap in gaps if gap.start <= at < gap.visited), None)


def _short_streets(ledger: AlertLedger) -> list[tuple[str, int, int]]:
    """Street, from and to of the alerts of streets short of officers."""
    return [
        (first.facts.street, first.at, ledger.ended[key].at if key in ledger.ended else 1 << 60)
        for key, first in ledger.first.items()
        if isinstance(first.facts, Understaffed)
    ]


def _count_breach(
    made: Score, gap: Gap, going: Shift, warned: int | None, short: Sequence[tuple[str, int, int]]
) -> None:
    made.breaches += 1
    street = going.world.ground.town.cells[gap.cell].street
    hour = gap.due - HOUR
    alerts = [max(begins, hour) for code, begins, ends in short if code == street and ends > hour]
    last, proven = (reach.get((gap.cell, gap.due)) for reach in (going.reach, going.reach_proven))
    first = min(alerts if warned is None else [warned, *alerts], default=gap.due)
    if last is not None:
        made.preventable += 1
        if first <= last:
            own = warned is not None and warned <= last
            made.warned += 1
            made.by_street += not own
            made.leads_min.append((gap.due - (warned if own and warned is not None else first)) / 60_000)
    if proven is not None:
        made.proven += 1
        made.proven_warned += first <= proven
