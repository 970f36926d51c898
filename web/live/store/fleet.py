"""Devices by slot, and where each was last seen according to the database: where the live state starts from."""

from collections.abc import Iterable

import asyncpg
import numpy as np
from numpy.typing import NDArray

from runtime import db
from schemas import feed
from schemas.live import DeviceName
from web.live.frames.state import Slots

_DEVICES = "SELECT id, name, label, unit FROM devices"
# One short walk down the primary key for each device.
_NEWEST = """
SELECT d.id, f.t, f.lat, f.lon, f.acc, f.spd, f.hdg, f.bat, f.duty, f.src FROM devices d
CROSS JOIN LATERAL (SELECT * FROM fixes WHERE device = d.id ORDER BY t DESC LIMIT 1) f
"""


class Directory:
    """Devices by slot and by name."""

    def __init__(self) -> None:
        self.by_slot: dict[int, DeviceName] = {}
        self.slots: dict[str, int] = {}
        self.version = 0
        """Grows with every `put`."""

    def put(self, device: DeviceName) -> None:
        """Add or replace a device."""
        self.by_slot[device.slot] = device
        self.slots[device.id] = device.slot
        self.version += 1

    def chosen(self, devices: Iterable[int | str]) -> set[int]:
        """Slots of devices given by slot or name, those that are known."""
        slots = (self.slots.get(device) if isinstance(device, str) else device for device in devices)
        return {slot for slot in slots if slot in self.by_slot}

    def array(self) -> Slots:
        """All slots."""
        return np.fromiter(self.by_slot, dtype=np.int64, count=len(self.by_slot))


class Told:
    """Which devices a viewer was told the names of."""

    def __init__(self) -> None:
        self._told: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def tell(self, slots: Slots) -> Slots:
        """Those of `slots` that were not told before, each once; now they are."""
        if len(slots) and len(self._told) <= slots.max():
            more = int(slots.max()) + 1024 - len(self._told)
            self._told = np.concatenate([self._told, np.zeros(more, dtype=np.bool_)])
        new = slots[~self._told[slots]]
        if len(new):
            new = np.unique(new)
            self._told[new] = True
        return new


async def read_devices(connection: db.Connection) -> list[DeviceName]:
    """Read every device."""
    return [DeviceName(row["id"], row["name"], row["label"], row["unit"]) for row in await connection.fetch(_DEVICES)]


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


def _floats(rows: list[asyncpg.Record], name: str) -> NDArray[np.float64]:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
