"""The event log in memory: its newest items, read from the database in order, for viewers that follow or resume."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

from runtime import db
from schemas import live, rest
from tracking.store.records import meta_store

MAX_ITEMS = 10_000
MAX_BYTES = 16 << 20
READ_AT_ONCE = 1_000

_ITEMS = "SELECT seq, at, kind, body::text AS body, device, area FROM lane "
_NEWEST = _ITEMS + "ORDER BY seq DESC LIMIT $1"
_AFTER = _ITEMS + "WHERE seq > $1 ORDER BY seq LIMIT $2"


@dataclass(frozen=True, slots=True)
class Item:
    """One item; `body` is the JSON text of what the kind says."""

    seq: int
    at: datetime
    kind: str
    body: str
    device: int | None = None
    """Slot of the device it is about; who may see that device may see it."""
    area: str | None = None
    """Otherwise: who sees this area; "*": everybody; None: whoever sees the whole city."""

    def decoded(self) -> dict[str, Any]:
        """The body as an object."""
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded


class Ring:
    """The newest items in order; bounded by number and bytes. Pure."""

    def __init__(self, *, max_items: int = MAX_ITEMS, max_bytes: int = MAX_BYTES) -> None:
        self.floor = 0
        """Every item with a greater seq is in the ring or not committed yet."""
        self.head = 0
        """Greatest seq read."""
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._max_items = max_items
        self._max_bytes = max_bytes

    def start(self, floor: int) -> None:
        """Begin behind `floor`: what comes next is the item after it."""
        self._items.clear()
        self._bytes = 0
        self.floor = self.head = floor

    def append(self, items: Sequence[Item]) -> None:
        """Take items that follow the head, in order."""
        for item in items:
            self._items.append(item)
            self._bytes += len(item.body)
            self.head = item.seq
        while self._items and (len(self._items) > self._max_items or self._bytes > self._max_bytes):
            dropped = self._items.popleft()
            self._bytes -= len(dropped.body)
            self.floor = dropped.seq

    def resumable(self, offset: int) -> bool:
        """Tell whether everything after `offset` is here."""
        return self.floor <= offset <= self.head

    def after(self, offset: int, limit: int) -> list[Item] | None:
        """At most `limit` items after `offset` in order; None when some of them are gone from the ring."""
        if offset < self.floor:
            return None
        if offset >= self.head:
            return []
        # Seqs have gaps (rolled back transactions), so the place is searched from the newest end.
        wanted: list[Item] = []
        for item in reversed(self._items):
            if item.seq <= offset:
                break
            wanted.append(item)
        wanted.reverse()
        return wanted[:limit]


async def read_epoch(connection: db.Connection) -> str:
    """Read the epoch: another database is another epoch."""
    return str(await meta_store.get(connection, "epoch"))


async def fill(connection: db.Connection, ring: Ring) -> None:
    """Start the ring with the newest items of the database."""
    rows = await connection.fetch(_NEWEST, MAX_ITEMS)
    ring.start(rows[-1]["seq"] - 1 if rows else 0)
    ring.append([_item(row) for row in reversed(rows)])


async def follow(connection: db.Connection, ring: Ring) -> list[Item]:
    """Read what was committed after the ring's head; a reader that saw a seq has seen every smaller one."""
    rows = await connection.fetch(
        _AFTER,
        ring.head,
        READ_AT_ONCE,
    )
    items = [_item(row) for row in rows]
    ring.append(items)
    return items


def encode(items: Sequence[Item]) -> str:
    """Encode items as a `lane` message; the bodies are JSON already."""
    log_items = [
        live.LogItem(
            seq=item.seq,
            at=rest.rfc3339(item.at.astimezone(UTC)),
            kind=item.kind,
            body=msgspec.Raw(item.body.encode()),
        )
        for item in items
    ]
    return msgspec.json.encode(live.LogItems(items=log_items)).decode()


def _item(row: asyncpg.Record) -> Item:
    return Item(row["seq"], row["at"], row["kind"], row["body"], row["device"], row["area"])
