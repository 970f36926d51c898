"""Every message of the live websocket × every role × two streets: no frame tells anything of the other street."""

import asyncio
import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from runtime import db
from schemas import feed
from schemas.live import FROM_SERVER
from tests.integration.web import matrix_city, matrix_street
from tests.integration.web.matrix_street import MINUTE, Street
from tests.integration.web.test_matrix import City, city, leaks
from tests.support import live_frames as decoder
from tests.support import web
from tests.support.waiting import PATIENCE, until
from tests.unit.web.live.positions import columns
from tracking.store.records import event_log
from tracking.store.tracks import device_store, event_store
from web.auth.access import PERMISSIONS, Permission, Role
from web.live.run import viewers

if TYPE_CHECKING:
    from runtime.db import Connection

__all__ = ["city"]
WATCHING = [role for role in Role if Permission.COVERAGE in PERMISSIONS[role]]
LAST = "the last remark"


TYPES = {kind.__struct_config__.tag for kind in FROM_SERVER} - {"bye"}
"""Of the messages that the server sends before it ends a connection."""


class Screen:
    """A viewer that keeps everything it was sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.messages: list[dict[str, Any]] = []
        self.slots: set[int] = set()
        self.devices: set[str] = set()
        self.frames = 0

    async def follow(self, socket: Any) -> None:
        """Take what comes until an event with the text LAST was told."""
        while not self.texts or LAST not in self.texts[-1]:
            message = await asyncio.wait_for(socket.recv(), 20 * PATIENCE)
            if isinstance(message, bytes):
                self.frames += 1
                frame = decoder.decode(message)
                self.slots |= {record.slot for block in frame.blocks for record in block.records}
                continue
            self.texts.append(message)
            self.messages.append(json.loads(message))
            if self.messages[-1]["type"] == "devices":
                self.devices |= {device["id"] for device in self.messages[-1]["items"]}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Messages of a type."""
        return [message for message in self.messages if message["type"] == kind]


async def happen(city: City, conn: "Connection", mine: Screen, whole: Screen) -> None:
    """Things of every kind in both streets, the other street's first, one for each viewer to stop at last.

    `whole` sees the whole city: whatever can be told was told once it has seen every move and both cells change, and
    both were told how many officers there are.
    """
    both = (city.other, city.mine)
    slots = [(street, street.ids[f"device{n + 1}"]) for street in both for n in range(street.devices)]
    now = db.millis(matrix_street.NOW) + MINUTE
    for step in range(3):
        rows = [
            {"device": slot, "lat": each.lat, "lon": each.lon + 1e-4 * step, "t": now + step} for each, slot in slots
        ]
        seen = whole.frames
        city.server.hub.feed.take(feed.encode_positions("w", columns(*rows)))
        for street in both:
            await told(conn, street, step)

        async def moved(before: int = seen) -> bool:
            return whole.frames > before

        await until(moved, "what moved was published in a frame of its own")
    async with conn.transaction():
        for street in both:
            await event_log.append(conn, await matrix_city.stay(conn, street, street, 0))

    async def changed() -> bool:
        cells = {cell[0] for message in whole.of("cells") for cell in message["changes"]}
        counted = all(screen.of("counts") for screen in (mine, whole))
        return counted and cells >= {street.ids["cell"] for street in both}

    await until(changed, "both cells were told to have changed, and how many officers there are")
    async with conn.transaction():
        for street in both:
            await event_log.append(conn, [("event", {"cell": street.cell, "device": None, "text": LAST})])


async def told(conn: "Connection", street: Street, step: int) -> None:
    """Alerts, an event, a device, a visit and a change of the grid."""
    await matrix_city.warn(conn, street, f"live-{step}")
    async with conn.transaction():
        key = f"{street.event[:-2]}{step}X"
        items = await event_store.insert(conn, [matrix_city.event_of(street, key)])
        items += await device_store.items(conn, [street.ids["device"]])
        items += [("grid", {"added": 12_345, "changed": 0, "ended": 0}), ("unheard", {"of": street.mark})]
        await event_log.append(conn, items)


