"""Thresholds of the alerts about officers: rules as data, with defaults. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from alerts.rulebook import rule_values
from alerts.rulebook.rule_values import Number, RuleValues, Whole, value

RULE_KIND = "officer"
"""Kind of these rules in the rule store; scopes: city, unit:CODE."""
CITY = "city"


_LONGEST_S = 3_600
"""Longest duration of a threshold: tracks are kept only a little longer."""


def _seconds(default: int, zh: str, en: str) -> Any:
    return value(default, zh, en, "s", least=1, most=_LONGEST_S)


def _metres(default: float, zh: str, en: str) -> Any:
    return value(default, zh, en, "m", least=0.1, most=10_000)


def _per_cent(default: float, zh: str, en: str) -> Any:
    return value(default, zh, en, "%", least=0.1, most=100)


class OfficerValues(RuleValues):
    """Thresholds in seconds, metres and per cent."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (
        ("late_s", "absent_s"), ("away_s", "away_alarm_s"), ("still_s", "still_alarm_s"), ("still_m", "moved_m"),
        ("battery_alarm", "battery_low"), ("battery_low", "battery_back"), ("accuracy_back_m", "accuracy_m"),
    )  # fmt: skip

    late_s: Whole = _seconds(600, "未到岗：班次开始后", "not arrived: after the start of the shift")
    """Not in the area this long after the start of the shift: not arrived."""
    absent_s: Whole = _seconds(1_800, "缺岗：班次开始后", "absent: after the start of the shift")
    """The same for absent."""
    early_s: Whole = _seconds(1_800, "提前多久到岗算到岗", "presence counts from this long before the shift")
    """Presence up to this long before the shift counts as arrival."""
    present_s: Whole = _seconds(60, "到岗须持续", "arrival: presence must last")
    """Presence must last this long to count as arrival."""
    buffer_m: Number = _metres(50.0, "离岗：超出边界", "left the post: distance outside the area")
    """A post is left only this far outside its area."""
    away_s: Whole = _seconds(600, "离岗：持续", "left the post: outside for")
    """Outside the post for this long: left."""
    away_alarm_s: Whole = _seconds(1_800, "脱岗：持续", "left the post, raised: outside for")
    outside_s: Whole = _seconds(120, "越界：持续", "out of the area: outside for")
    """Outside the area of the unit for this long: out of the area."""
    outside_fixes: Whole = value(3, "越界：定位数至少", "out of the area: minimum fixes", least=1, most=1_000)
    still_s: Whole = _seconds(1_200, "停留超时：持续", "overlong stay: stationary for")
    """Within a circle for this long: overlong stay."""
    still_alarm_s: Whole = _seconds(1_800, "停留超时（升级）：持续", "overlong stay, raised: stationary for")
    still_m: Number = _metres(40.0, "停留超时：停留半径", "overlong stay: radius")
    """Radius of the circle."""
    moved_m: Number = _metres(60.0, "停留超时：离开半径", "overlong stay: ends beyond")
    """Radius of the circle that must be left to end the stay."""
    silent_s: Whole = _seconds(300, "失联：无消息", "lost contact: silent for")
    """No message for this long: lost contact."""
    battery_low: Number = _per_cent(20.0, "电量低：低于", "low battery: below")
    battery_alarm: Number = _per_cent(10.0, "电量低（升级）：低于", "low battery, raised: below")
    battery_back: Number = _per_cent(25.0, "电量低：恢复到", "low battery: ends at")
    shift_left_s: Whole = _seconds(
        3_600, "电量低：班次剩余时间多于", "low battery: only with more of the shift left than"
    )
    """A low battery is reported only with more of the shift left."""
    accuracy_m: Number = _metres(50.0, "定位精度差：差于", "poor accuracy: worse than")
    """Median accuracy worse than this over `accuracy_s`: poor."""
    accuracy_back_m: Number = _metres(40.0, "定位精度差：恢复到", "poor accuracy: ends at")
    accuracy_s: Whole = _seconds(300, "定位精度差：观察时长", "poor accuracy: median over")
    together_m: Number = _metres(50.0, "单人执法：第二名队员须在", "single officer: the second must be within")
    """A second officer must be this near at an enforcement step."""
    together_s: Whole = _seconds(60, "单人执法：前后时长", "single officer: fixes of the second count within")
    """Fixes of the second officer count this long before and after the step."""
    step_grace_s: Whole = _seconds(180, "单人执法：等待数据", "single officer: judged after")
    """An enforcement step is judged after this time, so that the fixes of the others have arrived."""
    crowd_m: Number = _metres(30.0, "扎堆：距离", "crowding: within")
    crowd_s: Whole = _seconds(900, "扎堆：持续", "crowding: for")
    crowd_officers: Whole = value(3, "扎堆：人数", "crowding: officers", least=2, most=1_000)
    ride_kmh: Number = value(15.0, "乘车巡查：速度高于", "riding: faster than", "km/h", least=0.1, most=200)
    ride_share: Number = value(0.5, "乘车巡查：时间占比", "riding: share of the moving time", least=0.01, most=1)
    """More than this share of the moving time faster than `ride_kmh`: riding."""
    ride_s: Whole = _seconds(1_200, "乘车巡查：至少观察", "riding: observed for at least")
    """Shortest observation for the alert."""


class OfficerRule(OfficerValues):
    """The values in force for a unit."""

    version: int = 0
    """Number of the version in the rule store; 0: the defaults."""


def by_unit(versions: Iterable[tuple[int, str, Mapping[str, Any]]]) -> dict[str, OfficerRule]:
    """Rules by unit code, and under CITY the one of all other units.

    Args:
        versions: (number, scope, body) of the versions in force.
    """
    listed = {scope: (number, body) for number, scope, body in versions if not rule_values.faults(OfficerValues, body)}
    city = OfficerRule()
    if CITY in listed:
        city = _with(city, listed[CITY][1], listed[CITY][0])
    rules = {CITY: city}
    for scope, (number, body) in listed.items():
        if scope.startswith("unit:"):
            rules[scope.removeprefix("unit:")] = _with(city, body, number)
    return rules


def _with(rule: OfficerRule, body: Mapping[str, Any], version: int) -> OfficerRule:
    values = OfficerValues.model_validate(body).model_dump(exclude_unset=True)
    return rule.model_copy(update={**values, "version": version})
