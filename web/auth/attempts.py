"""Limit on sign-ins, by name with address, by address and by name; bounded memory. Pure: time is an argument.

Each limit allows some failures and then requires a wait that doubles with each further failure, up to a maximum.
Anybody can fail under the name of another, so the wait by name alone is short, and does not apply to addresses from
which the account signed in before. So nobody can lock out others permanently.
"""

from collections import OrderedDict
from dataclasses import dataclass

FORGOTTEN_S = 900.0
"""Time without failures after which earlier ones are forgotten."""
MAX_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """Number of free failures, the first wait after them and the longest, s."""

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
    """Recent failed sign-ins."""

    def __init__(self) -> None:
        self._failures: OrderedDict[_Key, _Failures] = OrderedDict()
        self._welcome: OrderedDict[_Key, None] = OrderedDict()

    def begin(self, name: str, address: str, now: float) -> float:
        """Ask to try at `now` (s of any monotonic clock); returns the wait in s; 0: allowed, and counted as a failure.

        It is counted before it is made, so that concurrent tries all count.
        """
        wait = max(self._wait(key, limit, now) for key, limit in self._limits(name, address))
        if wait <= 0:
            for key, _ in self._limits(name, address):
                self._count(key, now)
        return wait

    def succeeded(self, name: str, address: str) -> None:
        """The try succeeded; earlier failures at this address are forgotten."""
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
