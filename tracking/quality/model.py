"""Words of the cleaning: kinds of findings, and a finding. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FindingKind(StrEnum):
    """What can be wrong with what a device sends."""

    CLOCK_SKEW = "clock_skew"
    """Its clock differs from ours beyond what the way of a message explains."""
    WRONG_DATUM = "wrong_datum"
    """Its places fit far better under another datum than the one it is set to."""
    DATUM_DOUBT = "datum_doubt"
    """So in one shift; three make WRONG_DATUM."""
    MOCKED = "mocked"
    """The platform says that the position is not real."""
    IDENTICAL = "identical"
    """Places that repeat to the last digit, which no receiver does."""
    TOGETHER = "together"
    """It moves with the device of another officer, as in one pocket."""
    REPLAYED = "replayed"
    """The same places in the same order as at another time."""
    IMPOSSIBLE = "impossible"
    """Jumps that nobody can make."""
    CONTRADICTION = "contradiction"
    """Speed and course that the receiver gives do not fit the places."""
    TIME_STANDS = "time_stands"
    """Later messages carry times that do not grow."""


FAKE = frozenset(
    {
        FindingKind.MOCKED, FindingKind.IDENTICAL, FindingKind.TOGETHER, FindingKind.REPLAYED,
        FindingKind.CONTRADICTION, FindingKind.IMPOSSIBLE, FindingKind.TIME_STANDS,
    }
)  # fmt: skip
"""Kinds that raise the suspicion of a faked track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of one device in one stretch of time. It follows from the fixes alone, whatever their order."""

    device: int
    kind: FindingKind
    since: int
    """First fix it was found in, ms."""
    until: int
    """Last one."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """The numbers it was decided on."""
