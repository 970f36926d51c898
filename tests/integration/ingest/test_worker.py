"""From the broker to the database: every fix once, everything counted, nothing acknowledged too early."""

import asyncio
import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from ingest.run.path.pipeline import BatchLimits
from runtime import db
from schemas import feed
from tests.integration.ingest.conftest import T0, Send, client, fix, working
from tests.integration.ingest.counting import BUFFER, FIX, counted
from tests.support import lattice, waiting
from tracking.store.city import grid_store
from tracking.store.city.grid_store import GridImportResult
from tracking.store.tracks import refusal_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.mosquitto import Mosquitto


async def test_each_fix_is_stored_once_whatever_its_shape(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """Objects and arrays, JSON and MessagePack, sent twice and in any order, end as one row per key."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        for _ in range(2):
            await send(FIX, fix(5000))
            await send(FIX, [fix(n * 1000) for n in reversed(range(8))])
            await send(FIX, msgspec.msgpack.encode([fix(n * 1000) for n in range(4, 12)]))
        await send("owntracks/team-1/phone-1", {"_type": "location", "tst": T0 // 1000, "lat": 23.1, "lon": 114.4})
        await waiting.until(counted(conn, 13), "12 fixes of the camera and one of the phone are stored")
    times = await conn.fetch("SELECT t FROM fixes JOIN devices ON id = device WHERE name = 'cam-1' ORDER BY t")
    assert [db.millis(row["t"]) for row in times] == [T0 + n * 1000 for n in range(12)]
    assert await conn.fetchval("SELECT count(*) FROM dirty_windows") == 0


async def test_fixes_of_a_buffer_and_live_ones_are_one_track(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """Whichever way a fix comes, and if it comes both ways, it is stored once and counts the same."""
    assert isinstance(await grid_store.import_file(conn, lattice.encoded(lattice.collection())), GridImportResult)
    inside = {"lat": lattice.SOUTH + lattice.STEP / 2, "lon": lattice.WEST + lattice.STEP / 2, "acc": 4}
    async with working(database_url=database_url, mqtt_url=mosquitto.url, limits=BatchLimits(upkeep_s=0.2)):
        await send(FIX, fix(20_000, **inside))
        await send(BUFFER, [fix(n * 1000, **inside) for n in range(15)])
        await send(FIX, [fix(n * 1000, **inside) for n in range(10, 20)])
        await send(BUFFER, fix(20_000, **inside))
        await waiting.until(counted(conn, 21), "each is stored once")
        await waiting.until(counted(conn, 0, "dirty_windows"), "the stays are computed again")
        await waiting.until(counted(conn, 1, "stays WHERE fixes = 21 AND known_to IS NULL"), "all are one stay")
    (stay,) = await conn.fetch("SELECT t_in, t_out FROM stays WHERE known_to IS NULL")
    assert (db.millis(stay["t_in"]), db.millis(stay["t_out"])) == (T0, T0 + 20_000)


async def test_a_buffer_sent_while_no_worker_ran_is_stored(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """The broker keeps what came for either session."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        pass
    for n in range(50):
        await send(BUFFER, fix(n * 1000))
    await send(FIX, fix(60_000))
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await waiting.until(counted(conn, 51), "all is stored")


async def test_bad_messages_are_counted_and_stop_nothing(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """Each bad message has its reason in the counts; the good one behind them is stored."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await send(FIX, b"")
        await send(FIX, b"\xdd\xff\xff\xff\xff")
        await send(FIX, b"x" * 10_000_000)
        await send(FIX, msgspec.msgpack.encode(fix(0, lat=float("nan"))))
        await send(FIX, [fix(0, lat=91), fix(0, lon="x"), fix(0, duty="off"), fix(1000)])
        await send("patrol/v1/team-1/cam 1/fix", fix(0))
        await send("owntracks/team-1/phone-1", {"_type": "waypoint"})
        await send(FIX, fix(2000))
        await waiting.until(counted(conn, 2), "the good fixes are stored")
    assert await refusal_store.counts(conn) == {
        "bad_topic": 1, "empty": 1, "malformed": 1, "not_a_position": 1, "not_finite": 1, "off_duty": 1,
        "out_of_range": 1, "too_large": 1, "wrong_type": 1,
    }  # fmt: skip
    kept = await conn.fetch(
        "SELECT reason, length(payload) AS n FROM refusals WHERE reason IN ('off_duty', 'too_large')"
    )
    assert {row["reason"]: row["n"] for row in kept} == {"off_duty": None, "too_large": 1024}


async def test_unknown_devices_are_refused_unless_they_may_enrol(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """An unknown device and one of another unit are refused; the enrolled one is served."""
    await conn.execute("INSERT INTO devices (name, unit) VALUES ('cam-1', 'team-1')")
    async with working(database_url=database_url, mqtt_url=mosquitto.url, auto_enrol=False):
        await send("patrol/v1/team-1/cam-9/fix", fix(0))
        await send("patrol/v1/team-2/cam-1/fix", fix(0))
        await send(FIX, fix(1000))
        await waiting.until(counted(conn, 1), "the fix of the enrolled device is stored")
    assert await refusal_store.counts(conn) == {"unknown_device": 1, "wrong_unit": 1}
    assert await conn.fetchval("SELECT count(*) FROM devices") == 1


async def test_names_of_the_server_are_enrolled_by_nobody(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """A device that is heard under one of them stays unknown, however it speaks; the one beside it is enrolled."""
    url = f"mqtt://Intake:x@127.0.0.1:{mosquitto.port}"
    async with working(database_url=database_url, mqtt_url=url, auto_enrol=True):
        for name in ("intake", "Patrol-Server", "patrol.buffer-worker-1", "patrol-feed"):
            await send(f"patrol/v1/team-1/{name}/fix", fix(0))
            await send(f"owntracks/team-1/{name}", {"_type": "location", "lat": 23.1, "lon": 114.4, "tst": T0 // 1000})
        await send("patrol/v1/shared/cam-2/fix", fix(0))
        await send(FIX, fix(1000))
        await waiting.until(counted(conn, 1), "the fix of the device beside them is stored")
    assert await refusal_store.counts(conn) == {"unknown_device": 9}
    assert [row["name"] for row in await conn.fetch("SELECT name FROM devices")] == ["cam-1"]


async def test_gcj02_device_is_stored_in_wgs84_with_what_it_sent(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """The place is shifted by the datum of the device's profile; the original is kept."""
    await conn.execute("INSERT INTO devices (name, unit, datum) VALUES ('cam-1', 'team-1', 'gcj02')")
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await send(FIX, fix(0, lat=23.0813924, lon=114.4175696))
        await waiting.until(counted(conn, 1), "the fix is stored")
    row = await conn.fetchrow("SELECT lat, lon, raw_lat, raw_lon FROM fixes")
    assert tuple(row or ()) == pytest.approx((23.0839, 114.4126, 23.0813924, 114.4175696), abs=2e-6)


async def test_events_status_and_event_log(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """An event is stored once by its id, a status shows in the devices, and both are told in the event log."""
    event = {**fix(0), "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "type": "05.01", "text": "占道经营"}
    await send("patrol/v1/team-1/cam-1/status", {"online": True, "bat": 80}, retain=True)
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await send("patrol/v1/team-1/cam-1/event", event)
        await send("patrol/v1/team-1/cam-1/event", event)
        await send(FIX, fix(0))
        await waiting.until(counted(conn, 1), "the fix behind them is stored")
    assert [row["text"] for row in await conn.fetch("SELECT text FROM events")] == ["占道经营"]
    device = await conn.fetchrow("SELECT online, battery FROM devices")
    assert tuple(device or ()) == (True, 80.0)
    kinds = [row["kind"] for row in await conn.fetch("SELECT kind FROM lane ORDER BY seq")]
    assert sorted(kinds) == ["device", "device", "event"]


async def test_retained_fix_is_refused_as_a_replay(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """An old retained fix that the broker repeats at the first subscription is no news."""
    await send(FIX, fix(0), retain=True)
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await send(FIX, fix(1000))
        await waiting.until(counted(conn, 1), "the live fix is stored")
    assert await refusal_store.counts(conn) == {"retained_replay": 1}


async def test_messages_sent_while_no_worker_ran_are_stored(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """The persistent session keeps them at the broker."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await send(FIX, fix(0))
        await waiting.until(counted(conn, 1), "the first fix is stored")
    for n in range(1, 50):
        await send(FIX, fix(n * 1000))
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await waiting.until(counted(conn, 50), "those sent meanwhile are stored")


async def test_nothing_is_acknowledged_before_the_commit(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """While the table is locked nothing is stored; a worker that is cut off then leaves it all to the next one."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await send(FIX, fix(0))
        await waiting.until(counted(conn, 1), "the first fix is stored")
        async with conn.transaction():
            await conn.execute("LOCK TABLE fixes IN ACCESS EXCLUSIVE MODE")
            for n in range(1, 300):
                await send(FIX, fix(n * 1000))
            await waiting.until(_blocked(conn), "the worker waits for the table")
            # Ends the worker's transaction and every other connection of it, as a restart of the database does.
            await conn.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        await waiting.until(counted(conn, 300), "all are stored once the database is back")
    assert await conn.fetchval("SELECT count(DISTINCT t) FROM fixes") == 300


async def test_worker_cut_off_in_the_middle_leaves_its_messages_to_the_next(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """What was not committed was not acknowledged: the broker gives it to the next worker."""
    async with conn.transaction(), working(database_url=database_url, mqtt_url=mosquitto.url):
        await conn.execute("LOCK TABLE fixes IN ACCESS EXCLUSIVE MODE")
        for n in range(100):
            await send(FIX, fix(n * 1000))
        await waiting.until(_blocked(conn), "the worker waits for the table")
    assert await counted(conn, 0)()
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await waiting.until(counted(conn, 100), "the next worker stores them")


def _blocked(conn: "db.Connection") -> "Callable[[], Awaitable[bool]]":
    async def probe() -> bool:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return bool(await conn.fetchval(query))

    return probe


async def test_broker_restart_loses_nothing(
    conn: "db.Connection", start_mosquitto: "Callable[..., Mosquitto]", database_url: str
) -> None:
    """The worker connects again by itself and goes on."""
    broker = start_mosquitto(persistence=True)
    async with working(database_url=database_url, mqtt_url=broker.url):
        async with client(broker.url) as device:
            await device.publish(FIX, json.dumps(fix(0)), qos=1)
        await waiting.until(counted(conn, 1), "the first fix is stored")
        await asyncio.to_thread(broker.restart)
        async with client(broker.url) as device:
            for n in range(1, 20):
                await device.publish(FIX, json.dumps(fix(n * 1000)), qos=1)
        await waiting.until(counted(conn, 20), "fixes after the restart are stored", within=30)


async def test_feed_tells_positions_and_the_event_log(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """A listener of the feed gets the newest position of a device and the number the event log has come to."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url), client(mosquitto.url) as listener:
        await listener.subscribe(feed.ALL)
        await send(FIX, [fix(0), fix(2000, spd=1.5), fix(1000)])
        seen: dict[str, feed.Positions | feed.LogHead] = {}
        async with asyncio.timeout(10):
            async for message in listener.messages:
                told = feed.decode(bytes(message.payload))
                seen[type(told).__name__] = told
                if len(seen) == 2:
                    break
    positions, head = seen["Positions"], seen["LogHead"]
    assert isinstance(positions, feed.Positions)
    columns = feed.columns_of(positions)
    assert (columns["t"].tolist(), columns["spd"].tolist(), columns["cell"].tolist()) == ([T0 + 2000], [1.5], [-1])
    assert isinstance(head, feed.LogHead)
    assert head.seq == await conn.fetchval("SELECT max(seq) FROM lane")
