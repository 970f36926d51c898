"""Kinds of shifts that the benches simulate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What kind of shift."""

    name: str
    officers: int = 600
    incidents_an_hour: float = 0.15
    """Of each officer."""
    absent: float = 0.0
    """Share of the officers who do not come to the shift."""
    outage: float = 0.0
    """Share of the streets whose devices fall silent for 20 to 60 minutes, once in the shift."""
    off_route: float = 0.25
    """Share of the officers who walk their beat cell by cell, whatever its limits."""


SCENARIOS = (
    Scenario(name="calm"),
    Scenario(name="busy", incidents_an_hour=0.4),
    Scenario(name="understaffed", absent=0.4),
    Scenario(name="radio outage", outage=0.4),
)
