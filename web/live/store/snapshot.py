"""The full state a viewer starts from, read at one moment of the database, with its offset in the event log."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from alerts.privacy import redaction
from alerts.store import shown, store
from runtime import db
from schemas import live
from web.auth.access import Names, Sight
from web.live.frames.cells import CellVersions
from web.store import queries

SHARED_S = 1.0
EVENTS_BACK_S = 3_600
MAX_EVENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A `state` message, with the offsets at which the event log and the cells continue."""

    text: str
    offset: int
    cells_version: int


class Shared:
    """One snapshot for all viewers that come within a second: many reconnect at once when a server restarts."""

    def __init__(self) -> None:
        self._made: Snapshot | None = None
        self._made_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, make: Callable[[], Awaitable[Snapshot]]) -> Snapshot:
        """Return the newest snapshot if it is of this second, else make one."""
        async with self._lock:
            if self._made is None or time.monotonic() - self._made_at >= SHARED_S:
                # It is never older than its event log offset: later commits follow in the event log.
                self._made_at = time.monotonic()
                self._made = await make()
            return self._made


async def read(pool: db.Pool, epoch: str, cells: CellVersions, *, floor: int, see: Sight, names: Names) -> Snapshot:
    """Read the state of what is in sight, without the hidden `names`.

    One snapshot of the database: the event log's items after `offset` are exactly what it lacks.
    `floor`: a place of the event log that was committed before; an emptied table must not send viewers behind it.
    """
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        offset = await connection.fetchval("SELECT coalesce(max(seq), 0) FROM lane")
        offset = max(offset, floor)
        alerts = await shown.standing(connection, store.MOST_OPEN, see.seen)
        events = await queries.recent_events(connection, EVENTS_BACK_S, MAX_EVENTS, see)
    version = cells.version
    message = live.State(
        epoch=epoch,
        offset=offset,
        alerts=redaction.clean([alert.model_dump(mode="json") for alert in alerts], names),
        events=redaction.clean([{**event.model_dump(mode="json"), "subject": None} for event in events], names),
        city=cells.city,
        cells=cells.rows(),
    )
    return Snapshot(text=msgspec.json.encode(message).decode(), offset=offset, cells_version=version)


async def open_alarms(connection: db.Connection) -> dict[int, str]:
    """Devices of the alerts that are open now, by the alert's number."""
    rows = await connection.fetch(
        "SELECT a.id, d.name FROM alerts a JOIN devices d ON d.id = a.device WHERE a.ended_at IS NULL"
    )
    return {row["id"]: row["name"] for row in rows}
