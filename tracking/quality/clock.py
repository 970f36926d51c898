"""Error of a device's clock, from the times of its fixes and of their receipt. Pure.

A message never arrives before it is sent, so the smallest delays show the error of the clock, even if
others were buffered.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas import wire
from tracking.presence.fixes import Int

LIMIT_MS = 30_000
"""Smallest error that is reported."""
_SPREAD_MS = 5_000
"""Usual spread of the delays of messages that were not buffered."""
_LEAST = 10
"""Messages that must agree."""
_SPAN_MS = 600_000
"""Period over which they must be received: an emptied buffer arrives at once, or with falling delays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """An estimate of the clock of one device."""

    ms: int
    """Its time minus ours; positive: it is ahead."""
    n: int
    """Messages that agree."""
    since: int
    """First of them by the time of the server, ms."""
    until: int
    """Last of them."""


def estimate(t: Int, received: Int) -> Skew | None:
    """The lowest delay on which enough messages agree for long enough; None: there is none.

    Args:
        t: times of the fixes by the device's clock, ms.
        received: times of receipt by the clock of the server, ms.
    """
    if not len(t):
        return None
    # In a message with several fixes, the newest waited least.
    order = np.lexsort((t, received))
    last = np.append(np.diff(received[order]) > 0, True)
    at, delay = received[order][last], (received - t)[order][last]
    by_delay = np.argsort(delay, kind="stable")
    at, delay = at[by_delay], delay[by_delay]
    upto = np.searchsorted(delay, delay + 2 * _SPREAD_MS, "right")
    for first in np.flatnonzero(upto - np.arange(len(delay)) >= _LEAST).tolist():
        agree = slice(first, int(upto[first]))
        if int(np.ptp(at[agree])) >= _SPAN_MS:
            return Skew(
                ms=-round(float(np.median(delay[agree]))),
                n=int(upto[first]) - first,
                since=int(at[agree].min()),
                until=int(at[agree].max()),
            )
    return None


_TOO_FAR = re.compile(r"(\d+) ms too far ahead")


def estimate_refused(details: Sequence[str], received: Int) -> Skew | None:
    """The same for a clock so far ahead that its fixes are refused, from the refusals."""
    ahead = [int(match.group(1)) for detail in details if (match := _TOO_FAR.search(detail))]
    if len(ahead) < _LEAST or len(ahead) != len(received) or int(np.ptp(received)) < _SPAN_MS:
        return None
    ms = wire.MAX_AHEAD_MS + round(float(np.median(ahead)))
    return Skew(ms=ms, n=len(ahead), since=int(received.min()), until=int(received.max()))
