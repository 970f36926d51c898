"""Thresholds of pre-warnings as data, by cell. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from alerts.rulebook.rule_values import Number, RuleValues, Whole, value
from tracking.coverage.coverage import DUE_SOON_SHARE
from tracking.presence.fixes import Float, Int

MINUTE = 60_000
NEAR_MS = 7 * MINUTE
"""Distance from the last moment to leave at which `near_chance` applies."""
LEAVE_MS = 150_000
"""Tolerance around the last moment: arrivals are estimates, and a late pre-warning is useless."""
BUILT_IN = 0
"""Version of the built-in thresholds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRule:
    """A set of thresholds; durations in ms of duty time, shares of the limit, probabilities from 0 to 1."""

    horizon_ms: int = 50 * MINUTE
    """Largest slack for a pre-warning, however probable the breach."""
    most_share: float = 0.35
    """Largest share of the limit left for a pre-warning."""
    early_chance: float = 0.83
    """Probability threshold `horizon_ms` before the last moment."""
    near_chance: float = 0.89
    """Probability threshold `NEAR_MS` from the last moment."""
    last_chance: float = 0.35
    """Probability threshold at the last moment to leave; linear between the three."""
    soon_share: float = DUE_SOON_SHARE
    """Slack below this share is yellow."""
    hold_ms: int = 5 * MINUTE
    """Margin of the threshold at which a level is left."""
    severity: float = 1.0
    """Severity of a breach; multiplied by weight and probability it ranks the alerts."""
    version: int = BUILT_IN
    """Number of its rule version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Thresholds of n cells, as columns."""

    horizon_ms: Int
    most_share: Float
    early_chance: Float
    near_chance: Float
    last_chance: Float
    soon_share: Float
    hold_ms: Int
    severity: Float
    version: Int

    @classmethod
    def of(cls, rules: Sequence[WarningRule], which: NDArray[np.intp]) -> Self:
        """Columns of cells with the thresholds `rules[which]`."""
        return cls(**{name: np.array([getattr(rule, name) for rule in rules])[which] for name in cls.__slots__})

    def least_chance(self, spare_ms: Int) -> Float:
        """Probability threshold by cell.

        Args:
            spare_ms: time until the last moment to leave; negative afterwards, when the threshold rises again, since
                nobody in reach can prevent the breach.
        """
        away = np.abs(spare_ms)
        close = np.clip((away - LEAVE_MS) / (NEAR_MS - LEAVE_MS), 0, 1)
        far = np.clip((away - NEAR_MS) / np.maximum(self.horizon_ms - NEAR_MS, 1), 0, 1)
        rises = (self.near_chance - self.last_chance) * close + (self.early_chance - self.near_chance) * far
        return np.asarray(self.last_chance + rises, dtype=np.float64)

    @classmethod
    def same(cls, rule: WarningRule, cells: int) -> Self:
        """The same for all cells."""
        return cls.of([rule], np.zeros(cells, dtype=np.intp))


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdRule:
    """When a street with too few officers is reported once instead of cell by cell."""

    most: int = 8
    """Cells of such a street that are still reported one by one."""
    horizon_ms: int = 20 * MINUTE
    """Time over which the load is compared with the officers' time."""
    version: int = BUILT_IN
    """Number of its rule version."""


_RULE, _CROWD = WarningRule(), CrowdRule()


def _share(default: float, zh: str, en: str) -> Any:
    return value(default, zh, en, least=0, most=1)


class WarningValues(RuleValues):
    """Values of rules of warnings."""

    horizon_s: Whole = value(
        _RULE.horizon_ms // 1000, "余量大于此值不预警", "no pre-warning while the slack exceeds", "s",
        least=0, most=14_400,
    )  # fmt: skip
    most_share: Number = _share(
        _RULE.most_share, "剩余时间占时限的比例高于此值不预警", "no pre-warning while more of the limit is left than"
    )
    early_chance: Number = _share(
        _RULE.early_chance, "余量充足时的预警概率", "breach probability for an early pre-warning"
    )
    near_chance: Number = _share(
        _RULE.near_chance, "距超时 7 分钟的预警概率", "breach probability for a pre-warning 7 minutes before"
    )
    last_chance: Number = _share(
        _RULE.last_chance, "最后时刻的预警概率", "breach probability for a pre-warning at the last moment"
    )
    soon_share: Number = _share(
        _RULE.soon_share, "即将到期：余量占时限的比例", "due soon: slack below this share of the limit"
    )
    hold_s: Whole = value(
        _RULE.hold_ms // 1000, "降级所需余量", "extra slack needed to lower the level", "s", least=0, most=3_600
    )
    severity: Number = value(
        _RULE.severity, "严重程度", "severity of a breach compared with others", least=0.01, most=100
    )


class CityWarningValues(WarningValues):
    """And those that only the city as a whole has."""

    crowd_cells: Whole = value(
        _CROWD.most, "人手不足时逐条发出的预警数", "too few officers: cells with a pre-warning of their own",
        least=0, most=1_000,
    )  # fmt: skip
    crowd_horizon_s: Whole = value(
        _CROWD.horizon_ms // 1000, "人手不足：多久之内到期", "too few officers: cells due within", "s",
        least=600, most=14_400,
    )  # fmt: skip