@pytest.mark.parametrize("role", WATCHING)
async def test_no_frame_tells_of_the_other_street(city: City, conn: "Connection", role: Role) -> None:
    """All that is sent is of the own street alone, the event log too; it selects the other's in vain."""
    token = city.tokens[role, "street"]
    wanted = ["quart-cam-1", city.other.ids["device2"], "hazel-cam-1"]
    screen, everything = Screen(), Screen()
    async with (
        city.server.live(headers={"Authorization": f"Bearer {token}"}) as mine,
        city.server.live() as whole,
        asyncio.TaskGroup() as group,
    ):
        for socket in (mine, whole):
            look = {"bbox": web.HUIZHOU, "zoom": 11, "selected": wanted}
            await socket.send(json.dumps({"type": "subscribe", **look}))
        group.create_task(screen.follow(mine))
        group.create_task(everything.follow(whole))
        await happen(city, conn, screen, everything)
    for text in screen.texts:
        assert leaks(text, city.other) == [], text[:500]
        assert "12345" not in text
        assert "unheard" not in text
    own = {city.mine.ids["device1"], city.mine.ids["device2"]}
    sees = Permission.POSITIONS in PERMISSIONS[role]
    assert screen.slots == (own if sees else set())
    assert screen.devices == ({"hazel-cam-1", "hazel-cam-2"} if sees else set())
    assert {message["total"] for message in screen.of("counts")} == {2 if sees else 0}
    assert {cell[0] for message in screen.of("cells") for cell in message["changes"]} <= {city.mine.ids["cell"]}
    (state,) = screen.of("state")
    assert len(state["cells"]) == 1
    kinds = {item["kind"] for message in screen.of("lane") for item in message["items"]}
    assert kinds == {"alert", "event", "grid", "stay", *({"device"} if sees else set())}
    assert sees or not any(re.search(r"-(cam|badge|officer)-\d", text) for text in screen.texts)
    # The other street was really there to be told of.
    assert len(everything.slots) == 7
    assert {message["type"] for message in everything.messages} == TYPES
    assert any(leaks(text, city.other) for text in everything.texts)


async def test_resumed_viewer_gets_what_it_missed_of_its_own_street(city: City, conn: "Connection") -> None:
    """Gaps in the numbers stand for items of others; the event log goes on without loss."""
    headers = {"Authorization": f"Bearer {city.tokens[Role.SUPERVISOR, 'street']}"}
    subscribe = {"type": "subscribe", "bbox": web.HUIZHOU, "zoom": 11}
    async with city.server.live(headers=headers) as viewer:
        await viewer.send(json.dumps(subscribe))
        hello = await web.receive(viewer)
    for street in (city.mine, city.other, city.mine):
        async with conn.transaction():
            await event_log.append(conn, [("event", {"cell": street.cell, "device": None, "text": street.mark})])
    head = await conn.fetchval("SELECT max(seq) FROM lane")

    async def read() -> bool:
        return city.server.hub.event_log.ring.head >= int(head)

    await until(read, "the event log is read")
    resume = {**subscribe, "epoch": hello["epoch"], "offset": hello["offset"]}
    async with city.server.live(headers=headers) as viewer:
        await viewer.send(json.dumps(resume))
        assert (await web.receive(viewer))["recovered"] is True
        message = await web.receive(viewer)
        assert [item["body"]["text"] for item in message["items"]] == ["hazel", "hazel"]
        assert [item["seq"] for item in message["items"]] == [head - 2, head]


@pytest.mark.parametrize("role", [role for role in Role if role not in WATCHING])
async def test_role_without_a_view_gets_no_websocket(city: City, role: Role) -> None:
    """Officers and auditors are turned away before anything is sent."""
    with pytest.raises(InvalidStatus) as refused:
        async with city.server.live(headers={"Authorization": f"Bearer {city.tokens[role, 'city']}"}):
            pass
    assert refused.value.response.status_code == 403


