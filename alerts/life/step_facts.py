"""The input of a step of an alert by a person, a device or a timer. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from alerts.life.facts import Struct


class StepFacts(Struct, frozen=True, kw_only=True):
    """The input of a step."""

    reason: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    until: str | UnsetType = UNSET
    device: str | UnsetType = UNSET
    """Name of the device of the officer sent, or that answered."""
    said_at: str | UnsetType = UNSET
    due: str | UnsetType = UNSET
    """When the timer was due."""
    escalation: int | UnsetType = UNSET
    """Number of escalations."""
    to: list[str] | UnsetType | None = UNSET
    """Accounts it was escalated to."""
    cell: str | UnsetType = UNSET
    lat: float | UnsetType = UNSET
    """Destination, degrees, WGS-84."""
    lon: float | UnsetType = UNSET
    arrival_s: int | UnsetType = UNSET


def of_act(facts: Struct) -> StepFacts:
    """Input of a step by the facts of its act; empty for steps of rules."""
    return facts if isinstance(facts, StepFacts) else StepFacts()


def of_step(stored: Mapping[str, Any]) -> StepFacts:
    """Input of a stored step; empty if it cannot be read."""
    try:
        return msgspec.convert(stored, StepFacts)
    except msgspec.ValidationError:
        return StepFacts()
