"""Keyed hashes of parties to a case: one party has one hash, which cannot be computed without the key."""

import hmac

_KIND = "p1:"
"""Name of the method, so that another can follow."""


class Pseudonyms:
    """Turns the party named by a device into the stored hash.

    Args:
        key: secret of the installation; None: parties are not stored.
    """

    def __init__(self, key: str | None) -> None:
        self._key = None if key is None else hmac.digest(key.encode(), b"patrolgrid parties", "sha256")

    def of(self, subject: str | None) -> str | None:
        """Hash any text: a name, or a hash that could be guessed."""
        if subject is None or self._key is None:
            return None
        normalized = " ".join(subject.split()).casefold().encode("utf-8", "surrogatepass")
        return _KIND + hmac.new(self._key, normalized, "sha256").hexdigest()[:40]


NOTHING = Pseudonyms(None)
