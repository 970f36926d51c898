"""The live websocket against a real server and database: nothing lost, nothing twice, nobody harmed by the slow."""

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any

import aiomqtt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from runtime.clock import wall_clock
from schemas import feed
from tests.integration.web.conftest import say
from tests.integration.web.viewing import SUBSCRIBE, first, frame, log_until
from tests.support import web
from tests.support.waiting import until
from tests.unit.web.live.positions import columns, scattered
from tracking.store.tracks import device_store
from web.live.run import viewer as live_viewer

if TYPE_CHECKING:
    from runtime import db
    from tests.support.mosquitto import Mosquitto


async def test_subscription_gives_state_then_every_later_item_once(
    server: web.WebServer, conn: "db.Connection"
) -> None:
    """Items committed before, while and after viewers connect reach each once: in the state or in the event log."""
    total = 120

    async def publish() -> None:
        for n in range(1, total + 1):
            await say(conn, n)

    async def watch(delay: float) -> None:
        await asyncio.sleep(delay)
        async with server.live() as viewer:
            await viewer.send(json.dumps(SUBSCRIBE))
            hello = await web.receive(viewer)
            state = await web.receive(viewer)
            assert (hello["type"], hello["recovered"], state["type"]) == ("hello", False, "state")
            # In this database the n-th item has seq n: the state stands for those up to its offset.
            assert await log_until(viewer, total) == list(range(state["offset"] + 1, total + 1))

    async with asyncio.TaskGroup() as group:
        group.create_task(publish())
        for n in range(8):
            group.create_task(watch(0.02 * n))


async def test_resume_gives_exactly_what_was_missed(server: web.WebServer, conn: "db.Connection") -> None:
    """A viewer that comes back with its epoch and offset gets the items since and no state."""
    async with server.live() as viewer:
        await viewer.send(json.dumps(SUBSCRIBE))
        hello = await first(viewer, "hello")
        await say(conn, 1)
        assert await log_until(viewer, 1) == [1]
    offset = 1
    for n in (2, 3, 4):
        await say(conn, n)
    async with server.live() as viewer:
        await viewer.send(json.dumps({**SUBSCRIBE, "epoch": hello["epoch"], "offset": offset}))
        answer = await web.receive(viewer)
        assert (answer["recovered"], answer["offset"]) == (True, offset)
        await say(conn, 5)
        assert await log_until(viewer, 5) == [2, 3, 4, 5]


