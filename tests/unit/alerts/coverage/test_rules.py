"""Timelines of the alert rules: warned, overdue, cleared; once each."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.coverage import rules, thresholds
from alerts.life.model import GAP, UNDERSTAFFED, Level, Step, Visit
from tests.support.shift import DWELL, LIMIT, MINUTE, START, Shift, Walk, at
from tracking.coverage import coverage

EVERY_MINUTE = range(240)


def test_evaluate_warns_then_tells_of_the_breach_then_resolves() -> None:
    """A cell is warned about with a third of its limit left, is red at its limit, and a visit ends it: one alert."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=110, t_out=120)])
    ledger = shift.run(range(179))
    assert ledger.told() == [("opened", "orange", 69), ("raised", "red", 100), ("resolved", "red", 113)]
    assert list(ledger.alerts) == [f"coverage_gap:441302010001001:{at(10)}"]
    facts = next(iter(ledger.alerts.values())).facts.stored()
    assert facts["gap_since"] == "2026-02-02T00:10:00.000Z"
    assert facts["due"] == "2026-02-02T01:40:00.000Z"
    assert (facts["limit_s"], facts["visited"], facts["officer"], facts["arrival_s"]) == (5400, True, "officer-0", 60)
    assert facts["in_time"] is False


def test_evaluate_warns_earlier_when_nobody_is_near() -> None:
    """The pre-warning comes while the nearest officer can still make it: 3 km are 53 minutes on foot."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10)], officers_m=[3000.0])
    step, level, minute = shift.run(EVERY_MINUTE).told()[0]
    assert (step, level) == ("opened", "orange")
    arrival_min = 1 + 3000 * 1.35 / 1.3 / 60
    assert minute == pytest.approx(10 + 90 - 3 - arrival_min, abs=1)


def test_evaluate_resolves_a_warning_by_a_visit_in_time() -> None:
    """A visit after the pre-warning and before the limit ends it, and there never was a breach."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=90, t_out=95)])
    ledger = shift.run(range(120))
    assert ledger.told() == [("opened", "orange", 69), ("resolved", "orange", 93)]
    assert next(iter(ledger.alerts.values())).facts.stored()["in_time"] is True


def test_evaluate_opens_one_alert_for_each_gap() -> None:
    """The next gap of the same cell is another alert."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=90, t_out=95)])
    assert len(shift.run(range(300)).alerts) == 2


def test_evaluate_counts_from_the_first_data_when_never_visited() -> None:
    """A cell that was never visited waits since the city is observed, and the alert says so."""
    ledger = Shift().run(EVERY_MINUTE)
    assert list(ledger.alerts) == [f"coverage_gap:441302010001001:{START}"]
    assert next(iter(ledger.alerts.values())).facts.stored()["visited"] is False


@pytest.mark.parametrize(
    "shift",
    [
        Shift(known_since=coverage.NEVER),
        Shift(visits=[Walk(cell=0, t_in=0, t_out=10)], heard=START + 30 * MINUTE),
    ],
)
def test_evaluate_never_accuses_of_what_cannot_be_known(shift: Shift) -> None:
    """A city that is not observed, or fell silent before the limit, gives no alert."""
    assert not shift.run(EVERY_MINUTE).steps


def test_evaluate_keeps_an_open_alert_while_nothing_is_heard() -> None:
    """Silence after the breach neither ends the alert nor opens another."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10)])
    ledger = shift.run(range(105))
    replace(shift, heard=at(104)).run(range(105, 240), ledger)
    assert ledger.told() == [("opened", "orange", 69), ("raised", "red", 100)]


