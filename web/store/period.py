"""A period of which either end may be open."""

from dataclasses import dataclass
from datetime import datetime

from runtime import db


@dataclass(frozen=True, slots=True)
class Period:
    """Two optional ends."""

    start: datetime | None
    end: datetime | None

    @property
    def start_ms(self) -> int | None:
        """Start in ms."""
        return None if self.start is None else db.millis(self.start)

    @property
    def end_ms(self) -> int | None:
        """End in ms."""
        return None if self.end is None else db.millis(self.end)
