"""Ports that nobody else takes between their choice and their use."""

import os
import random
from collections.abc import Iterator

from patrol.services import children

_FIRST, _LAST = 10_000, 32_000
"""Below those that Linux gives to outgoing connections (net.ipv4.ip_local_port_range)."""
_SHARES = 16


def _all() -> Iterator[int]:
    """Ports of this process's own share: those that run side by side never choose the same."""
    size = (_LAST - _FIRST) // _SHARES
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _SHARES
    at = random.randrange(size)  # noqa: S311 - for another run on the same machine
    while True:
        at = (at + 1) % size
        yield _FIRST + share * size + at


_ports = _all()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on; each only once in a long while."""
    return next(port for port in _ports if children.is_free(port))
