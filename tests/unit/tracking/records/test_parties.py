"""Parties are stored by a keyed hash only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.records.parties import NOTHING, Pseudonyms

KEY = "k" * 40


@given(st.text(min_size=1, max_size=64))
def test_what_is_stored_tells_nothing_of_what_was_said(subject: str) -> None:
    """Whatever a device sends: a hash of fixed length; another key is another hash; without a key nothing is stored."""
    stored = Pseudonyms(KEY).of(subject)
    assert stored is not None
    assert len(stored) == 43
    assert stored != Pseudonyms(KEY + "x").of(subject)
    assert NOTHING.of(subject) is None


@pytest.mark.parametrize("written", ["Zhang San", "zhang  san ", "ZHANG SAN"])
def test_same_party_has_the_same_hash_however_it_is_written(written: str) -> None:
    """Case and spaces do not make another party."""
    assert Pseudonyms(KEY).of(written) == Pseudonyms(KEY).of("zhang san")
    assert Pseudonyms(KEY).of("zhang si") != Pseudonyms(KEY).of("zhang san")


def test_nothing_stays_nothing() -> None:
    """An event without a party has none."""
    assert Pseudonyms(KEY).of(None) is None
