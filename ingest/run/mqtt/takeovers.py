"""Detects takeovers of a session by another client, from the ends of its connections."""

import time
from collections import deque
from dataclasses import dataclass, field

from ingest.run import metrics

TIMES = 3
_TAKEN = "8e"
_BRIEF_S = 5.0
"""Mosquitto 2.0.11 gives no reason for a takeover, so short connections count, too."""
_REASONS = {
    "": "the socket ended",
    "8b": "the broker shuts down",
    "8d": "keep-alive timeout",
    _TAKEN: "another client came with the same client id: give each worker an id of its own, and bind those of devices",
    "93": "receive maximum exceeded",
}


@dataclass(slots=True)
class Takeovers:
    """Times of recent ends of connections that look like takeovers."""

    _ended: deque[float] = field(default_factory=lambda: deque(maxlen=TIMES))

    def note(self, reason: str, begun: float) -> str:
        """Add the end of a connection accepted at `begun`, by the monotonic clock; returns the reason.

        Args:
            reason: hexadecimal code from the broker, empty if the socket just ended.
            begun: infinite if the broker had not answered, as when it stops.
        """
        now = time.monotonic()
        if reason == _TAKEN or (not reason and 0 <= now - begun < _BRIEF_S):
            self._ended.append(now)
            metrics.TAKEN.inc()
        return _REASONS.get(reason, reason)

    def lately(self, within_s: float) -> bool:
        """Whether it happened several times since then."""
        return len(self._ended) == TIMES and time.monotonic() - self._ended[0] < within_s
