"""What a worker tells of itself: acknowledgements, heartbeat, that it stopped."""

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from runtime import db
from tests.integration.ingest.conftest import Send, client, fix, working
from tests.integration.ingest.counting import FIX, counted
from tests.support import waiting
from web.health import gauges

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto


async def test_ack_tells_the_last_number_without_a_gap(mosquitto: "Mosquitto", database_url: str, send: Send) -> None:
    """A device that sends seq and boot learns how far it may empty its outbox; a gap stops it, off duty does not."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url), client(mosquitto.url) as device:
        await device.subscribe("patrol/v1/team-1/cam-1/ack")
        numbers = [fix(n * 1000, seq=n, boot="b1", duty="off" if n == 3 else "duty") for n in (0, 1, 2, 3, 4, 6)]
        await send(FIX, numbers)
        async with asyncio.timeout(10):
            message = await anext(aiter(device.messages))
    assert json.loads(bytes(message.payload)) == {"boot": "b1", "seq": 4}


async def test_ack_waits_for_the_beginning_of_a_boot(mosquitto: "Mosquitto", database_url: str, send: Send) -> None:
    """Live first, backlog later: the first word comes when the backlog is there; `first` says where a boot begins."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url), client(mosquitto.url) as device:
        await device.subscribe("patrol/v1/team-1/cam-1/ack")
        heard = aiter(device.messages)
        await send(FIX, [fix(n * 1000, seq=n, boot="b1") for n in range(10, 20)])
        await send(FIX, fix(50_000, seq=200, boot="b2", first=200))
        async with asyncio.timeout(10):
            assert json.loads(bytes((await anext(heard)).payload)) == {"boot": "b2", "seq": 200}
            await send("patrol/v1-buffer/team-1/cam-1/fix", [fix(n * 1000, seq=n, boot="b1") for n in range(10)])
            assert json.loads(bytes((await anext(heard)).payload)) == {"boot": "b1", "seq": 19}


async def test_heartbeat_shows_the_worker(conn: "db.Connection", mosquitto: "Mosquitto", database_url: str) -> None:
    """The web process can see which worker runs for which units."""
    async with working(database_url=database_url, mqtt_url=mosquitto.url, worker_id="w7", units=("team-1", "team-2")):
        await waiting.until(counted(conn, 1, "workers"), "the worker's row is there")
        row = await conn.fetchrow("SELECT id, units, now() - heartbeat < interval '10 s' AS lately FROM workers")
    assert tuple(row or ()) == ("w7", ["team-1", "team-2"], True)


@pytest.mark.parametrize("units", [("+",), ("shared",)])
async def test_a_worker_that_stops_in_order_is_not_missed(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, units: tuple[str, ...]
) -> None:
    """Its row says that it stopped, so nobody is told of its silence; started again it is watched again."""
    place = {"database_url": database_url, "mqtt_url": mosquitto.url, "units": units}

    async def watched() -> bool:
        return bool(await conn.fetchval("SELECT count(*) FROM workers WHERE stopped_at IS NULL"))

    for _ in range(2):
        async with working(**place):
            await waiting.until(watched, "the worker says that it runs")
        assert not await watched()
        assert b"patrol_worker_heartbeat_age_seconds{" not in await gauges.stored(conn)


async def test_a_worker_that_was_not_told_to_stop_is_missed(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str
) -> None:
    """One that ends for any other reason is watched on, until it runs again."""
    with contextlib.suppress(asyncio.CancelledError):
        async with working(database_url=database_url, mqtt_url=mosquitto.url) as task:
            await waiting.until(counted(conn, 1, "workers"), "the worker's row is there")
            task.cancel()
            await asyncio.wait([task])
    assert await conn.fetchval("SELECT count(*) FROM workers WHERE stopped_at IS NULL") == 1
