"""Marks of exported files: recipient, time and purpose, so that a leak can be traced. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMark:
    """The mark of one file."""

    by: str
    at: datetime
    purpose: str | None

    def text(self) -> str:
        """As one line without line breaks; by the day, so that one track asked for twice is the same to the byte."""
        purpose = " ".join((self.purpose or "not said").split())
        return f"patrolgrid export, for {self.by}, {self.at.date().isoformat()}, purpose: {purpose}"
