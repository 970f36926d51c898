"""Units, officers, their shifts and the devices they carry. Pure; times are ms since 1970-01-01 UTC."""

from dataclasses import dataclass
from typing import Literal

ShiftKind = Literal["patrol", "post"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A team that owns devices and officers."""

    code: str
    """The topic's unit level."""
    name: str
    area: str | None
    """Code of the area it is responsible for; None: not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A person on patrol."""

    id: int
    badge: str
    """Unique in the city."""
    name: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Time and area of an officer's duty."""

    id: int
    officer: int
    area: str | None
    """Code of a responsibility grid or street; None: the area of the officer's unit."""
    starts: int
    ends: int
    """ms, exclusive."""
    kind: ShiftKind
    """At a `post` an officer may stand still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An officer carries a device from `t_from` up to `t_to`."""

    device: int
    officer: int
    t_from: int
    t_to: int | None
    """None: until now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """An officer signs in on a device, or signs out of it."""

    device: int
    t: int
    badge: str | None
    """None: the present officer signs out."""
