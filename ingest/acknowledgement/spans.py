"""A set of whole numbers as spans without gaps; compact if they arrive mostly in order. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

MOST = 2_500
"""Most spans; beyond it the highest are dropped."""


class NumberSpans:
    """Numbers from 0 on. Numbers beyond too many gaps are dropped; none is invented."""

    __slots__ = ("_hi", "_lo", "_most")

    def __init__(self, most: int = MOST) -> None:
        self._lo: list[int] = []
        self._hi: list[int] = []
        self._most = most

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """First and last number of each span, in order."""
        return zip(self._lo, self._hi, strict=True)

    @property
    def upto(self) -> int:
        """Last number before the first gap, counted from 0; -1 without 0."""
        return self._hi[0] if self._lo and self._lo[0] == 0 else -1

    @property
    def gaps(self) -> bool:
        """Whether there is a gap before the last number."""
        return len(self._lo) > 1 or (bool(self._lo) and self._lo[0] > 0)

    def add(self, lo: int, hi: int) -> None:
        """Add the numbers from `lo` to `hi`, both included."""
        # The spans that overlap or touch it.
        begin, end = bisect_left(self._hi, lo - 1), bisect_right(self._lo, hi + 1)
        if begin < end:
            lo, hi = min(lo, self._lo[begin]), max(hi, self._hi[end - 1])
        self._lo[begin:end], self._hi[begin:end] = [lo], [hi]
        if len(self._lo) > self._most:
            del self._lo[self._most :], self._hi[self._most :]
