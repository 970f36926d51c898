"""Whether another client takes a session over by its client id, told by how its connections end."""

import time
from collections import deque
from dataclasses import dataclass, field

from ingest.run import metrics

TIMES = 3
_TAKEN = "8e"
_BRIEF_S = 5.0
"""Mosquitto 2.0.11 gives no reason when it ends a connection as another client came; so brief ones count, too."""
_REASONS = {
    "": "the socket ended",
    "8b": "the broker shuts down",
    "8d": "keep-alive timeout",
    _TAKEN: "another client came with the same client id: give each worker an id of its own, and bind those of devices",
    "93": "receive maximum exceeded",
}


@dataclass(slots=True)
class Takeovers:
    """When connections ended as they do when another client takes the session over, the latest ones."""

    _ended: deque[float] = field(default_factory=lambda: deque(maxlen=TIMES))

    def note(self, reason: str, begun: float) -> str:
        """Take the end of a connection that was accepted at `begun`, by the steady clock; returns why it ended.

        Args:
            reason: code in hexadecimal digits when the broker says why, empty when the socket just ended.
            begun: infinite when the broker had not answered: of one that goes, connections end so, nobody took them.
        """
        now = time.monotonic()
        if reason == _TAKEN or (not reason and 0 <= now - begun < _BRIEF_S):
            self._ended.append(now)
            metrics.TAKEN.inc()
        return _REASONS.get(reason, reason)

    def lately(self, within_s: float) -> bool:
        """Whether it happened several times since then."""
        return len(self._ended) == TIMES and time.monotonic() - self._ended[0] < within_s