def test_evaluate_stands_still_off_duty() -> None:
    """Off duty the wait is frozen: the alert comes when duty goes on, not in the night."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10)], windows=[("08:00", "09:00"), ("12:00", "18:00")])
    told = shift.run(range(400)).told()
    # 50 duty minutes pass until 09:00; the remaining 9 until the warning pass from 12:00 (minute 240).
    assert told == [("opened", "orange", 249), ("raised", "red", 280)]


def test_evaluate_resolves_off_duty() -> None:
    """A visit ends an alert at any hour."""
    shift = Shift(
        visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=130, t_out=140)],
        windows=[("08:00", "10:00"), ("14:00", "18:00")],
    )
    assert shift.run(range(200)).told()[-1] == ("resolved", "red", 133)


def test_evaluate_withdraws_by_late_data() -> None:
    """Late data that proves a visit before the limit withdraws what was said, and the new gap counts from it."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=85, t_out=90, known=130)])
    ledger = shift.run(range(149))
    assert ledger.told() == [("opened", "orange", 69), ("raised", "red", 100), ("withdrawn", "red", 130)]
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=62, t_out=67, known=90)])
    assert shift.run(range(150)).told() == [
        ("opened", "orange", 69),
        ("withdrawn", "orange", 90),
        ("opened", "orange", 126),
    ]


def test_late_withdraws_a_breach_that_a_visit_had_ended() -> None:
    """A gap that ended late is withdrawn by a visit in time that comes to light, or when its start proves wrong."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=110, t_out=120)])
    ledger = shift.run(range(130))
    (ended,) = [ledger.alerts[key] for key, state in ledger.state.items() if state == "resolved"]
    after = Visit(t_in=at(110), t_out=at(120), open=False)
    assert rules.late_changes([ended], {ended.key: after}, {}, at(130)) == []
    before = Visit(t_in=at(99), t_out=at(105), open=False, cause={"kind": "late"})
    (change,) = rules.late_changes([ended], {ended.key: before}, {}, at(130))
    assert (change.key, change.step, change.level) == (ended.key, Step.WITHDRAWN, Level.RED)
    assert (change.facts.why, change.facts.reason) == ("late_data", {"kind": "late"})
    assert (change.facts.visit_in, change.facts.in_time) == ("2026-02-02T01:39:00.000Z", True)
    (change,) = rules.late_changes([ended], {ended.key: after}, {ended.key: {}}, at(130))
    assert (change.step, change.facts.why) == (Step.WITHDRAWN, "basis_changed")


def test_evaluate_opens_again_when_a_visit_proves_invalid() -> None:
    """When the visit that a gap counts from is amended away, the earlier gap stands again."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=90, t_out=95)])
    ledger = shift.run(range(180))
    shift.with_visits(Walk(cell=0, t_in=0, t_out=10)).run(range(180, 182), ledger)
    first, second = (f"coverage_gap:441302010001001:{at(minute)}" for minute in (10, 95))
    assert ledger.final() == {first: ("open", "red"), second: ("withdrawn", "orange")}


def test_evaluate_withdraws_when_the_cell_goes_out_of_force() -> None:
    """A cell of a former grid can no longer be neglected."""
    ledger = Shift(cells=2).run(range(90))
    assert len(ledger.opened) == 2
    Shift(cells=1).run([91], ledger)
    assert [alert.cell for alert in ledger.opened] == [1]


def test_levels_are_left_only_with_room() -> None:
    """An officer who comes and goes by a minute does not make the level flap; one who is really near lowers it."""
    near, far = 20 * 60, 62 * 60
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10)])
    metres = {seconds: (seconds - 60) * 1.3 / 1.35 for seconds in (near, far, far - 120)}
    ledger = replace(shift, officers_m=[metres[far]]).run([40])
    assert ledger.told() == [("opened", "orange", 40)]
    replace(shift, officers_m=[metres[far - 120]]).run([40.5], ledger)
    assert len(ledger.steps) == 1
    replace(shift, officers_m=[metres[near]]).run([41], ledger)
    assert ledger.told()[1:] == [("lowered", "blue", 41)]
    replace(shift, officers_m=[metres[far]]).run([42], ledger)
    assert ledger.told()[2:] == [("raised", "orange", 42)]
    assert len(ledger.alerts) == 1


