"""Words of the alert rules: levels, steps, and the changes they decide on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

GAP = "coverage_gap"
"""Kind: a unit cell will miss, or has missed, its limit."""
UNDERSTAFFED = "understaffed"
"""Kind: more falls due in a street within the hour than its officers can visit."""


class Level(IntEnum):
    """How urgent an alert is; the names are lower-case on the wire."""

    BLUE = 0
    """Time enough."""
    YELLOW = 1
    """Less than 30 % of the limit left beyond arrival and visit."""
    ORANGE = 2
    """Will be missed unless somebody is sent now."""
    RED = 3
    """Missed."""

    @property
    def wire(self) -> str:
        """Name on the wire and in the database."""
        return self.name.lower()

    @classmethod
    def of(cls, name: str) -> "Level":
        """The level of a wire name."""
        return cls[name.upper()]


class Step(StrEnum):
    """What happened to an alert."""

    OPENED = "opened"
    REOPENED = "reopened"
    """What had ended it turned out not to hold."""
    RAISED = "raised"
    LOWERED = "lowered"
    RESOLVED = "resolved"
    """By fact: a valid visit, officers enough."""
    WITHDRAWN = "withdrawn"
    """Data that came late shows that there was nothing to tell."""


ENDING = (Step.RESOLVED, Step.WITHDRAWN)

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAlert:
    """A stored alert that is open."""

    key: str
    kind: str
    level: Level
    cell: int | None
    """Number of the cell in the store."""
    opened_at: int
    """ms since 1970-01-01 UTC."""
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step to store; applied twice it has no further effect."""

    key: str
    kind: str
    step: Step
    level: Level
    cell: int | None
    at: int
    """When it was decided, ms since 1970-01-01 UTC."""
    facts: Facts
    """Added to the facts the alert has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A valid visit as far as an alert is concerned; ms since 1970-01-01 UTC."""

    t_in: int
    t_out: int
    open: bool
    """It is going on."""
