"""Thresholds of the alerts about officers: rules as data, with defaults. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from alerts.rulebook import rule_fields
from alerts.rulebook.rule_fields import Fault, Field

RULE_KIND = "officer"
"""Kind of these rules in the rule store; scopes: city, unit:CODE."""
CITY = "city"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerRule:
    """When what is told of an officer. Seconds, metres, per cent; the defaults are version 0."""

    version: int = 0
    """Number of the version in the rule store; 0: the defaults of the program."""
    late_s: int = 600
    """Not in the area so long after the beginning of the shift: not arrived."""
    absent_s: int = 1_800
    """Then it is an absence."""
    early_s: int = 1_800
    """Presence so long before the shift counts as arrival."""
    present_s: int = 60
    """Presence must last so long to be believed."""
    buffer_m: float = 50.0
    """A post is left only this far outside its area."""
    away_s: int = 600
    """Outside the post for so long: left."""
    away_alarm_s: int = 1_800
    outside_s: int = 120
    """Outside the area of the unit for so long: out of area."""
    outside_fixes: int = 3
    still_s: int = 1_200
    """Within a disc for so long: overlong stay."""
    still_alarm_s: int = 1_800
    still_m: float = 40.0
    """Radius of the disc."""
    moved_m: float = 60.0
    """Radius of the disc that must be left."""
    silent_s: int = 300
    """Nothing heard for so long: contact lost."""
    battery_low: float = 20.0
    battery_alarm: float = 10.0
    battery_back: float = 25.0
    shift_left_s: int = 3_600
    """A low battery matters only with more of the shift left."""
    accuracy_m: float = 50.0
    """Median accuracy worse than this over `accuracy_s`: poor."""
    accuracy_back_m: float = 40.0
    accuracy_s: int = 300
    together_m: float = 50.0
    """A second officer must be this near at an enforcement step."""
    together_s: int = 60
    """Fixes of the second officer count so long before and after the step."""
    step_grace_s: int = 180
    """An enforcement step is judged after this time, when the others' fixes are in."""
    crowd_m: float = 30.0
    crowd_s: int = 900
    crowd_officers: int = 3
    ride_kmh: float = 15.0
    ride_share: float = 0.5
    """More than this share of the way time faster than `ride_kmh` is no patrol on foot."""
    ride_s: int = 1_200
    """Least time observed before it is said."""


_DEFAULTS = OfficerRule()
_LONGEST_S = 3_600
"""Tracks are kept for little longer."""
_METRES, _PERCENT = (0.1, 10_000.0), (0.1, 100.0)


def _seconds(name: str, zh: str, en: str) -> Field:
    return Field(name, zh, en, "s", 1, _LONGEST_S, getattr(_DEFAULTS, name))


def _metres(name: str, zh: str, en: str) -> Field:
    return Field(name, zh, en, "m", *_METRES, getattr(_DEFAULTS, name), whole=False)


def _per_cent(name: str, zh: str, en: str) -> Field:
    return Field(name, zh, en, "%", *_PERCENT, getattr(_DEFAULTS, name), whole=False)


FIELDS: tuple[Field, ...] = (
    _seconds("late_s", "未到岗：班次开始后", "not arrived: after the shift began"),
    _seconds("absent_s", "缺岗：班次开始后", "absent: after the shift began"),
    _seconds("early_s", "提前到岗算到岗", "presence so long before the shift counts"),
    _seconds("present_s", "在岗须持续", "presence must last"),
    _metres("buffer_m", "离岗缓冲距离", "a post is left so far outside its area"),
    _seconds("away_s", "离岗：持续", "left the post: for"),
    _seconds("away_alarm_s", "脱岗：持续", "absent from the post: for"),
    _seconds("outside_s", "越界：持续", "out of the area: for"),
    Field("outside_fixes", "越界：至少定位数", "out of the area: fixes", "", 1, 1_000, _DEFAULTS.outside_fixes),
    _seconds("still_s", "停留超时：持续", "overlong stay: for"),
    _seconds("still_alarm_s", "停留超时（升级）：持续", "overlong stay, raised: for"),
    _metres("still_m", "停留半径", "stay: radius of the disc"),
    _metres("moved_m", "离开停留的半径", "stay: radius that must be left"),
    _seconds("silent_s", "失联：无消息", "lost contact: silent for"),
    _per_cent("battery_low", "电量低", "low battery at"),
    _per_cent("battery_alarm", "电量告急", "low battery, raised at"),
    _per_cent("battery_back", "电量恢复", "battery is well again at"),
    _seconds("shift_left_s", "班次还剩多久才关心电量", "battery matters with more of the shift left than"),
    _metres("accuracy_m", "定位精度差于", "poor accuracy beyond"),
    _metres("accuracy_back_m", "精度恢复到", "accuracy is well again at"),
    _seconds("accuracy_s", "精度观察时长", "accuracy is judged over"),
    _metres("together_m", "双人执法距离", "a second officer must be within"),
    _seconds("together_s", "双人执法前后时长", "fixes of the second officer count within"),
    _seconds("step_grace_s", "执法步骤等待数据", "a step is judged after"),
    _metres("crowd_m", "扎堆距离", "crowding: within"),
    _seconds("crowd_s", "扎堆：持续", "crowding: for"),
    Field("crowd_officers", "扎堆人数", "crowding: officers", "", 2, 1_000, _DEFAULTS.crowd_officers),
    Field("ride_kmh", "乘车速度", "riding: faster than", "km/h", 0.1, 200, _DEFAULTS.ride_kmh, whole=False),
    Field("ride_share", "乘车时间占比", "riding: share of the time on the way", "", 0.01, 1, _DEFAULTS.ride_share,
          whole=False),
    _seconds("ride_s", "乘车至少观察", "riding: observed for"),
)  # fmt: skip
ORDERED = (
    ("late_s", "absent_s"), ("away_s", "away_alarm_s"), ("still_s", "still_alarm_s"), ("still_m", "moved_m"),
    ("battery_alarm", "battery_low"), ("battery_low", "battery_back"), ("accuracy_back_m", "accuracy_m"),
)  # fmt: skip
_WHOLE = {field.name: field.whole for field in FIELDS}


def faults(body: Mapping[str, Any]) -> list[Fault]:
    """Say what is wrong with a rule as data: the keys are fields of `OfficerRule`; those not given keep their default.

    Returns:
        One fault for each wrong value; empty: it can be used.
    """
    return rule_fields.check(FIELDS, body) or rule_fields.ordered(FIELDS, body, ORDERED)


def by_unit(versions: Iterable[tuple[int, str, Mapping[str, Any]]]) -> dict[str, OfficerRule]:
    """Rules by unit code, and under CITY the one of all others.

    Args:
        versions: (number, scope, body) of the versions in force.
    """
    listed = {scope: (number, body) for number, scope, body in versions if not faults(body)}
    city = OfficerRule()
    if CITY in listed:
        city = _with(city, listed[CITY][1], listed[CITY][0])
    rules = {CITY: city}
    for scope, (number, body) in listed.items():
        if scope.startswith("unit:"):
            rules[scope.removeprefix("unit:")] = _with(city, body, number)
    return rules


def _with(rule: OfficerRule, body: Mapping[str, Any], version: int) -> OfficerRule:
    values: dict[str, Any] = {name: int(value) if _WHOLE[name] else float(value) for name, value in body.items()}
    return replace(rule, version=version, **values)