def test_evaluate_says_once_that_a_street_is_short_of_officers() -> None:
    """Forty cells due at once with one officer are one understaffed alert and the eight most urgent, not forty."""
    shift = Shift(cells=40)
    ledger = shift.run(EVERY_MINUTE)
    kinds = [alert.kind for alert in ledger.opened]
    assert kinds.count(UNDERSTAFFED) == 1
    assert kinds.count(GAP) == shift.crowd.most
    enough = replace(shift, officers_m=[float(200 * i) for i in range(40)])
    enough.run([241], ledger)
    kinds = [alert.kind for alert in ledger.opened]
    assert kinds.count(UNDERSTAFFED) == 0
    assert kinds.count(GAP) == 40


def test_evaluate_tells_of_more_cells_of_a_short_street_when_somebody_was_sent() -> None:
    """Eight cells wait for somebody to be sent; of whom three are taken care of, three others are told."""
    shift = Shift(cells=40)
    opened = shift.run(EVERY_MINUTE).opened
    by = thresholds.Thresholds.same(shift.rule, shift.cells)
    gaps = [alert.key for alert in opened if alert.kind == GAP]
    for sent in (0, 3):
        known = [replace(alert, assignee=1 if alert.key in gaps[:sent] else None) for alert in opened]
        changes = rules.evaluate(shift.situation(at(240), known), known, by, shift.crowd)
        assert [(change.kind, change.step) for change in changes] == sent * [(GAP, Step.OPENED)]


def test_evaluate_tells_one_by_one_with_officers_enough() -> None:
    """Many cells are told of one by one while the officers can manage."""
    ledger = Shift(cells=20, officers_m=[float(200 * i) for i in range(20)]).run(range(80))
    assert {alert.kind for alert in ledger.opened} == {GAP}
    assert len(ledger.opened) == 20


def test_evaluate_warns_by_time_alone_without_officers() -> None:
    """With nobody to send, a cell is told of by the time it has left, not at once."""
    ledger = Shift(visits=[Walk(cell=0, t_in=0, t_out=10)], officers_m=[]).run(EVERY_MINUTE)
    assert ledger.told() == [("opened", "orange", 69), ("raised", "red", 100)]
    assert next(iter(ledger.alerts.values())).facts.stored()["arrival_s"] is None


