"""Accounts of devices on a real Mosquitto with the configuration that `patrol broker config` writes."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import asyncpg
import pytest

from ingest.run.mqtt import broker_control
from patrol.services import mosquitto
from tests.integration.device_broker import (
    CUT_S,
    KEY,
    NOT_AUTHORISED,
    SERVER,
    accounts_kept,
    broker_running,
    client,
    comes_in,
    connect_device,
)
from tests.support import ports, waiting
from tracking.city import device_grant
from tracking.city.device_grant import DeviceGrant
from tracking.store.tracks import device_access


@pytest.fixture
def grants() -> list[DeviceGrant]:
    """Two devices of one unit and one that is revoked."""
    return [
        DeviceGrant(name="cam-1", unit="u", generation=1, revoked=False),
        DeviceGrant(name="cam-2", unit="u", generation=3, revoked=False),
        DeviceGrant(name="cam-3", unit="u", generation=1, revoked=True),
    ]


@pytest.fixture
def broker_port(tmp_path: Path, grants: list[DeviceGrant]) -> Iterator[int]:
    """Port of a Mosquitto with the generated configuration for `grants`."""
    listener = mosquitto.Listener(port=ports.free_port(), address="127.0.0.1")
    with broker_running(tmp_path, grants, listener):
        yield listener.port


async def test_a_device_speaks_and_listens_as_itself_only(broker_port: int, grants: list[DeviceGrant]) -> None:
    """It publishes its own fixes and reads its own commands; all else is refused or goes nowhere."""
    one, two, _ = grants
    foreign = ("patrol/v1/u/cam-2/fix", "patrol/v1/x/cam-1/fix", "patrol-feed/v1/w/lane", "patrol/v1/u/cam-1/cmd",
               "patrol/v1-buffer/u/cam-2/fix")  # fmt: skip
    own = ("patrol/v1/u/cam-1/fix", "patrol/v1-buffer/u/cam-1/fix", "owntracks/u/cam-1")
    async with client(broker_port, *SERVER) as server:
        for topic in ("patrol/#", "owntracks/#", "patrol-feed/#"):
            await server.subscribe(topic, qos=1)
        for topic in (*foreign, *own):
            # One connection each: Mosquitto 2.0.11 (Debian 12) with max_queued_messages 0 hangs up after a refusal.
            async with connect_device(broker_port, one) as device:
                await device.publish(topic, "x", qos=1)
        async with asyncio.timeout(10 * waiting.PATIENCE):
            heard = [str((await anext(server.messages)).topic) for _ in own]
        assert tuple(heard) == own
        for topic in (
            "#",
            "patrol/v1/#",
            "patrol/v1/+/+/cmd",
            "patrol/v1/u/cam-2/cmd",
            "patrol/v1/u/cam-2/fix",
            "$SYS/#",
        ):
            async with connect_device(broker_port, one) as device:
                answer = await device.subscribe(topic, qos=1)
                assert [int(getattr(code, "value", 0)) for code in answer] == [NOT_AUTHORISED], topic
        async with connect_device(broker_port, one) as mine, connect_device(broker_port, two) as other:
            await mine.subscribe("patrol/v1/u/cam-1/cmd", qos=1)
            await other.subscribe("patrol/v1/u/cam-2/cmd", qos=1)
            await server.publish("patrol/v1/u/cam-2/cmd", "for two", qos=1)
            await server.publish("patrol/v1/u/cam-1/cmd", "for one", qos=1)
            async with asyncio.timeout(10 * waiting.PATIENCE):
                assert (await anext(mine.messages)).payload == b"for one"
                assert (await anext(other.messages)).payload == b"for two"


@pytest.mark.parametrize(("name", "password"), [("cam-1", "wrong"), ("cam-3", None), ("nobody", "x"), ("cam-1", "")])
async def test_who_may_not_come_in(broker_port: int, name: str, password: str | None) -> None:
    """A wrong password, a revoked device and an unknown one are refused at the door."""
    given = device_grant.password(KEY, name, 1) if password is None else password
    with pytest.raises(aiomqtt.MqttError):
        async with client(broker_port, name, given):
            pass


async def test_a_revoked_device_is_cut_off_and_others_stay(database_url: str, broker_port: int) -> None:
    """A device that is added comes in; revoked, its connection ends within seconds and it comes in no more."""
    async with accounts_kept(database_url, broker_port) as conn:
        stays, _ = await device_access.add(conn, "stay-1", "u", label=None, datum="wgs84")
        grant, _ = await device_access.add(conn, "cam-9", "u", label=None, datum="wgs84")
        password = device_grant.password(KEY, "cam-9", grant.generation)

        async def let_in() -> bool:
            return await comes_in(broker_port, "cam-9", password)

        await waiting.until(let_in, "the new device comes in")
        async with connect_device(broker_port, stays) as other:
            async with client(broker_port, "cam-9", password) as device:
                await device_access.revoke(conn, "cam-9")
                async with asyncio.timeout(CUT_S * waiting.PATIENCE):
                    with pytest.raises(aiomqtt.MqttError):
                        await anext(device.messages)
            await other.publish("patrol/v1/u/stay-1/fix", "x", qos=1)
        assert not await let_in()
        await device_access.restore(conn, "cam-9")
        await waiting.until(let_in, "the restored device comes in")
        renewed = await device_access.renew(conn, "cam-9")

        async def old_ceased() -> bool:
            return not await let_in()

        await waiting.until(old_ceased, "the old password ceases")
        assert await comes_in(broker_port, "cam-9", device_grant.password(KEY, "cam-9", renewed.generation))


async def test_what_the_broker_has_is_made_what_is_wanted(database_url: str, broker_port: int) -> None:
    """On connecting, accounts that nobody wants any more are removed, and those that are missing are made."""
    conn = await asyncpg.connect(database_url)
    grant, _ = await device_access.add(conn, "cam-1", "other-unit", label=None, datum="wgs84")
    await conn.close()
    async with accounts_kept(database_url, broker_port):

        async def as_wanted() -> bool:
            return not await comes_in(broker_port, "cam-2", device_grant.password(KEY, "cam-2", 3))

        await waiting.until(as_wanted, "the account nobody wants is gone")
        async with client(broker_port, *SERVER) as server:
            await server.subscribe("patrol/v1/#", qos=1)
            async with connect_device(broker_port, grant) as device:
                await device.publish("patrol/v1/other-unit/cam-1/fix", "moved", qos=1)
            async with asyncio.timeout(10 * waiting.PATIENCE):
                assert str((await anext(server.messages)).topic) == "patrol/v1/other-unit/cam-1/fix"


async def test_accounts_that_are_no_devices_are_left_alone(database_url: str, broker_port: int) -> None:
    """A device named like the server's account or like one made by hand ends neither, enrolled before or meanwhile."""
    conn = await asyncpg.connect(database_url)
    await conn.execute("INSERT INTO server_accounts VALUES ($1)", SERVER[0])
    for name in (SERVER[0], "desk-1"):
        await conn.execute("INSERT INTO devices (name, unit, key_generation) VALUES ($1, 'u', 1)", name)
        await conn.execute("UPDATE devices SET key_generation = 2 WHERE name = $1", name)
    await conn.close()
    async with client(broker_port, *SERVER) as server, asyncio.timeout(60 * waiting.PATIENCE):
        await server.subscribe(broker_control.ANSWERS, qos=1)
        for name in ("desk-1", "desk-2"):
            made = {"command": "createClient", "username": name, "password": "by hand"}
            await server.publish(broker_control.TOPIC, json.dumps({"commands": [made]}), qos=1)
            await anext(server.messages)
        async with accounts_kept(database_url, broker_port) as keeper:
            for name in ("desk-2", "cam-9"):
                grant, _ = await device_access.add(keeper, name, "u", label=None, datum="wgs84")
            await device_access.revoke(keeper, "desk-2")
            for name in (SERVER[0], "desk-1"):
                await device_access.renew(keeper, name)
                await device_access.revoke(keeper, name)
            last, _ = await device_access.add(keeper, "cam-10", "u", label=None, datum="wgs84")

            async def all_done() -> bool:
                return await comes_in(broker_port, "cam-10", device_grant.password(KEY, "cam-10", last.generation))

            await waiting.until(all_done, "the accounts that follow are made")
            assert await comes_in(broker_port, "cam-9", device_grant.password(KEY, "cam-9", grant.generation))
            assert [await comes_in(broker_port, name, "by hand") for name in ("desk-1", "desk-2")] == [True, True]
            assert await comes_in(broker_port, *SERVER)
