"""Patrol plans: scopes, validity, hours, required visits; and what coverage makes of them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.plan import PlanBody
from tracking.coverage import coverage
from tracking.coverage.coverage import NO_LIMIT, CellState
from tracking.plans import calendars, plans
from tracking.plans.calendars import DutyCalendar
from tracking.plans.plans import Plans, Site
from tracking.plans.rule_version import RuleVersion

ZONE = "Asia/Shanghai"
MINUTE = 60_000
HOUR = 60 * MINUTE
ALWAYS = DutyCalendar(ZONE, [("00:00", "24:00")])
SHOP = Site(scopes=("city", "class:business", "unit:xjk", "grid:G1", "cell:1"), weight=2, road_m=400)
HOME = Site(scopes=("city", "class:residential", "unit:xjk", "grid:G1", "cell:2"), weight=1, road_m=None)


def ms(text: str) -> int:
    """Ms of a local time in the city."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def version(scope: str, body: dict[str, Any], start: int = 0, end: int | None = None) -> RuleVersion:
    """A version of a plan."""
    number = hash((scope, start)) % 10**9
    return RuleVersion(
        id=number, kind="plan", scope=scope, body=body, valid_from=start, valid_to=end, made_at=0, made_by="li"
    )


def limits_at(made: Plans, now: int) -> list[int]:
    """Limit of each cell, minutes."""
    return [limit // MINUTE for limit in made.limits(now, now + 1, ALWAYS).at(now).tolist()]


def test_the_narrowest_scope_that_says_a_thing_rules_it() -> None:
    """A grid's limit goes before the class's; what it does not say the class and the city say."""
    versions = [
        version("city", {"limit_s": 14400, "dwell_s": 180, "path_m": 150}),
        version("class:business", {"limit_s": 7200, "dwell_s": 300}),
        version("unit:xjk", {"weight": 3}),
        version("grid:G1", {"limit_s": 3600}),
        version("cell:2", {"limit_s": 1800, "path_m": 20, "weight": 5}),
    ]
    epoch = Plans(versions, [SHOP, HOME]).at(1)
    assert [epoch.plans[n].limit_ms // MINUTE for n in epoch.of.tolist()] == [60, 30]
    assert (epoch.dwell_ms // 1000).tolist() == [300, 180]
    assert epoch.path_m.tolist() == [100, 20]
    assert epoch.weight.tolist() == [3, 5]


def test_way_asked_for_is_a_quarter_of_short_roads() -> None:
    """ℓ_min = min(150 m, 0.25 × road length) where the length is known."""
    sites = [Site(scopes=("city",), weight=1, road_m=road) for road in (400, 4000, None)]
    assert Plans([version("city", {"path_m": 150})], sites).at(1).path_m.tolist() == [100, 150, 150]
    assert Plans([version("city", {"path_road_share": None})], sites).at(1).path_m.tolist() == [150] * 3


def test_a_past_time_is_judged_by_the_plan_in_force_then() -> None:
    """A change leaves earlier times and earlier visits as they were judged."""
    change = ms("2026-09-03 12:00")
    made = Plans(
        [
            version("city", {"limit_s": 7200, "dwell_s": 180}, 0, change),
            version("city", {"limit_s": 3600, "dwell_s": 600}, change),
        ],
        [SHOP],
    )
    assert limits_at(made, change - 1) == [120]
    assert limits_at(made, change) == [60]
    assert made.visit_rules().at(0, change - 1).dwell_ms == 180_000
    assert made.visit_rules().at(0, change).dwell_ms == 600_000
    ahead = made.limits(change - HOUR, change + HOUR, ALWAYS)
    assert ahead.starts.tolist() == [change - HOUR, change]


def test_a_plan_that_ends_gives_way_to_the_wider_scope() -> None:
    """An event's plan for one grid holds for its days only."""
    start, end = ms("2026-09-03 00:00"), ms("2026-09-05 00:00")
    made = Plans([version("city", {"limit_s": 7200}), version("grid:G1", {"limit_s": 1800}, start, end)], [HOME])
    assert [limits_at(made, at) for at in (start - 1, start, end - 1, end)] == [[120], [30], [30], [120]]


def test_limits_follow_weekdays_holidays_and_hours() -> None:
    """Later entries go before earlier ones; a limit of null is none."""
    body = {
        "limit_s": 14400,
        "limits": [
            {"hours": [["11:00", "13:00"]], "limit_s": 3600},
            {"days": ["holiday"], "hours": [["09:00", "21:00"]], "limit_s": 1800},
            {"days": ["sun"], "hours": [["22:00", "06:00"]], "limit_s": None},
        ],
    }
    made = Plans([version("city", body)], [SHOP])
    asked = ["2026-09-03 10:00", "2026-09-03 12:00", "2026-10-01 12:00", "2026-09-07 05:00", "2026-09-07 06:00"]
    assert [limits_at(made, ms(text))[0] for text in asked] == [240, 60, 30, NO_LIMIT // MINUTE, 240]


def test_a_tried_plan_rules_as_if_it_had_been_given() -> None:
    """It takes the place of the scope's plan of now; wider and narrower scopes keep their say."""
    now = ms("2026-09-03 12:00")
    held = [version("city", {"limit_s": 14_400, "limits": []}), version("class:business", {"limit_s": 7_200})]
    own: dict[str, Any] = {"limit_s": 1_800}
    asked: list[tuple[str, dict[str, Any] | None]] = [
        ("class:business", own), ("grid:G1", own), ("city", own), ("class:business", None)
    ]  # fmt: skip
    for scope, body in asked:
        others = [one for one in held if one.scope != scope]
        given = Plans([*others, version(scope, body or {}, now)], [SHOP, HOME])
        tried = Plans(held, [SHOP, HOME]).tried(scope, body, now)
        assert limits_at(tried, now) == limits_at(given, now)


def test_a_cell_without_a_limit_is_never_overdue() -> None:
    """Where only visits are required no wait is too long."""
    made = Plans([version("city", {"limit_s": None})], [SHOP])
    now = ms("2026-09-03 12:00")
    judged = judge(made, now, last_visit=now - 30 * 24 * HOUR)
    assert (judged.state[0], judged.due[0]) == (CellState.FRESH, coverage.NEVER)


def judge(made: Plans, now: int, *, done: int = 0, **known: Any) -> coverage.Coverage:
    """Coverage of one cell that is observed for a month; arrivals take no time."""
    windows = made.windows(now, now + 1, ALWAYS)
    columns = {"last_visit": coverage.NEVER, "known_since": now - 30 * 24 * HOUR, "possible": coverage.NEVER, **known}
    return coverage.evaluate(
        coverage.CoverageInput(
            present=np.zeros(1, dtype=np.bool_),
            quota=plans.quota(windows, np.full(len(windows), done, dtype=np.int32), made.at(now).dwell_ms),
            **{name: np.array([value], dtype=np.int64) for name, value in columns.items()},
        ),
        now=now,
        limits=made.limits_ahead(now, ALWAYS),
        arrival_ms=np.zeros(1, dtype=np.int64),
        dwell_ms=made.at(now).dwell_ms,
        calendar=ALWAYS,
    )


SHIFT_PLAN = {"limit_s": None, "dwell_s": 300, "visits": [{"days": ["workday"], "hours": [["08:00", "16:00"]], "n": 3}]}


@pytest.mark.parametrize(
    ("clock", "done", "state", "due"),
    [
        ("09:00", 0, CellState.FRESH, "15:48"),
        ("15:00", 0, CellState.DUE_SOON, "15:48"),
        ("15:44", 0, CellState.WILL_BREACH, "15:48"),
        ("15:48", 0, CellState.OVERDUE, "15:48"),
        ("15:50", 1, CellState.WILL_BREACH, "15:54"),
        ("15:50", 2, CellState.DUE_SOON, "16:00"),
        ("15:50", 3, CellState.FRESH, None),
        ("16:00", 0, CellState.FRESH, None),
    ],
)
def test_required_visits_are_due_while_they_can_still_be_made(
    clock: str, done: int, state: CellState, due: str | None
) -> None:
    """Three visits of five minutes, a minute apart, are over by 16:00: the first is valid by 15:48 at the latest."""
    day = "2026-09-03 "
    made = Plans([version("city", SHIFT_PLAN)], [SHOP])
    judged = judge(made, ms(day + clock), done=done, last_visit=ms(day + "08:30"))
    assert (judged.state[0], judged.due[0]) == (state, ms(day + due) if due else coverage.NEVER)


def test_visits_that_silence_may_hide_are_unknown() -> None:
    """A device that was silent in the window may have made them; one that was silent before it may not."""
    made, now = Plans([version("city", SHIFT_PLAN)], [SHOP]), ms("2026-09-03 15:55")
    assert judge(made, now, possible=ms("2026-09-03 10:00")).state[0] == CellState.UNKNOWN
    assert judge(made, now, possible=ms("2026-09-03 07:00")).state[0] == CellState.OVERDUE


def test_no_visits_are_required_on_other_days() -> None:
    """A plan for workdays asks nothing of a holiday; a make-up Saturday is a workday."""
    made = Plans([version("city", SHIFT_PLAN)], [SHOP])
    assert [len(made.windows(ms(day), ms(day) + 1, ALWAYS)) for day in ("2026-10-01 12:00", "2026-02-14 12:00")] == [
        0,
        1,
    ]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ""),
        ({"limit_s": 30}, "limit_s"),
        ({"limits": [{"hours": [["25:00", "26:00"]], "limit_s": 60}]}, "limits.0.hours.0.0"),
        ({"limits": [{"hours": [["08:00", "08:00"]], "limit_s": 60}]}, "limits.0.hours.0"),
        ({"visits": [{"hours": [["08:00", "16:00"]], "n": 0}]}, "visits.0.n"),
        ({"visits": [{"days": ["someday"], "hours": [["08:00", "16:00"]], "n": 1}]}, "visits.0.days.0"),
        ({"dwell": 5}, "dwell"),
        ({"weight": 0}, "weight"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_where_it_is_wrong(body: dict[str, Any], where: str) -> None:
    """The error names the place in the body."""
    with pytest.raises(pydantic.ValidationError) as refused:
        PlanBody.model_validate(body)
    assert ".".join(map(str, refused.value.errors()[0]["loc"])) == where


HOURS = st.sampled_from([[["11:00", "13:00"]], [["22:00", "06:00"]], [["07:00", "09:00"], ["18:00", "21:00"]]])
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "days": st.lists(st.sampled_from(["mon", "sat", "workday", "holiday"]), max_size=2),
            "hours": HOURS,
            "limit_s": st.sampled_from([1800, 3600, None]),
        }
    ),
    max_size=3,
)


@settings(max_examples=40, deadline=None)
@given(ENTRIES, st.integers(0, 20_000), st.integers(0, 3000))
def test_limits_over_time_agree_with_asking_at_every_moment(entries: list[Any], start: int, after: int) -> None:
    """The steps of a stretch hold what the plan says at each moment of it, over holidays and a change of plans."""
    begin = ms("2026-09-26 00:00") + start * MINUTE
    change = begin + 700 * MINUTE
    made = Plans(
        [version("city", {"limit_s": 7200, "limits": entries}, 0, change), version("city", {"limit_s": 600}, change)],
        [SHOP, HOME],
    )
    now = begin + min(after, 2800) * MINUTE
    calendar = calendars.DutyCalendar(ZONE, [("00:00", "24:00")])
    stepwise = made.limits(begin, begin + 2900 * MINUTE, calendar).at(now)
    epoch = made.at(now)
    assert stepwise.tolist() == [epoch.plans[n].limit_at(now, calendar) for n in epoch.of.tolist()]
    assert epoch.plans[0].limit_ms == (7_200_000 if now < change else 600_000)
