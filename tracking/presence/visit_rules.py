"""Rules of valid visits, by cell and begin of the stay: each stay is judged by the rule of its time. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRule:
    """Requirements of a cell for a visit."""

    dwell_ms: int
    """Minimum time inside."""
    path_m: float
    """Minimum path inside."""


class VisitRules:
    """Rules of n cells over time.

    Args:
        starts: start of validity of each table, ms, ascending; the first also holds before it.
        tables: rule of each cell, by index, from each start on.
    """

    def __init__(self, starts: Sequence[int], tables: Sequence[Sequence[VisitRule]]) -> None:
        self._starts = list(starts)
        self._tables = [list(table) for table in tables]

    @classmethod
    def always(cls, rules: Sequence[VisitRule]) -> Self:
        """Rules that never changed."""
        return cls([0], [rules])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Successive rules of the same cells."""
        steps = [step for part in parts for step in part.steps()]
        return cls([start for start, _ in steps], [table for _, table in steps])

    def steps(self) -> list[tuple[int, list[VisitRule]]]:
        """Each table with its start of validity (ms)."""
        return list(zip(self._starts, self._tables, strict=True))

    def at(self, index: int, t_in: int) -> VisitRule:
        """Rule for a stay in the cell that began at `t_in` (ms)."""
        if len(self._starts) == 1:
            return self._tables[0][index]
        return self._tables[max(0, bisect_right(self._starts, t_in) - 1)][index]
