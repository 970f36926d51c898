"""How much of what takes long an account has under way at once, so that nobody waits for somebody else's questions."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
"""Questions of an account, over all its sessions and tokens, in a web process."""
AGAIN_S = 5


class TooMuchError(Exception):
    """The account has as many as it may."""


class Costs:
    """Questions under way, by who pays for them."""

    def __init__(self) -> None:
        self._going_on: Counter[str] = Counter()

    @contextmanager
    def of(self, payer: str) -> Iterator[None]:
        """Count one while it goes on.

        Raises:
            TooMuchError: there are as many already.
        """
        if self._going_on[payer] >= AT_ONCE:
            raise TooMuchError
        self._going_on[payer] += 1
        try:
            yield
        finally:
            self._going_on[payer] -= 1
            if not self._going_on[payer]:
                del self._going_on[payer]
