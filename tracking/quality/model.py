"""Kinds of findings, and a finding. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FindingKind(StrEnum):
    """Kinds of findings on the data of a device."""

    CLOCK_SKEW = "clock_skew"
    """Its clock differs from that of the server by more than transmission explains."""
    WRONG_DATUM = "wrong_datum"
    """Its places fit far better under another datum than the one it is set to."""
    DATUM_DOUBT = "datum_doubt"
    """The same in one shift; three make WRONG_DATUM."""
    MOCKED = "mocked"
    """The platform reports mocked positions."""
    IDENTICAL = "identical"
    """Places repeat to the last digit, which no receiver does."""
    TOGETHER = "together"
    """It moves together with the device of another officer, as if carried by one person."""
    REPLAYED = "replayed"
    """The same places in the same order as at another time."""
    IMPOSSIBLE = "impossible"
    """Impossible jumps."""
    CONTRADICTION = "contradiction"
    """Speed and course of the receiver do not fit the places."""
    TIME_STANDS = "time_stands"
    """Later messages do not have later times."""


FAKE = frozenset(
    {
        FindingKind.MOCKED, FindingKind.IDENTICAL, FindingKind.TOGETHER, FindingKind.REPLAYED,
        FindingKind.CONTRADICTION, FindingKind.IMPOSSIBLE, FindingKind.TIME_STANDS,
    }
)  # fmt: skip
"""Kinds that raise the suspicion of a faked track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding on one device in one stretch of time. It depends on the fixes only, not on their order."""

    device: int
    kind: FindingKind
    since: int
    """Time of the first fix concerned, ms."""
    until: int
    """Time of the last one, ms."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """The figures behind the decision."""
