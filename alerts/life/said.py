"""What a person, a device or a timer says with a step of an alert. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from alerts.life.facts import Struct


class OfStep(Struct, frozen=True, kw_only=True):
    """What a person, a device or a timer said with a step."""

    reason: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    until: str | UnsetType = UNSET
    device: str | UnsetType = UNSET
    """Name of the device that is sent, or that answered."""
    said_at: str | UnsetType = UNSET
    due: str | UnsetType = UNSET
    """When the timer was due."""
    escalation: int | UnsetType = UNSET
    """How often it went on to a next person."""
    to: list[str] | UnsetType | None = UNSET
    """Accounts of those it went on to."""
    cell: str | UnsetType = UNSET
    lat: float | UnsetType = UNSET
    """Where to go, degrees, WGS-84."""
    lon: float | UnsetType = UNSET
    arrival_s: int | UnsetType = UNSET


def with_step(facts: Struct) -> OfStep:
    """What was said with a step that is taken; nothing where a rule took it."""
    return facts if isinstance(facts, OfStep) else OfStep()


def of_step(stored: Mapping[str, Any]) -> OfStep:
    """What was said with a stored step; nothing where it cannot be read."""
    try:
        return msgspec.convert(stored, OfStep)
    except msgspec.ValidationError:
        return OfStep()
