"""Limit on concurrent expensive requests of an account, so that others need not wait for them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
"""Concurrent expensive requests of an account, over all its sessions and tokens, per web process."""
AGAIN_S = 5


class TooMuchError(Exception):
    """The account has reached its limit."""


class Costs:
    """Expensive requests in progress, by account."""

    def __init__(self) -> None:
        self._going_on: Counter[str] = Counter()

    @contextmanager
    def of(self, payer: str) -> Iterator[None]:
        """Count a request while it is served.

        Raises:
            TooMuchError: the limit is reached.
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
