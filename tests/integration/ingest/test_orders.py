"""Commands reach devices over a real broker, and what the devices answer reaches the alert."""

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import aiomqtt
import asyncpg
import pytest

from alerts.life.model import GAP, Change, Level, Step
from alerts.run import dispatch
from alerts.store import commands
from alerts.store.store import AlertStore, apply_on
from runtime import db
from tests.integration.alerts.test_store import FACTS
from tests.integration.ingest.conftest import Send, client, fix, working
from tests.support import waiting
from tests.support.stored_facts import as_stored
from tests.support.waiting import until

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto

CMD = "patrol/v1/team-1/cam-1/cmd"
REPLY = "patrol/v1/team-1/cam-1/reply"


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _device(conn: "db.Connection") -> int:
    return int(
        await conn.fetchval("INSERT INTO devices (name, unit, datum) VALUES ('cam-1', 'team-1', 'gcj02') RETURNING id")
    )


async def _give(
    conn: "db.Connection", device: int, number: str, *, kind: str = "notify", lasts_ms: int = 60_000
) -> None:
    body = {"text": "元妙观", "lat": 23.1, "lon": 114.4}
    now = _now()
    assert await commands.enqueue(
        conn, number=number, device=device, kind=kind, body=body, at=now, expires=now + lasts_ms
    )


async def _next(device: aiomqtt.Client) -> tuple[dict[str, Any], int]:
    """The next command heard, and the seconds it has left at the broker."""
    async with asyncio.timeout(20 * waiting.PATIENCE):
        message = await anext(aiter(device.messages))
    assert isinstance(message.payload, bytes)
    return json.loads(message.payload), int(getattr(message.properties, "MessageExpiryInterval", 0))


def _sent(conn: "db.Connection", number: str) -> Any:
    async def probe() -> bool:
        return await conn.fetchval("SELECT sent_at FROM commands WHERE id = $1", number) is not None

    return probe


async def test_a_command_reaches_its_device_once_with_its_expiry(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str
) -> None:
    """The place is in the device's datum, and the broker knows how long it may keep the command."""
    number = await _device(conn)
    async with working(database_url=database_url, mqtt_url=mosquitto.url), client(mosquitto.url) as device:
        await device.subscribe(CMD, qos=1)
        await _give(conn, number, "c1")
        heard, left_s = await _next(device)
        await until(_sent(conn, "c1"), "the command is marked")
    assert (heard["id"], heard["type"], heard["text"]) == ("c1", "notify", "元妙观")
    assert heard["expires"] - heard["t"] == 60_000
    assert 50 <= left_s <= 60
    assert (heard["lat"], heard["lon"]) != (23.1, 114.4)
    assert heard["lat"] == pytest.approx(23.1, abs=0.01)


async def test_an_order_is_repeated_until_it_is_answered_or_expires(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that connects a moment later hears of it; one that answered, or comes too late, does not."""
    monkeypatch.setattr(commands, "UNANSWERED_MS", 50)
    number = await _device(conn)
    async with working(database_url=database_url, mqtt_url=mosquitto.url):
        await _give(conn, number, "short", kind="goto", lasts_ms=1_000)

        async def over() -> bool:
            return bool(await conn.fetchval("SELECT tries > 1 AND expires < now() FROM commands WHERE id = 'short'"))

        await until(over, "the short one was repeated and is over")
        await _give(conn, number, "long", kind="goto")
        await until(_sent(conn, "long"), "the broker had the long one before anybody listened")
        async with client(mosquitto.url) as device:
            await device.subscribe(CMD, qos=1)
            assert (await _next(device))[0]["id"] == "long"
            await send(REPLY, {"cmd": "long", "state": "accepted", "t": _now()})

            async def closed() -> bool:
                return bool(await conn.fetchval("SELECT closed_at FROM commands WHERE id = 'long'"))

            await until(closed, "the answer is stored")
            tries = await conn.fetchval("SELECT tries FROM commands WHERE id = 'long'")
            await _give(conn, number, "last")
            while (await _next(device))[0]["id"] != "last":
                pass
    assert await conn.fetchval("SELECT tries FROM commands WHERE id = 'long'") - tries <= 1


async def test_an_order_and_its_answers_go_the_whole_way(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, send: Send
) -> None:
    """Assigned by a supervisor, accepted and arrived by the device, the alert shows it; answers come twice."""
    number = await _device(conn)
    opened = Change(
        key="b1", kind=GAP, step=Step.OPENED, level=Level.RED, device=number, at=_now(), facts=as_stored(FACTS)
    )
    (alert,) = await apply_on(conn, [opened])
    async with (
        working(database_url=database_url, mqtt_url=mosquitto.url),
        client(mosquitto.url) as device,
        asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool,
    ):
        await device.subscribe(CMD, qos=1)
        async with conn.transaction():
            await dispatch.assign(conn, alert.id, "cam-1", actor="zhang", at=_now(), seen=None, key=None)
        heard, _ = await _next(device)
        assert (heard["type"], heard["id"]) == ("goto", f"a{alert.id}-2")
        for state in ("accepted", "accepted", "arrived"):
            await send(REPLY, {"cmd": heard["id"], "state": state, "t": _now()})
        await send(REPLY, {"cmd": "a77-1", "state": "accepted", "t": _now()})
        await send("patrol/v1/team-1/cam-1/fix", fix(0))

        async def arrived() -> bool:
            shown = await AlertStore(pool).get(alert.id)
            return shown is not None and shown.task == "arrived"

        await until(arrived, "the alert shows that the officer is there")
        shown = await AlertStore(pool).get(alert.id)
    assert shown is not None
    assert shown.steps is not None
    assert [step.step for step in shown.steps] == ["opened", "assigned", "accepted", "arrived"]
    assert [step.actor for step in shown.steps] == ["system", "zhang", "cam-1", "cam-1"]
    assert await conn.fetchval("SELECT count(*) FROM replies") == 2
