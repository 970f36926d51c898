"""How far a device's clock is off, from the times of its fixes and of their receipt. Pure.

A message takes some time, never less than none: the smallest delays tell the clock's error, whatever was held back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from schemas import wire
from tracking.presence.fixes import Int

LIMIT_MS = 30_000
"""A clock that is off by more is told of."""
_SPREAD_MS = 5_000
"""Delays of messages that were not held back differ by about so much, either way."""
_LEAST = 10
"""So many messages must agree,"""
_SPAN_MS = 600_000
"""received over so long: a buffer that is emptied comes at once, or with delays that fall as it empties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """An estimate of the clock of one device."""

    ms: int
    """Its time less ours; positive: it is ahead."""
    n: int
    """Messages that agree."""
    since: int
    """First of them by our time, ms."""
    until: int
    """Last of them."""


def estimate(t: Int, received: Int) -> Skew | None:
    """The lowest delay on which enough messages agree for long enough; None: no messages say anything.

    Args:
        t: times of the fixes by the device's clock, ms.
        received: when each arrived, by ours.
    """
    if not len(t):
        return None
    # Of a message with several fixes the newest was held back least.
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
    """The same of a clock so far ahead that nothing of it is taken: from what was said when it was refused."""
    ahead = [int(match.group(1)) for detail in details if (match := _TOO_FAR.search(detail))]
    if len(ahead) < _LEAST or len(ahead) != len(received) or int(np.ptp(received)) < _SPAN_MS:
        return None
    ms = wire.MAX_AHEAD_MS + round(float(np.median(ahead)))
    return Skew(ms=ms, n=len(ahead), since=int(received.min()), until=int(received.max()))
