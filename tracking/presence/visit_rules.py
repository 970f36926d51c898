"""What makes a stay a valid visit, by cell and by when it began: each is judged by the rule of its time. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRule:
    """What a cell asks of a visit."""

    dwell_ms: int
    """Least time inside."""
    path_m: float
    """Least way inside."""


class VisitRules:
    """Rules of n cells over time.

    Args:
        starts: since when each table holds, ms, ascending; the first also holds before it.
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
        """Rules of the same cells that hold one after the other."""
        steps = [step for part in parts for step in part.steps()]
        return cls([start for start, _ in steps], [table for _, table in steps])

    def steps(self) -> list[tuple[int, list[VisitRule]]]:
        """Each table with the moment (ms) from which it holds."""
        return list(zip(self._starts, self._tables, strict=True))

    def at(self, index: int, t_in: int) -> VisitRule:
        """Rule for a stay in the cell that began at `t_in` (ms)."""
        if len(self._starts) == 1:
            return self._tables[0][index]
        return self._tables[max(0, bisect_right(self._starts, t_in) - 1)][index]
