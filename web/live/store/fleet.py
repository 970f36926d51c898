"""Devices by slot, and where each was last seen according to the database: where the live state starts from."""

import asyncpg
import numpy as np
from numpy.typing import NDArray

from runtime import db
from schemas import feed
from schemas.live import DeviceName

_DEVICES = "SELECT id, name, label, unit FROM devices"
# One short walk down the primary key for each device.
_NEWEST = """
SELECT d.id, f.t, f.lat, f.lon, f.acc, f.spd, f.hdg, f.bat, f.duty, f.src FROM devices d
CROSS JOIN LATERAL (SELECT * FROM fixes WHERE device = d.id ORDER BY t DESC LIMIT 1) f
"""


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
