"""Encrypts secrets in the database with a key that is not in the database.

AES-256-GCM; each secret is bound to its owner, so that it cannot be moved to another one.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MARK = b"v1:"
"""Prefix of encrypted secrets; secrets without it were stored by a version that did not encrypt."""
_NONCE_BYTES = 12
_TAG_BYTES = 16


class VaultError(Exception):
    """A secret cannot be decrypted: the key differs, or it was changed."""


class Vault:
    """Encrypts and decrypts with one key.

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
        """Return the secret of `owner`; one stored before secrets were encrypted is returned as it is.

        Raises:
            VaultError: it was encrypted with another key, for another owner, or changed since.
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
