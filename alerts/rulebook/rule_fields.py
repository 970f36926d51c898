"""What a rule as data may say: its values with bounds, and what is wrong with one that was given. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
Default = float | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a rule."""

    name: str
    zh: str
    en: str
    unit: str
    """As people read it: s, min, m, m/s, km/h, %, or nothing for shares and counts."""
    least: float
    most: float
    default: Default
    whole: bool = True
    several: int = 0
    """It is a list of so many values at most; 0: one value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with which value: a path such as `hours.0.early_chance`."""

    where: str
    message: str


def check(fields: Sequence[Field], body: Body, *, inside: str = "") -> list[Fault]:
    """Say what is wrong with the values that are given; those that are not keep what wider rules say.

    Args:
        fields: what there is.
        body: the values.
        inside: path of what holds them, with a dot at its end.
    """
    known = {field.name: field for field in fields}
    found = []
    for name, value in body.items():
        if name in known:
            message = _wrong(known[name], value)
            found += [] if message is None else [Fault(f"{inside}{name}", message)]
        else:
            found.append(Fault(f"{inside}{name}"[:80], f"unknown; the values are {', '.join(sorted(known))}"))
    return found


def ordered(fields: Sequence[Field], body: Body, pairs: Iterable[tuple[str, str]], *, inside: str = "") -> list[Fault]:
    """Say which values are not less than those that must be greater; defaults stand for what is not given."""
    values = {field.name: body.get(field.name, field.default) for field in fields}
    return [
        Fault(f"{inside}{low if low in body else high}", f"{low} must be less than {high} ({values[high]:g})")
        for low, high in pairs
        if values[low] >= values[high]
    ]


def _wrong(field: Field, value: object) -> str | None:
    if not field.several:
        return None if _fits(field, value) else f"must be {_range(field)}"
    if not isinstance(value, list) or len(value) > field.several or not all(_fits(field, each) for each in value):
        return f"must be a list of at most {field.several}, each {_range(field)}"
    return None


def _fits(field: Field, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return field.least <= value <= field.most and (not field.whole or value == int(value))


def _range(field: Field) -> str:
    kind = "a whole number" if field.whole else "a number"
    return f"{kind} from {field.least:g} to {field.most:g}{' ' if field.unit else ''}{field.unit}"