CHANGES = {
    "deleted": ("DELETE FROM api_tokens WHERE name = 'supervisor-street'", "signed_out", 1008),
    "expired": ("UPDATE api_tokens SET expires_at = now() WHERE name = 'supervisor-street'", "signed_out", 1008),
    "moved": ("UPDATE api_tokens SET areas = '{441302002}' WHERE name = 'supervisor-street'", "rights_changed", 1012),
    "scoped": ("UPDATE api_tokens SET scopes = '{coverage}' WHERE name = 'supervisor-street'", "rights_changed", 1012),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_live_connection_ends_with_its_rights(city: City, conn: "Connection", change: str) -> None:
    """Within two seconds after a token is deleted, expires or is given other rights."""
    statement, reason, code = CHANGES[change]
    headers = {"Authorization": f"Bearer {city.tokens[Role.SUPERVISOR, 'street']}"}
    async with city.server.live(headers=headers) as viewer:
        await viewer.send(json.dumps({"type": "subscribe", "bbox": web.HUIZHOU, "zoom": 11}))
        await web.receive(viewer)
        await conn.execute(statement)
        said: list[Any] = []

        async def listen() -> None:
            while True:
                said.append(await viewer.recv())

        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(listen(), 2.5 * PATIENCE)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
    assert json.loads(said[-1]) == {"type": "bye", "reason": reason}


async def test_one_token_cannot_take_the_places_of_all(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third viewer of a token is sent away, one of another is let in, and so is the third when one has left."""
    monkeypatch.setattr(viewers, "MAX_OF_ONE", 2)
    subscribe = json.dumps({"type": "subscribe", "bbox": web.HUIZHOU, "zoom": 11})
    mine = {"Authorization": f"Bearer {city.tokens[Role.SUPERVISOR, 'street']}"}
    others = {"Authorization": f"Bearer {city.tokens[Role.COMMANDER, 'city']}"}

    async def greeted(viewer: Any) -> str:
        with contextlib.suppress(ConnectionClosed):  # who is sent away was told so before
            await viewer.send(subscribe)
        return str((await web.receive(viewer)).get("reason", "welcome"))

    async with city.server.live(headers=mine) as first:
        assert await greeted(first) == "welcome"
        async with city.server.live(headers=mine) as second:
            assert await greeted(second) == "welcome"
            async with city.server.live(headers=mine) as third:
                assert await greeted(third) == "too_many_viewers"
            async with city.server.live(headers=others) as other:
                assert await greeted(other) == "welcome"

        async def room() -> bool:
            async with city.server.live(headers=mine) as again:
                return await greeted(again) == "welcome"

        await until(room, "a place is free again")


async def test_device_that_leaves_the_area_leaves_the_map(city: City, conn: "Connection") -> None:
    """Given to the other street's unit, it is gone from the next full frame, within two seconds."""
    headers = {"Authorization": f"Bearer {city.tokens[Role.SUPERVISOR, 'street']}"}
    known: dict[int, decoder.Record] = {}
    async with city.server.live(headers=headers) as viewer:
        await viewer.send(json.dumps({"type": "subscribe", "bbox": web.HUIZHOU, "zoom": 11}))

        async def holds(slots: set[int]) -> None:
            while set(known) != slots:
                message = await asyncio.wait_for(viewer.recv(), 5)
                if isinstance(message, bytes):
                    decoder.decode(message).onto(known)

        await holds({city.mine.ids["device1"], city.mine.ids["device2"]})
        await conn.execute("UPDATE devices SET unit = 'quart-team' WHERE name = 'hazel-cam-2'")
        await holds({city.mine.ids["device1"]})


HOSTILE: list[str | bytes] = [
    "", "{", "null", "[]", "[" * 10_000, '{"type":"subscribe"}',
    '{"type":"view","bbox":[0,0,1,1],"zoom":1}', b"\x00\xff",
    '{"type":"subscribe","bbox":[0,0,1,1],"zoom":1e999}', '{"type":"subscribe","bbox":[0,0,1],"zoom":1}',
    '{"type":"subscribe","bbox":[0,0,1,1],"zoom":1,"selected":["\\ud800"]}', "x" * 60_000, "x" * 70_000,
    '{"type":"subscribe","bbox":[0,0,1,1],"zoom":1,"offset":-1}', '{"type":"subscribe","type":"view"}',
]  # fmt: skip


async def test_hostile_messages_harm_nobody_else(city: City) -> None:
    """Each ends its own connection with a reason; another viewer goes on, and nothing is logged as a fault."""
    headers = {"Authorization": f"Bearer {city.tokens[Role.SUPERVISOR, 'street']}"}
    async with city.server.live(headers=headers) as steady:
        await steady.send(json.dumps({"type": "subscribe", "bbox": web.HUIZHOU, "zoom": 11}))
        for hostile in HOSTILE:
            async with city.server.live(headers=headers) as viewer:
                await viewer.send(hostile)
                if isinstance(hostile, str) and "ud800" in hostile:
                    continue  # a name nobody has, though not of Unicode: looked for in vain
                with pytest.raises(ConnectionClosed) as closed:
                    await asyncio.wait_for(viewer.recv(), 5 * PATIENCE)
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code in (1008, 1009), hostile[:60]
        while isinstance(message := await web.receive(steady), bytes) or message["type"] != "counts":
            pass
