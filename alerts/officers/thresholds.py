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
    _seconds("late_s", "未到岗：班次开始后", "not arrived: after the start of the shift"),
    _seconds("absent_s", "缺岗：班次开始后", "absent: after the start of the shift"),
    _seconds("early_s", "提前多久到岗算到岗", "presence counts from this long before the shift"),
    _seconds("present_s", "到岗须持续", "arrival: presence must last"),
    _metres("buffer_m", "离岗：超出边界", "left the post: distance outside the area"),
    _seconds("away_s", "离岗：持续", "left the post: outside for"),
    _seconds("away_alarm_s", "脱岗：持续", "left the post, raised: outside for"),
    _seconds("outside_s", "越界：持续", "out of the area: outside for"),
    Field("outside_fixes", "越界：定位数至少", "out of the area: minimum fixes", "", 1, 1_000, _DEFAULTS.outside_fixes),
    _seconds("still_s", "停留超时：持续", "overlong stay: stationary for"),
    _seconds("still_alarm_s", "停留超时（升级）：持续", "overlong stay, raised: stationary for"),
    _metres("still_m", "停留超时：停留半径", "overlong stay: radius"),
    _metres("moved_m", "停留超时：离开半径", "overlong stay: ends beyond"),
    _seconds("silent_s", "失联：无消息", "lost contact: silent for"),
    _per_cent("battery_low", "电量低：低于", "low battery: below"),
    _per_cent("battery_alarm", "电量低（升级）：低于", "low battery, raised: below"),
    _per_cent("battery_back", "电量低：恢复到", "low battery: ends at"),
    _seconds("shift_left_s", "电量低：班次剩余时间多于", "low battery: only with more of the shift left than"),
    _metres("accuracy_m", "定位精度差：差于", "poor accuracy: worse than"),
    _metres("accuracy_back_m", "定位精度差：恢复到", "poor accuracy: ends at"),
    _seconds("accuracy_s", "定位精度差：观察时长", "poor accuracy: median over"),
    _metres("together_m", "单人执法：第二名队员须在", "single officer: the second must be within"),
    _seconds("together_s", "单人执法：前后时长", "single officer: fixes of the second count within"),
    _seconds("step_grace_s", "单人执法：等待数据", "single officer: judged after"),
    _metres("crowd_m", "扎堆：距离", "crowding: within"),
    _seconds("crowd_s", "扎堆：持续", "crowding: for"),
    Field("crowd_officers", "扎堆：人数", "crowding: officers", "", 2, 1_000, _DEFAULTS.crowd_officers),
    Field("ride_kmh", "乘车巡查：速度高于", "riding: faster than", "km/h", 0.1, 200, _DEFAULTS.ride_kmh, whole=False),
    Field("ride_share", "乘车巡查：时间占比", "riding: share of the moving time", "", 0.01, 1, _DEFAULTS.ride_share,
          whole=False),
    _seconds("ride_s", "乘车巡查：至少观察", "riding: observed for at least"),
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
