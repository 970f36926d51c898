"""A clock that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now
