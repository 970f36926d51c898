"""Score of the engine against the truth; device_sim.fleet.visits defines true and knowable."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from bench import shown
from bench.fleet import Fleet, Town
from bench.server import Known
from device_sim.fleet import visits
from device_sim.fleet.visits import Reading
from tracking.coverage.coverage import CellState
from tracking.presence.stays import Stay, StayKind

GAP_TOLERANCE_MS = 60_000
"""A coverage gap that is longer than its limit by less than this need not be found, nor is it wrong when it is."""

NEARLY, CLEARLY = 1.0, -1.0
"""Slack of `visits.TrueStay.valid`."""

Span = tuple[int, int]
Spans = dict[tuple[str, float], list[list[Span]]]
"""Visits of each cell, by who says so and with how much slack."""
Key = tuple[int, int]
"""Number of the officer, number of the cell in the simulation."""


@dataclass(slots=True)
class Score:
    """Counts that add up over fleets and seeds; rates come from them."""

    fixes: int = 0
    """Fixes that arrived and were not refused, each once."""
    true: int = 0
    """Valid visits that happened."""
    knowable: int = 0
    """Clearly valid visits by the sure part of the data alone."""
    found: int = 0
    """Valid visits found."""
    right: int = 0
    """Of them, those that nearly happened or may have."""
    recalled: int = 0
    """Knowable visits that were found."""
    letter_right: int = 0
    """Found visits that are valid to the letter, without any margin."""
    letter_knowable: int = 0
    """Visits that are valid to the letter by the sure part of the data."""
    letter_recalled: int = 0
    """Of them, those found."""
    split: int = 0
    """True visits of a covered stretch that were found as several."""
    drives: int = 0
    """True stays of covered stretches faster than a patrol."""
    drives_found: int = 0
    cells_found: int = 0
    """Cells with a visit found."""
    cells_wrong: int = 0
    """Of them, those in which nobody can have made one: wrongly covered."""
    cells_unknowable: int = 0
    """Cells that were visited, but whose covered stays clearly fall short of a visit, or are none."""
    cells_unknowable_found: int = 0
    """Of them, those found visited."""
    gaps: int = 0
    """True coverage gaps longer than the limit of the cell's class."""
    gaps_missed: int = 0
    gaps_false: int = 0
    """Gaps found though the covered data shows that there was none."""
    gaps_blind: int = 0
    """Gaps found that only silence makes: they must be shown as unknown."""
    must_be_unknown: int = 0
    """Cells, hour by hour, that only silence makes look overdue."""
    shown_unknown: int = 0
    """Of them, those that coverage shows as unknown."""
    blamed: int = 0
    """Cells, hour by hour, that coverage shows as overdue though they are not."""
    dwell_errors_s: list[float] = field(default_factory=list)

    def __iadd__(self, other: "Score") -> Self:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def precision(self) -> float:
        """Share of the found visits that are right; 1 when none was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the knowable visits that were found; 1 when there are none."""
        return self.recalled / self.knowable if self.knowable else 1.0

    @property
    def letter_precision(self) -> float:
        """Precision without margins: a found visit that truly was a second too short is wrong."""
        return self.letter_right / self.found if self.found else 1.0

    @property
    def letter_recall(self) -> float:
        """Recall without margins."""
        return self.letter_recalled / self.letter_knowable if self.letter_knowable else 1.0

    def dwell_error_s(self, per_cent: float) -> float:
        """Percentile of the absolute error of the dwell, s; 0 without visits."""
        return float(np.percentile(self.dwell_errors_s, per_cent)) if self.dwell_errors_s else 0.0


def total(scores: Iterable[Score]) -> Score:
    """The sum of scores."""
    made = Score()
    for each in scores:
        made += each
    return made


@dataclass(slots=True)
class Truth:
    """True stays of all officers by each reading, by officer and cell."""

    of: dict[Reading, dict[Key, list[visits.TrueStay]]]