async def test_counts_come_again_though_nothing_changed(server: web.WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewer of a quiet city hears the counts again and again, with the time, so that it can tell quiet from dead."""
    monkeypatch.setattr(live_viewer, "HEARTBEAT_S", 1.0)
    async with server.live() as viewer:
        await viewer.send(json.dumps(SUBSCRIBE))
        one, other = await first(viewer, "counts"), await first(viewer, "counts")
    assert one.pop("at") < other.pop("at")
    assert one == other


@pytest.mark.parametrize("resume", [{"epoch": "of another database", "offset": 0}, {"offset": 10**6}])
async def test_resume_that_cannot_be_whole_is_refused(
    server: web.WebServer, conn: "db.Connection", resume: dict[str, Any]
) -> None:
    """Another epoch, or an offset never given, leads to the full state and never to part of the event log."""
    await say(conn, 1)
    epoch = server.hub.event_log.epoch
    async with server.live() as viewer:
        await viewer.send(json.dumps({**SUBSCRIBE, "epoch": epoch, **resume}))
        assert (await web.receive(viewer))["recovered"] is False
        assert (await web.receive(viewer))["type"] == "state"


async def test_positions_of_the_database_come_first_then_those_of_the_feed(
    server: web.WebServer, devices: dict[str, int]
) -> None:
    """A device is introduced before its first frame, is shown, moves, and is gone when it leaves the tiles."""
    slot, now = devices["cam-1"], wall_clock()
    server.hub.state.apply(columns({"device": slot, "lat": 23.1, "lon": 114.4, "t": now}))
    async with server.live() as viewer:
        await viewer.send(json.dumps({**SUBSCRIBE, "bbox": [114.39, 23.09, 114.41, 23.11], "zoom": 13}))
        introduced = (await first(viewer, "devices"))["items"]
        assert introduced == [{"slot": slot, "id": "cam-1", "label": None, "unit": "team-1"}]
        assert list((await frame(viewer)).by_slot()) == [slot]
        payload = feed.encode_positions("w", columns({"device": slot, "lat": 23.1, "lon": 114.401, "t": now + 1}))
        server.hub.feed.take(payload)
        moved = await frame(viewer)
        assert (moved.kind, [record.slot for block in moved.blocks for record in block.records]) == (2, [slot])
        server.hub.feed.take(
            feed.encode_positions("w", columns({"device": slot, "lat": 23.9, "lon": 114.9, "t": now + 2}))
        )
        gone = await frame(viewer)
        assert [record.status for block in gone.blocks for record in block.records] == [128]


async def test_view_message_changes_what_is_sent(server: web.WebServer, devices: dict[str, int]) -> None:
    """After a view message a full frame of the new tiles comes, with a selected device from outside them."""
    now = wall_clock()
    here = {"device": devices["cam-1"], "lat": 23.1, "lon": 114.4, "t": now}
    there = {"device": devices["cam-2"], "lat": 22.5, "lon": 113.5, "t": now}
    server.hub.state.apply(columns(here, there))
    async with server.live() as viewer:
        await viewer.send(json.dumps({**SUBSCRIBE, "zoom": 14}))
        await frame(viewer)
        look = {"type": "view", "bbox": [114.39, 23.09, 114.41, 23.11], "zoom": 14, "selected": ["cam-2"]}
        await viewer.send(json.dumps(look))
        while len((shown := await frame(viewer)).by_slot()) < 2:
            assert shown.kind in (1, 2)
        assert set(shown.by_slot()) == {devices["cam-1"], devices["cam-2"]}
        await viewer.send(json.dumps({**look, "bbox": [0, 0, 1, 1], "selected": []}))
        while (shown := await frame(viewer)).by_slot():
            pass
        assert shown.kind == 1


WRONG_FIRST: tuple[str | bytes, ...] = (
    "no json",
    "{}",
    '{"type":"view","bbox":[1,2,3,4],"zoom":3}',
    '{"type":"subscribe"}',
    b"\x01",
    '{"type":"subscribe","bbox":[1,2,3,1e999],"zoom":3}',
    '{"type":"subscribe","bbox":[1,2,3,4],"zoom":99}',
    '{"type":"subscribe","bbox":[1,2,3,4],"zoom":3,"more":1}',
)


async def test_first_message_against_the_protocol_closes_with_1008(server: web.WebServer) -> None:
    """What is not a subscribe of the page ends the connection and says why."""
    for message in WRONG_FIRST:
        async with server.live() as viewer:
            await viewer.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                await web.receive(viewer)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008, message
            assert closed.value.rcvd.reason


def narrow(port: int) -> socket.socket:
    """A connection whose receive buffer is small, so that not reading is noticed soon."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    made.connect(("127.0.0.1", port))
    return made


async def test_viewer_that_does_not_read_harms_nobody_and_is_ended(
    database_url: str, conn: "db.Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    """One viewer stops reading: another gets everything, the backlog stays bounded, and the first is let go."""
    monkeypatch.setattr("web.live.run.viewer.SEND_WITHIN_S", 0.5)
    monkeypatch.setattr("web.live.run.viewer.GOODBYE_WITHIN_S", 0.1)
    monkeypatch.setattr("web.server.SEND_BUFFER_BYTES", 8_192)
    fleet = scattered(3_000, seed=1)
    await device_store.enrol(conn, {f"bulk-{n}": "team-2" for n in range(3_000)})
    async with web.serving(database_url) as server:
        await asyncio.wait_for(server.hub.ready.wait(), 20)
        async with (
            server.live(max_queue=1, sock=narrow(server.port), close_timeout=0.1) as stuck,
            server.live() as lively,
        ):
            await stuck.send(json.dumps(SUBSCRIBE))
            stuck.transport.pause_reading()
            await lively.send(json.dumps(SUBSCRIBE))
            await first(lively, "state")
            n = 0

            async def let_go() -> bool:
                nonlocal n
                n += 1
                fleet["t"] = fleet["t"] + 200_000_000
                server.hub.state.apply(fleet)
                await say(conn, n)
                return n > 10 and len(server.hub.viewers) == 1

            reading = asyncio.create_task(log_until(lively, -1))
            await until(let_go, "the viewer that does not read is ended", within=15)
            await say(conn, -1)
            assert await reading == [*range(1, n + 1), -1]


async def test_sign_out_ends_the_websocket(server: web.WebServer) -> None:
    """A session that is ended takes its live connections with it."""
    async with server.client(token=None) as client:
        given = {"name": "admin", "password": web.PASSWORD}
        assert (await client.post("/api/v1/session", json=given)).status_code == 200
        cookie = f"patrol_session={client.cookies['patrol_session']}"
        async with server.live(headers={"Cookie": cookie}, origin=server.url) as viewer:
            await viewer.send(json.dumps(SUBSCRIBE))
            await first(viewer, "state")
            answer = await client.delete("/api/v1/session", headers={"Origin": server.url})
            assert answer.status_code == 204
            assert (await first(viewer, "bye"))["reason"] == "signed_out"
            with pytest.raises(ConnectionClosed):
                await first(viewer, "never")


async def test_websocket_without_right_is_refused_before_it_opens(server: web.WebServer) -> None:
    """No token, a wrong one, or a cookie sent by a foreign page: the handshake fails with a problem document."""
    async with server.client(token=None) as client:
        await client.post("/api/v1/session", json={"name": "admin", "password": web.PASSWORD})
        cookie = {"Cookie": f"patrol_session={client.cookies['patrol_session']}"}
    attempts: tuple[tuple[dict[str, str], str | None, int], ...] = (
        ({}, None, 401),
        ({"Authorization": "Bearer wrong"}, None, 401),
        (cookie, None, 403),
        (cookie, "http://evil.example", 403),
        (cookie, "null", 403),
    )
    for headers, origin, status in attempts:
        with pytest.raises(InvalidStatus) as refused:
            async with server.live(headers=headers, origin=origin):
                pass
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body or b"")["status"] == status


async def test_feed_over_a_real_broker_reaches_viewers(
    database_url: str, devices: dict[str, int], mosquitto: "Mosquitto"
) -> None:
    """What a worker publishes on the feed is seen by a viewer, also after the broker was away."""
    async with web.serving(database_url, mqtt_url=mosquitto.url) as server, server.live() as viewer:

        async def connected() -> bool:
            return server.hub.feed.connected

        await until(connected, "the feed is connected")
        await viewer.send(json.dumps(SUBSCRIBE))
        await first(viewer, "state")
        mosquitto.restart()
        await until(connected, "the feed is connected again")
        payload = feed.encode_positions(
            "w", columns({"device": devices["cam-1"], "lat": 23.1, "lon": 114.4, "t": wall_clock()})
        )

        async def shown() -> bool:
            async with aiomqtt.Client("127.0.0.1", mosquitto.port) as worker:
                await worker.publish(feed.topic("w", "positions"), payload, qos=0)
            await asyncio.sleep(0.1)
            return bool(server.hub.state.tally(wall_clock())[0])

        await until(shown, "the position arrives")
        while not (await frame(viewer)).by_slot():
            pass
