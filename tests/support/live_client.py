"""A viewer of the live websocket written from docs/live-protocol.md alone: it imports nothing of the product.

It holds what the page says a viewer holds, and fails wherever the server does otherwise than the page says.
"""

import contextlib
import json
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support import live_frames

STATES = ("fresh", "due_soon", "will_breach", "overdue", "unknown")
SILENT_AFTER_MS = 180_000
END_CODES = {
    "signed_out": 1008,
    "rights_changed": 1012,
    "shutting_down": 1012,
    "too_slow": 1013,
    "not_ready": 1013,
    "too_many_viewers": 1013,
}


@dataclass(frozen=True)
class Place:
    """Where a device is and how it fares."""

    lat: float
    lon: float
    course: float | None
    """Degrees clockwise from north."""
    speed: float | None
    """m/s."""
    freshness: str
    duty: str
    alarm: bool
    fix_at: float
    """ms since 1970, by whole seconds or minutes."""


@dataclass
class Known:
    """What a viewer knows; pure."""

    epoch: str | None = None
    offset: int | None = None
    greeted: bool = False
    recovered: bool = False
    complete: bool = False
    """A state came, on this connection or on the one that was resumed."""
    alerts: dict[int, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    city: str | None = None
    """Version of the city that the cells are of."""
    cells: dict[int, tuple[str, int | None, int | None, bool]] = field(default_factory=dict)
    names: dict[int, tuple[str, str | None, str]] = field(default_factory=dict)
    records: dict[int, live_frames.Record] = field(default_factory=dict)
    squares: list[live_frames.Record] = field(default_factory=list)
    """Counts of the newest frame; `slot` holds the number."""
    told_at: dict[int, float] = field(default_factory=dict)
    """Time of the tick that brought each record, ms."""
    counts: dict[str, Any] = field(default_factory=dict)
    bye: str | None = None
    items: list[dict[str, Any]] = field(default_factory=list)
    """Every event log item that was taken, in order."""
    heard: list[str] = field(default_factory=list)
    """Types in order of arrival; "frame" for binary."""

    def connect_again(self, look: dict[str, Any]) -> dict[str, Any]:
        """Begin a connection: the first message."""
        self.greeted = self.recovered = False
        self.bye = None
        self.names.clear()
        self.records.clear()
        resume = {"epoch": self.epoch, "offset": self.offset} if self.complete else {}
        return {"type": "subscribe", **look, **resume}

    def take(self, message: str | bytes) -> None:
        """Take a message of the server."""
        assert self.bye is None, "nothing comes after a bye"
        if isinstance(message, bytes):
            self.heard.append("frame")
            self._frame(live_frames.decode(message))
            return
        said = json.loads(message)
        self.heard.append(said["type"])
        assert self.greeted or said["type"] in ("hello", "bye"), "hello comes first"
        reader: Callable[[dict[str, Any]], None] | None = getattr(self, f"_{said.pop('type')}", None)
        if reader is not None:  # a later server may say more
            reader(said)

    def _hello(self, said: dict[str, Any]) -> None:
        assert not self.greeted
        assert said["protocol"] == 1
        time_of(said["now"])
        asked = (self.epoch, self.offset)
        self.greeted, self.recovered, self.epoch = True, said["recovered"], said["epoch"]
        if self.recovered:
            assert self.complete
            assert asked == (said["epoch"], said["offset"])
        else:
            self.complete = False

    def _state(self, said: dict[str, Any]) -> None:
        assert said["epoch"] == self.epoch
        self.complete, self.offset = True, said["offset"]
        self.alerts = {alert["id"]: alert for alert in said["alerts"]}
        assert all(alert["ended_at"] is None for alert in said["alerts"])
        self.events = {event["id"]: event for event in said["events"]}
        times = [time_of(event["t"]) for event in said["events"]]
        assert times == sorted(times, reverse=True)
        self.city = said["city"]
        self.cells.clear()
        self._rows(said["cells"])

    def _lane(self, said: dict[str, Any]) -> None:
        assert self.complete, "the event log goes on behind a state"
        assert self.offset is not None
        assert 0 < len(said["items"]) <= 500
        for item in said["items"]:
            time_of(item["at"])
            if item["seq"] > self.offset:
                self.offset = item["seq"]
                self.items.append(item)
                self._item(item["kind"], item["body"])

    def _item(self, kind: str, body: dict[str, Any]) -> None:
        if kind == "alert":
            self.alerts.pop(body["id"], None)
            if body["ended_at"] is None:
                self.alerts[body["id"]] = body
        elif kind == "event":
            self.events[body["id"]] = body
        elif kind == "device" and body["slot"] in self.names:
            self.names[body["slot"]] = body["id"], body["label"], body["unit"]

    def _cells(self, said: dict[str, Any]) -> None:
        time_of(said["at"])
        if said["city"] != self.city:
            self.city = said["city"]
            self.cells.clear()
        self._rows(said["changes"])

    def _rows(self, rows: list[list[Any]]) -> None:
        for cell, state, due, last_visit, present in rows:
            assert state in STATES
            assert present in (0, 1)
            self.cells[cell] = state, due, last_visit, bool(present)

    def _devices(self, said: dict[str, Any]) -> None:
        assert 0 < len(said["items"]) <= 2_000
        for item in said["items"]:
            assert item["slot"] not in self.names, "a device is named once on a connection"
            self.names[item["slot"]] = item["id"], item["label"], item["unit"]

    def _counts(self, said: dict[str, Any]) -> None:
        time_of(said["at"])
        assert said["moving"] + said["still"] + said["silent"] <= said["total"]
        assert said["band"] in ("dots", "sampled", "grid")
        self.counts = said

    def _bye(self, said: dict[str, Any]) -> None:
        assert said["reason"] in END_CODES
        self.bye = said["reason"]

    def _frame(self, frame: live_frames.Frame) -> None:
        assert self.greeted
        if frame.kind == 1:
            self.told_at.clear()
        frame.onto(self.records)
        gone = False
        self.squares = []
        for block in frame.blocks:
            leaves = bool(block.records) and all(record.status == 128 for record in block.records)
            assert leaves or not gone, "blocks of those that are gone come last"
            gone = leaves
            if block.flags & 1:
                self.squares += block.records
            elif not leaves:
                self.told_at.update(dict.fromkeys((record.slot for record in block.records), frame.now))
        assert self.records.keys() <= self.names.keys(), "names come before the first frame with their slots"

    def places(self) -> dict[str, Place]:
        """Where each device is, by name."""
        return {self.names[slot][0]: _place(record, self.told_at[slot]) for slot, record in self.records.items()}


def _place(record: live_frames.Record, tick_ms: float) -> Place:
    age_ms = 1000 * (record.age if record.age < 128 else 60 * (record.age - 128))
    fix_at = tick_ms - age_ms
    return Place(
        lat=math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * record.v)))),
        lon=360 * record.u - 180,
        course=None if record.status & 16 else record.course * 360 / 256,
        speed=None if record.status & 32 else record.speed / 4,
        freshness=("moving", "still", "silent", "unknown")[record.status & 3],
        duty=("duty", "task", "break", "")[record.status >> 2 & 3],
        alarm=bool(record.status & 64),
        fix_at=fix_at,
    )