def truth(fleet: Fleet) -> Truth:
    """Compute the four readings."""
    readings: dict[Reading, dict[Key, list[visits.TrueStay]]] = {reading: defaultdict(list) for reading in Reading}
    for who, shift in zip(fleet.officers, fleet.shifts, strict=True):
        runs = visits.covered(shift.taken, shift.deliveries)
        for reading, stays in readings.items():
            for stay in visits.stays(shift.way, runs, reading):
                stays[who.number, stay.cell].append(stay)
    return Truth(readings)


def score(town: Town, fleet: Fleet, known: Known) -> Score:
    """Compare what the server knows with the truth."""
    actual = truth(fleet)
    found: dict[Key, list[Stay]] = defaultdict(list)
    skew = fleet.skew_ms()
    for stay in known.stays:
        # Where the product says that a clock is wrong, and by how much, its times are read so.
        off = skew.get(stay.device, 0)
        found[stay.device - 1, stay.cell - 1].append(replace(stay, t_in=stay.t_in - off, t_out=stay.t_out - off))
    made = Score(fixes=len(np.unique(fleet.row)))
    for key in set(found).union(*actual.of.values()):
        _score_visits(made, town, actual, key, found[key])
    visited = _visited(town, actual, found)
    begin, end = _shift(fleet)
    _score_cells(made, town, visited, (begin, end))
    _score_shown(made, town, known, visited, (begin, end))
    return made


def _score_visits(made: Score, town: Town, actual: Truth, key: Key, found: list[Stay]) -> None:
    rule = town.true_rules[key[1]]
    of = {reading: actual.of[reading][key] for reading in Reading}
    true = {reading: _valid(stays, rule) for reading, stays in of.items()}
    clear, near = _valid(of[Reading.SURE], rule, CLEARLY), _valid(of[Reading.POSSIBLE], rule, NEARLY)
    seen = [stay for stay in found if stay.kind is StayKind.VISIT]
    made.true += len(true[Reading.EXACT])
    made.knowable += len(clear)
    made.found += len(seen)
    made.right += sum(_meets(stay, near) for stay in seen)
    made.recalled += sum(_meets(stay, seen) for stay in clear)
    made.letter_right += sum(_meets(stay, true[Reading.POSSIBLE]) for stay in seen)
    made.letter_knowable += len(true[Reading.SURE])
    made.letter_recalled += sum(_meets(stay, seen) for stay in true[Reading.SURE])
    for stay in true[Reading.COVERED]:
        same = [each for each in seen if _overlap(stay, each) > 0]
        made.split += len(same) > 1
        if same:
            best = max(same, key=lambda each: _overlap(stay, each))
            made.dwell_errors_s.append(abs(best.dwell_ms - stay.dwell_ms) / 1000)
    drives = [stay for stay in actual.of[Reading.COVERED][key] if stay.drives()]
    made.drives += len(drives)
    made.drives_found += sum(_meets(stay, [e for e in found if e.kind is StayKind.DRIVE_THROUGH]) for stay in drives)


def _valid(stays: list[visits.TrueStay], rule: visits.VisitRule, slack: float = 0.0) -> list[visits.TrueStay]:
    return [stay for stay in stays if stay.valid(rule, slack)]


def _shift(fleet: Fleet) -> Span:
    begin = min(int(shift.way.t[0]) for shift in fleet.shifts)
    return begin, max(int(shift.way.t[-1]) for shift in fleet.shifts)


def _visited(town: Town, actual: Truth, found: dict[Key, list[Stay]]) -> Spans:
    """Valid visits of each cell, whoever made them: found, and by each reading and slack of the truth."""
    spans: Spans = defaultdict(lambda: [[] for _ in town.rules])
    for (_, cell), stays in found.items():
        spans["found", 0.0][cell] += [(stay.t_in, stay.t_out) for stay in stays if stay.kind is StayKind.VISIT]
    for reading in Reading:
        for (_, cell), each in actual.of[reading].items():
            rule = town.true_rules[cell]
            for slack in (CLEARLY, 0.0, NEARLY):
                spans[reading.name, slack][cell] += [(stay.t_in, stay.t_out) for stay in _valid(each, rule, slack)]
    return spans


