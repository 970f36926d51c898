"""Parties to a case, known only by a keyed hash: one party has one hash, and nobody without the key can make it."""

import hmac

_KIND = "p1:"
"""Names the way of hashing, so that another can come after it."""


class Pseudonyms:
    """Turns what a device says of a party into what is stored.

    Args:
        key: secret of the installation; None: nothing of a party is stored.
    """

    def __init__(self, key: str | None) -> None:
        self._key = None if key is None else hmac.digest(key.encode(), b"patrolgrid parties", "sha256")

    def of(self, subject: str | None) -> str | None:
        """Hash what was said, whatever it is: a name, or a hash that can be guessed."""
        if subject is None or self._key is None:
            return None
        said = " ".join(subject.split()).casefold().encode("utf-8", "surrogatepass")
        return _KIND + hmac.new(self._key, said, "sha256").hexdigest()[:40]


NOTHING = Pseudonyms(None)
