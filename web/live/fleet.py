"""Devices by slot, and where each was last seen according to the database: where the live state starts from."""

from dataclasses import dataclass

import asyncpg
import numpy as np

from schemas import feed
from tracking import db

_DEVICES = "SELECT id, name, label, unit FROM devices"
# One short walk down the primary key for each device.
_NEWEST = """
SELECT d.id, f.t, f.lat, f.lon, f.acc, f.spd, f.hdg, f.bat, f.duty, f.src FROM devices d
CROSS JOIN LATERAL (SELECT * FROM fixes WHERE device = d.id ORDER BY t DESC LIMIT 1) f
"""


@dataclass(frozen=True, slots=True)
class Named:
    """What people call a device."""

    slot: int
    id: str
    label: str | None
    unit: str


class Directory:
    """Devices by slot and by name."""

    def __init__(self) -> None:
        self.by_slot: dict[int, Named] = {}
        self.slots: dict[str, int] = {}

    def put(self, device: Named) -> None:
        """Add or replace a device."""
        self.by_slot[device.slot] = device
        self.slots[device.id] = device.slot

    def array(self) -> "np.typing.NDArray[np.int64]":
        """All slots."""
        return np.fromiter(self.by_slot, dtype=np.int64, count=len(self.by_slot))


async def read_devices(connection: db.Connection) -> list[Named]:
    """Read every device."""
    return [Named(row["id"], row["name"], row["label"], row["unit"]) for row in await connection.fetch(_DEVICES)]


async def read_positions(connection: db.Connection) -> feed.Columns:
    """Read the newest fix of every device, as the feed would send it."""
    rows = await connection.fetch(_NEWEST)
    columns: feed.Columns = {
        "device": np.array([row["id"] for row in rows], dtype=np.int32),
        "t": np.array([db.millis(row["t"]) for row in rows], dtype=np.int64),
        "duty": np.array([row["duty"] for row in rows], dtype=np.uint8),
        "src": np.array([row["src"] for row in rows], dtype=np.uint8),
        "cell": np.full(len(rows), -1, dtype=np.int32),
    }
    for name in ("lat", "lon", "acc", "spd", "hdg", "bat"):
        columns[name] = _floats(rows, name)
    return columns


def _floats(rows: list[asyncpg.Record], name: str) -> "np.typing.NDArray[np.float64]":
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