def _score_cells(made: Score, town: Town, spans: Spans, shift: Span) -> None:
    for cell in town.true_rules:
        found = spans["found", 0.0][cell]
        made.cells_found += bool(found)
        made.cells_wrong += bool(found) and not spans["POSSIBLE", NEARLY][cell]
        unknowable = bool(spans["EXACT", 0.0][cell]) and not spans["COVERED", NEARLY][cell]
        made.cells_unknowable += unknowable
        made.cells_unknowable_found += unknowable and bool(found)
        limit = town.limit_ms[cell + 1]

        def gaps(name: str, slack: float, cell: int = cell, limit: int = limit) -> list[Span]:
            return _gaps(spans[name, slack][cell], *shift, limit)

        _score_gaps(made, gaps, limit)


def _score_shown(made: Score, town: Town, known: Known, spans: Spans, shift: Span) -> None:
    limit = np.array(list(town.limit_ms.values()), dtype=np.int64)
    dwell = np.array([town.rules[cell].dwell_ms for cell in town.limit_ms], dtype=np.int64)
    begin, end = shift
    for now in range(begin + shown.EVERY_MS, end + 1, shown.EVERY_MS):
        state = shown.states(town, known, begin, now)
        true, covered = (
            shown.waits(spans[each], dwell, begin, now) for each in (("EXACT", CLEARLY), ("COVERED", NEARLY))
        )
        must = shown.must_be_unknown(true, covered, limit)
        made.must_be_unknown += int(must.sum())
        made.shown_unknown += int((must & (state == CellState.UNKNOWN)).sum())
        made.blamed += int(shown.is_blamed(state, true, limit).sum())


def _score_gaps(made: Score, gaps: Callable[[str, float], list[Span]], limit: int) -> None:
    def clear(spans: list[Span]) -> list[Span]:
        return [(start, stop) for start, stop in spans if stop - start > limit + GAP_TOLERANCE_MS]

    found = gaps("found", 0.0)
    # A gap is one for certain when even a visit that nearly was one does not end it, and none when one clearly does.
    for gap in clear(gaps("EXACT", NEARLY)):
        made.gaps += 1
        made.gaps_missed += not _half_in(gap, found)
    for gap in clear(found):
        if not _half_in(gap, gaps("EXACT", CLEARLY)):
            blind = _half_in(gap, gaps("COVERED", CLEARLY)) or _half_in(gap, gaps("SURE", CLEARLY))
            made.gaps_blind += blind
            made.gaps_false += not blind


def _gaps(times: list[Span], begin: int, end: int, limit: int) -> list[Span]:
    """Stretches without a valid visit that are longer than the limit, from the shift's begin to its end."""
    found, last = [], begin
    for start, stop in [*sorted(times), (end, end)]:
        if start - last > limit:
            found.append((last, start))
        last = max(last, stop)
    return found


def _half_in(gap: Span, others: list[Span]) -> bool:
    """Whether some other span covers half of this one."""
    return any(2 * (min(gap[1], stop) - max(gap[0], start)) >= gap[1] - gap[0] for start, stop in others)


def _meets(stay: Stay | visits.TrueStay, others: Sequence[Stay | visits.TrueStay]) -> bool:
    """Whether one of the others is the same stay: they share half of the shorter of both."""
    return any(2 * _overlap(stay, each) >= min(_span(stay), _span(each)) for each in others)


def _overlap(a: Stay | visits.TrueStay, b: Stay | visits.TrueStay) -> int:
    return min(a.t_out, b.t_out) - max(a.t_in, b.t_in)


def _span(stay: Stay | visits.TrueStay) -> int:
    return stay.t_out - stay.t_in
