"""What can be granted: what is held, and no longer."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from web.auth.access import Permission
from web.auth.grants import Holding, earlier_end, missing_rights

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ends = st.none() | st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours))
holdings = st.builds(
    Holding,
    permissions=st.frozensets(st.sampled_from(list(Permission))) | st.just(frozenset(Permission)),
    areas=st.none() | st.frozensets(st.sampled_from(["a", "b", "c"])),
    until=ends,
    officer=st.none() | st.integers(1, 2),
)


def within(holder: Holding, wanted: Holding) -> bool:
    """Taken apart: every single right at every moment is the holder's, too."""
    places = {"a", "b", "c", "everything else"}
    moments = [NOON + timedelta(hours=hours) for hours in range(8)]
    return all(
        right in holder.permissions
        and (holder.areas is None or place in holder.areas)
        and (holder.until is None or moment < holder.until)
        for right in wanted.permissions
        for place in (places if wanted.areas is None else wanted.areas)
        for moment in moments
        if wanted.until is None or moment < wanted.until
    )


@given(holdings, holdings)
def test_what_is_let_through_is_held(holder: Holding, wanted: Holding) -> None:
    """Each permission, in each area, at each moment; somebody's own record is for them, or for who holds everything."""
    if not missing_rights(holder, wanted):
        assert within(holder, wanted)
        assert wanted.officer in (None, holder.officer) or holder.permissions == frozenset(Permission)


@given(holdings)
def test_what_is_held_is_let_through(holder: Holding) -> None:
    """Somebody can give all of it."""
    assert missing_rights(holder, holder) == []


@given(ends, ends)
def test_the_sooner_end_counts(one: datetime | None, other: datetime | None) -> None:
    """No end is later than any."""
    known = [end for end in (one, other) if end is not None]
    assert earlier_end(one, other) == (min(known) if known else None)
