"""From which numbers on a gap is told: thresholds as data, by cell. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracking.fixes import Float, Int

MINUTE = 60_000
BUILT_IN = 0
"""Version of the thresholds that hold where nobody set any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRule:
    """One set of thresholds; durations in ms of duty time, shares of what is waited for, chances 0 to 1."""

    horizon_ms: int = 20 * MINUTE
    """With more slack than this nothing is told, however probable it is."""
    most_share: float = 0.5
    """Short limits are not warned about from the start."""
    early_chance: float = 0.9
    """Probability of a breach from which on it is told with `horizon_ms` of slack."""
    last_chance: float = 0.75
    """The same without slack: the last officer who can make it must leave now. Straight between the two."""
    soon_share: float = 0.3
    """Slack below this share is yellow."""
    hold_ms: int = 5 * MINUTE
    """A level is left only when the threshold is exceeded by this much."""
    severity: float = 1.0
    """How bad a breach is, against others; times weight and probability it ranks the alerts."""
    version: int = BUILT_IN
    """Number of the rule version it comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Thresholds of n cells, as columns."""

    horizon_ms: Int
    most_share: Float
    early_chance: Float
    last_chance: Float
    soon_share: Float
    hold_ms: Int
    severity: Float
    version: Int

    @classmethod
    def of(cls, rules: Sequence[WarningRule], which: NDArray[np.intp]) -> Self:
        """Columns of cells whose thresholds are `rules[which]`."""
        return cls(**{name: np.array([getattr(rule, name) for rule in rules])[which] for name in cls.__slots__})

    @classmethod
    def same(cls, rule: WarningRule, cells: int) -> Self:
        """The same for all cells."""
        return cls.of([rule], np.zeros(cells, dtype=np.intp))


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdRule:
    """When a street short of officers is told of once, instead of cell by cell."""

    most: int = 8
    """Alerts of one street that are told one by one when its officers cannot manage all."""
    horizon_ms: int = 60 * MINUTE
    """What falls due within it is held against what the officers can do in it."""