def test_levels_of_short_limits_do_not_warn_from_the_start() -> None:
    """A limit of ten minutes is warned about in its last third."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10)], limit_ms=10 * MINUTE)
    assert shift.run(np.arange(0, 30, 0.5)).told() == [("opened", "orange", 16), ("raised", "red", 20)]


def test_evaluate_waits_for_an_officer_who_came_in_time() -> None:
    """While a stay that began before the limit may still become a visit, nothing is called missed."""
    shift = Shift(visits=[Walk(cell=0, t_in=0, t_out=10)])
    stands = replace(shift, inside=[(0, 99)]).run(EVERY_MINUTE)
    hold = shift.rule.hold_ms // MINUTE + DWELL // MINUTE
    assert stands.told() == [("opened", "orange", 69), ("raised", "red", 99 + hold)]
    counts = shift.with_visits(Walk(cell=0, t_in=0, t_out=10), Walk(cell=0, t_in=99, t_out=110))
    ledger = replace(counts, inside=[(0, 99)]).run(range(110))
    assert ledger.told() == [("opened", "orange", 69), ("resolved", "orange", 102)]
    too_late = replace(shift, inside=[(0, 101)]).run(EVERY_MINUTE)
    assert too_late.told() == [("opened", "orange", 69), ("raised", "red", 100)]


@st.composite
def _walks(draw: st.DrawFn) -> list[Walk]:
    """Visits of six cells in order, gaps of 1 to 150 minutes."""
    walks = []
    for cell in range(6):
        minute = 0.0
        for _ in range(draw(st.integers(0, 4))):
            minute += draw(st.integers(1, 150))
            stay = draw(st.integers(3, 30))
            walks.append(Walk(cell=cell, t_in=minute, t_out=minute + stay))
            minute += stay
    return walks


@settings(deadline=None, max_examples=12)
@given(_walks(), st.sets(st.integers(0, 1000), max_size=60), st.integers(100, 250))
def test_evaluate_at_more_moments_changes_no_final_alert(walks: list[Walk], extra: set[int], end: int) -> None:
    """Looking more often, or starting again at any moment, gives the same alerts in the same final states."""
    shift = Shift(cells=6, visits=walks)
    coarse = shift.run(range(end))
    finer = sorted({*range(end), *(minute / 4 for minute in extra if minute / 4 < end - 1)})
    assert shift.run(finer).final() == coarse.final()


@settings(deadline=None, max_examples=12)
@given(_walks(), st.integers(0, 250), st.integers(130, 250))
def test_evaluate_after_an_outage_ends_in_the_same_state(walks: list[Walk], start: int, end: int) -> None:
    """A watcher that was away tells of the gap that stands as if it had been there, and invents none."""
    shift = Shift(cells=6, visits=walks)
    steady = shift.run(range(end))
    away = shift.run([minute for minute in range(end) if not start <= minute < min(start + 120, end - 1)])
    still = {alert.key: alert.level for alert in steady.opened}
    assert {alert.key: alert.level for alert in away.opened} == still
    told = steady.final()
    assert {key: told[key] for key, (_, level) in away.final().items() if level == "red"} == {
        key: final for key, final in away.final().items() if final[1] == "red"
    }
    assert set(away.alerts) <= set(told)


@settings(deadline=None, max_examples=20)
@given(_walks(), st.randoms(use_true_random=False), st.integers(100, 250))
def test_gaps_beyond_their_limit_do_not_depend_on_when_visits_became_known(
    walks: list[Walk], random: Random, end: int
) -> None:
    """Visits that become known in any order, up to hours late: when all are known the same gaps stand as missed."""
    made = [walk for walk in walks if walk.t_in + DWELL / MINUTE <= end]
    late = [replace(walk, known=min(end, walk.t_in + DWELL / MINUTE + random.choice([0, 5, 60, 200]))) for walk in made]
    random.shuffle(late)
    shift = Shift(cells=6, officers_m=[200.0 * n for n in range(6)])
    steady, mess = (shift.with_visits(*each).run(range(end + 1)) for each in (made, late))
    missed = [{alert.key for alert in told.opened if alert.level.wire == "red"} for told in (steady, mess)]
    assert missed[1] == missed[0]
    overdue = shift.with_visits(*made).situation(at(end), steady.opened).coverage.state == coverage.CellState.OVERDUE
    assert len(missed[0]) == overdue.sum()


@given(st.integers(-LIMIT, LIMIT), st.integers(-LIMIT, LIMIT), st.sampled_from([-1, 0, 1, 2, 3]), st.floats(0, 1))
def test_levels_never_fall_below_the_plain_level(idle: int, slack: int, held: int, chance: float) -> None:
    """Hysteresis only delays relief: it never hides a worse level, and never rises by itself."""
    judged = coverage.Coverage(
        at=START,
        state=np.zeros(1, np.uint8),
        idle_ms=np.array([LIMIT - idle]),
        limit_ms=np.array([LIMIT]),
        span_ms=np.array([LIMIT]),
        due=np.array([START]),
        left_ms=np.array([idle]),
        slack_ms=np.array([min(slack, idle)]),
    )
    by = thresholds.Thresholds.same(thresholds.WarningRule(), 1)
    plain = rules.levels(judged, np.array([3 * MINUTE]), np.array([chance]), np.array([-1], np.int8), by)[0]
    level = rules.levels(judged, np.array([3 * MINUTE]), np.array([chance]), np.array([held], np.int8), by)[0]
    assert plain <= level <= max(plain, held)
    assert Level(level) in Level