def time_of(text: str) -> datetime:
    """Read a time as the page writes it."""
    assert text.endswith("Z"), text
    return datetime.fromisoformat(text)


@dataclass
class Viewer:
    """A connection and what its viewer knows."""

    socket: ClientConnection
    known: Known

    async def hear(self, until: Callable[[Known], bool]) -> None:
        """Take messages until `until` holds."""
        while not until(self.known):
            self.known.take(await self.socket.recv())

    async def look(self, **look: Any) -> None:
        """Look elsewhere."""
        await self.socket.send(json.dumps({"type": "view", **look}))

    async def hear_end(self) -> int:
        """Take messages until the server closes; the close code, which must be the one of its bye."""
        with contextlib.suppress(ConnectionClosed):
            await self.hear(lambda _: False)
        code = self.socket.close_code
        assert code is not None
        if self.known.bye is not None:
            assert code == END_CODES[self.known.bye]
        return code


@contextlib.asynccontextmanager
async def watching(url: str, token: str, look: dict[str, Any], known: Known | None = None) -> AsyncIterator[Viewer]:
    """Connect to the server at `url` (http://…) and subscribe, resuming where `known` was left."""
    known = Known() if known is None else known
    address = url.replace("http", "ws", 1) + "/api/v1/live"
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(address, additional_headers=headers, max_size=None, compression=None) as socket:
        await socket.send(json.dumps(known.connect_again(look)))
        yield Viewer(socket, known)
