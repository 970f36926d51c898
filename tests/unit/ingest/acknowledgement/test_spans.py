"""Spans of numbers are the set of those numbers, up to their bound."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.acknowledgement.spans import NumberSpans

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)).map(lambda each: (each[0], each[0] + each[1])))


def _upto(numbers: set[int]) -> int:
    """Count on from 0, one by one."""
    at = -1
    while at + 1 in numbers:
        at += 1
    return at


@given(RANGES)
def test_spans_are_the_set(ranges: list[tuple[int, int]]) -> None:
    """Whatever the order and the overlaps; neighbouring spans are one."""
    spans, held = NumberSpans(), set[int]()
    for lo, hi in ranges:
        spans.add(lo, hi)
        held |= set(range(lo, hi + 1))
        kept = list(spans)
        assert {n for lo, hi in kept for n in range(lo, hi + 1)} == held
        assert all(a[1] + 1 < b[0] for a, b in pairwise(kept))
        assert spans.upto == _upto(held)
        assert spans.gaps == (held != set(range(spans.upto + 1)))


@given(RANGES, st.integers(1, 4))
def test_bounded_spans_forget_but_make_nothing_up(ranges: list[tuple[int, int]], most: int) -> None:
    """What is beyond the bound is forgotten; what counts on from 0 never is."""
    spans, held = NumberSpans(most), set[int]()
    for lo, hi in ranges:
        spans.add(lo, hi)
        held |= set(range(lo, hi + 1))
        kept = list(spans)
        assert len(kept) <= most
        assert {n for lo, hi in kept for n in range(lo, hi + 1)} <= held
