"""What was acknowledged: fixes and events by broker or server, remarks by the web process; and the steps received."""

import time
from collections import Counter
from dataclasses import dataclass, field

Fix = tuple[str, int]
"""Name of the device, and time of the fix in ms."""


@dataclass(eq=False)
class Record:
    """Promises, each with the moment it was made (monotonic, s)."""

    sent: set[Fix] = field(default_factory=set)
    broker_has: dict[Fix, float] = field(default_factory=dict)
    """Fixes of devices that trust the broker's answer."""
    server_has: dict[Fix, float] = field(default_factory=dict)
    """Fixes that `ack` named."""
    events: dict[str, float] = field(default_factory=dict)
    """Calls for help that the broker acknowledged, by ULID."""
    acts: dict[tuple[int, str], float] = field(default_factory=dict)
    """(Alert, remark) that the web process answered with 200."""
    received: dict[tuple[int, int], set[str]] = field(default_factory=dict)
    """(Alert, step) to the ids of the messages with it that the receiver got."""
    ids: Counter[str] = field(default_factory=Counter)
    """How often each message came."""

    def note(self, where: dict[Fix, float], fixes: list[Fix]) -> None:
        """Write promises down; the first counts."""
        now = time.monotonic()
        for fix in fixes:
            where.setdefault(fix, now)
