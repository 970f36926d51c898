"""Encrypts secrets that the database keeps, with a key that it does not have.

AES-256-GCM; each secret is bound to what it belongs to, so that one cannot be put in another's place.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MARK = b"v1:"
"""Begins what is encrypted; what is not was stored by a version that did not encrypt."""
_NONCE_BYTES = 12
_TAG_BYTES = 16


class VaultError(Exception):
    """A secret cannot be opened: the key is another, or somebody changed it."""


class Vault:
    """Seals and opens with one key.

    Args:
        key: a secret of 32 characters or more.
    """

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"patrolgrid vault" + key.encode()).digest())

    def seal(self, secret: bytes, owner: str) -> bytes:
        """Encrypt a secret of `owner`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _MARK + nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, kept: bytes, owner: str) -> bytes:
        """Give the secret of `owner`; one that was stored before secrets were encrypted as it is.

        Raises:
            VaultError: it was sealed with another key, for another owner, or changed since.
        """
        if not sealed(kept):
            return kept
        nonce, text = kept[len(_MARK) :][:_NONCE_BYTES], kept[len(_MARK) + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, text, owner.encode())
        except (InvalidTag, ValueError) as error:
            raise VaultError(f"the secret of {owner} cannot be opened with this key") from error


def sealed(kept: bytes) -> bool:
    """Whether a secret is encrypted."""
    return kept.startswith(_MARK) and len(kept) >= len(_MARK) + _NONCE_BYTES + _TAG_BYTES
