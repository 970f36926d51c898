"""Limit on failed sign-ins, by name with address, by address and by name; bounded memory. Pure: time is an argument."""

from collections import OrderedDict, deque

WINDOW_S = 300.0
PER_PAIR = 5
PER_ADDRESS = 30
PER_NAME = 100
"""High, as anybody can fail under somebody else's name and must not lock them out."""
MAX_KEYS = 10_000


class Attempts:
    """Failed sign-ins of the last five minutes."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def wait_s(self, name: str, address: str, now: float) -> float:
        """Seconds until another attempt is allowed; 0: now. `now` is in seconds of any steady clock."""
        return max(self._wait(key, limit, now) for key, limit in _limits(name, address))

    def failed(self, name: str, address: str, now: float) -> None:
        """Count a failure."""
        for key, limit in _limits(name, address):
            failures = self._failures.setdefault(key, deque(maxlen=limit))
            failures.append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > MAX_KEYS:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name at an address."""
        self._failures.pop((name, address), None)

    def _wait(self, key: tuple[str, str], limit: int, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None or len(failures) < limit:
            return 0.0
        return max(0.0, failures[0] + WINDOW_S - now)


def _limits(name: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    name = name[:200]
    return ((name, address), PER_PAIR), (("", address), PER_ADDRESS), ((name, ""), PER_NAME)
