"""Secrets that the database keeps: opened with their key, for their owner, as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.vault import Vault, VaultError, sealed

VAULT = Vault("k" * 64)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_what_is_sealed_is_opened_by_its_key_for_its_owner_alone(secret: bytes, owner: str) -> None:
    """Nothing of a secret that has some length is in what is kept."""
    kept = VAULT.seal(secret, owner)
    assert sealed(kept)
    assert VAULT.open(kept, owner) == secret
    assert len(secret) < 6 or secret not in kept
    assert VAULT.seal(secret, owner) != kept
    for other, whose in ((Vault("l" * 64), owner), (VAULT, owner + "x")):
        with pytest.raises(VaultError):
            other.open(kept, whose)


@given(st.binary(max_size=60), st.data())
def test_what_was_changed_is_not_opened(secret: bytes, data: st.DataObject) -> None:
    """Not by one bit; what was stored before secrets were encrypted is what it is."""
    kept = bytearray(VAULT.seal(secret, "anna"))
    kept[data.draw(st.integers(3, len(kept) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(VaultError):
        VAULT.open(bytes(kept), "anna")
    if not sealed(secret):
        assert VAULT.open(secret, "anna") == secret
