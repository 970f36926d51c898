"""The two streets of the matrix of sights: the one whose people ask, and the other."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

NOW = datetime.now(UTC).replace(microsecond=0)
MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Street:
    """One of the two streets: `mark` is in every name of it."""

    mark: str
    code: str
    lat: float
    lon: float
    devices: int
    ids: dict[str, Any] = field(default_factory=dict)
    """What was made: cell, device, event, alert, …"""

    @property
    def unit(self) -> str:
        """Its team."""
        return f"{self.mark}-team"

    @property
    def grid(self) -> str:
        """Its responsibility grid."""
        return f"{self.code}01"

    @property
    def cell(self) -> str:
        """Its cell."""
        return f"{self.code}00101"

    @property
    def event(self) -> str:
        """Its event: a ULID."""
        return "01HZZZZZZZZZZZZZZZZZZ" + self.mark.upper().translate(str.maketrans("ILOU", "110V"))

    @property
    def picture(self) -> bytes:
        """The photograph of its event."""
        return b"\xff\xd8\xff\xe0\x00\x10JFIF " + self.mark.encode()

    @property
    def media(self) -> str:
        """Hash of the photograph."""
        return hashlib.sha256(self.picture).hexdigest()

    def marks(self) -> list[str]:
        """Texts that come only from this street, coordinates in degrees and in millionths included."""
        return [self.mark, self.mark.upper(), self.code, self.event, self.media, f"{self.lat:.3f}", f"{self.lon:.3f}",
                f"{self.lat:.3f}".replace(".", ""), f"{self.lon:.3f}".replace(".", "")]  # fmt: skip

    def ring(self) -> list[list[float]]:
        """Outline of the cell."""
        lat, lon, half = self.lat, self.lon, 0.0004
        return [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half],
                [lon - half, lat - half]]  # fmt: skip


def streets() -> tuple[Street, Street]:
    """The street whose people ask, and the other."""
    return Street("hazel", "441302001", 23.1114, 114.4114, 2), Street("quart", "441302002", 23.2777, 114.4777, 5)
