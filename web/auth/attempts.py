"""Limit on sign-ins, by name with address, by address and by name; bounded memory. Pure: time is an argument.

Each limit lets some failures pass and then asks for a wait that doubles with each further failure, up to a longest one.
Anybody can fail under somebody else's name: the wait by name alone is short, and whoever signed in from an address
before does not meet it there. So nobody can lock somebody else out for good.
"""

from collections import OrderedDict
from dataclasses import dataclass

FORGOTTEN_S = 900.0
"""Failures are forgotten when none followed for so long."""
MAX_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures are free, the first wait after them and the longest, s."""

    free: int
    first_s: float
    longest_s: float


PAIR = Limit(free=5, first_s=30, longest_s=900)
ADDRESS = Limit(free=30, first_s=10, longest_s=300)
NAME = Limit(free=100, first_s=1, longest_s=10)


@dataclass(slots=True)
class _Failures:
    n: int
    at: float
    """The last one."""


_Key = tuple[str, str]


class Attempts:
    """Failed sign-ins of late."""

    def __init__(self) -> None:
        self._failures: OrderedDict[_Key, _Failures] = OrderedDict()
        self._welcome: OrderedDict[_Key, None] = OrderedDict()

    def begin(self, name: str, address: str, now: float) -> float:
        """Ask to try at `now` (s of any steady clock); returns the wait in s, 0: try, and it counts as a failure.

        It counts from the beginning, so that a hundred tries at once are a hundred.
        """
        wait = max(self._wait(key, limit, now) for key, limit in self._limits(name, address))
        if wait <= 0:
            for key, _ in self._limits(name, address):
                self._count(key, now)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """It was no failure; those before it at this address are forgotten."""
        name = name[:200]
        self._failures.pop((name, address), None)
        for key in (("", address), (name, "")):
            if key in self._failures:
                self._failures[key].n -= 1
        self._welcome[name, address] = None
        self._welcome.move_to_end((name, address))
        if len(self._welcome) > MAX_KEYS:
            self._welcome.popitem(last=False)

    def _limits(self, name: str, address: str) -> list[tuple[_Key, Limit]]:
        name = name[:200]
        limits = [((name, address), PAIR), (("", address), ADDRESS)]
        return limits if (name, address) in self._welcome else [*limits, ((name, ""), NAME)]

    def _count(self, key: _Key, now: float) -> None:
        known = self._failures.get(key)
        if known is None or now - known.at > FORGOTTEN_S:
            self._failures[key] = _Failures(1, now)
        else:
            known.n, known.at = known.n + 1, now
        self._failures.move_to_end(key)
        while len(self._failures) > MAX_KEYS:
            self._failures.popitem(last=False)

    def _wait(self, key: _Key, limit: Limit, now: float) -> float:
        known = self._failures.get(key)
        if known is None or known.n < limit.free or now - known.at > FORGOTTEN_S:
            return 0.0
        doubled = limit.first_s * 2.0 ** min(40, known.n - limit.free)
        return max(0.0, known.at + min(limit.longest_s, doubled) - now)
