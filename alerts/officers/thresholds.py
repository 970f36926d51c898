"""Thresholds of the alerts about officers: rules as data, with defaults. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

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


_NUMBERS: dict[str, type[int] | type[float]] = {
    each.name: float if isinstance(each.default, float) else int
    for each in fields(OfficerRule)
    if each.name != "version"
}
_ORDERED = (
    ("late_s", "absent_s"), ("away_s", "away_alarm_s"), ("still_s", "still_alarm_s"), ("still_m", "moved_m"),
    ("battery_alarm", "battery_low"), ("battery_low", "battery_back"), ("accuracy_back_m", "accuracy_m"),
)  # fmt: skip
_LONGEST_S = 3_600
"""Tracks are kept for little longer."""


def faults(body: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a rule as data: the keys are fields of `OfficerRule`; those not given keep their default.

    Returns:
        One sentence for each fault; empty: it can be used.
    """
    found = []
    for name, value in body.items():
        if name not in _NUMBERS:
            found.append(f"{name} is not a threshold; there are {', '.join(sorted(_NUMBERS))}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            found.append(f"{name} must be a positive number")
        elif name.endswith("_s") and value > _LONGEST_S:
            found.append(f"{name} must be at most {_LONGEST_S} s: tracks are looked back on for little longer")
    if not found:
        made = _with(OfficerRule(), body, 0)
        found += [
            f"{low} must be less than {high}" for low, high in _ORDERED if getattr(made, low) >= getattr(made, high)
        ]
    return found


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
    values: dict[str, Any] = {name: _NUMBERS[name](value) for name, value in body.items() if name in _NUMBERS}
    return replace(rule, version=version, **values)
