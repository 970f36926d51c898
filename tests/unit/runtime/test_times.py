"""Conversion of times."""

from hypothesis import given
from hypothesis import strategies as st

from runtime import times


@given(st.integers(0, 4_102_444_800_000))
def test_moment_and_millis_are_exact(ms: int) -> None:
    """Every millisecond of the range comes back as itself."""
    assert times.millis(times.moment(ms)) == ms
