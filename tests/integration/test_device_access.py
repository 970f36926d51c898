"""Accounts of devices on a real Mosquitto with the configuration that `patrol broker config` writes."""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import repeat
from pathlib import Path

import aiomqtt
import asyncpg
import pytest

from ingest import broker_accounts, broker_control
from patrol import mosquitto
from patrol.services import children
from schemas.broker import Broker
from tests.support import missing, waiting
from tests.support import mosquitto as broker_program
from tracking import db, device_access
from tracking.device_access import Grant

KEY = "k" * 64
SERVER = ("patrol-server", "server-secret")
PLUGINS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
CUT_S = 5.0
NOT_AUTHORISED = 0x87


def _plugin() -> Path:
    found = [file for folder in PLUGINS if (file := Path(folder) / "mosquitto_dynamic_security.so").exists()]
    if found:
        return found[0]
    return missing.missing("Mosquitto's dynamic-security plugin", "install it, with: sudo apt-get install mosquitto")


@pytest.fixture
def grants() -> list[Grant]:
    """Two devices of one unit and one that is revoked."""
    return [
        Grant(name="cam-1", unit="u", generation=1, revoked=False),
        Grant(name="cam-2", unit="u", generation=3, revoked=False),
        Grant(name="cam-3", unit="u", generation=1, revoked=True),
    ]


@pytest.fixture
def broker_port(tmp_path: Path, grants: list[Grant]) -> Iterator[int]:
    """Port of a Mosquitto with the generated configuration for `grants`."""
    places = mosquitto.Places(folder=tmp_path, data=tmp_path, plugin=_plugin())
    port = children.free_port()
    text = mosquitto.configuration(places, mosquitto.Listener(port=port, address="127.0.0.1"))
    places.configuration.write_text(text + ("user root\n" if os.geteuid() == 0 else ""))
    salts = map(secrets.token_bytes, repeat(12))
    places.state.write_text(json.dumps(broker_accounts.document(grants, KEY, server=SERVER, salts=salts)))
    with (tmp_path / "log").open("wb") as log:
        process = children.spawn([broker_program.program("mosquitto"), "-c", str(places.configuration)], log=log)
    waiting.until_sync(lambda: waiting.listens(port), f"Mosquitto listens ({tmp_path / 'log'})")
    yield port
    children.stop(process)


def _client(port: int, name: str, password: str) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1", port, username=name, password=password, protocol=aiomqtt.ProtocolVersion.V5,
        identifier=f"test-{name}-{secrets.token_hex(3)}", timeout=5,
    )  # fmt: skip


def _device(port: int, grant: Grant) -> aiomqtt.Client:
    return _client(port, grant.name, device_access.password(KEY, grant.name, grant.generation))


async def test_a_device_speaks_and_listens_as_itself_only(broker_port: int, grants: list[Grant]) -> None:
    """It publishes its own fixes and reads its own commands; all else is refused or goes nowhere."""
    one, two, _ = grants
    foreign = ("patrol/v1/u/cam-2/fix", "patrol/v1/x/cam-1/fix", "patrol-feed/v1/w/lane", "patrol/v1/u/cam-1/cmd")
    async with _client(broker_port, *SERVER) as server:
        for topic in ("patrol/v1/#", "owntracks/#", "patrol-feed/#"):
            await server.subscribe(topic, qos=1)
        for topic in (*foreign, "patrol/v1/u/cam-1/fix", "owntracks/u/cam-1"):
            # One connection each: Mosquitto 2.0.11 (Debian 12) with max_queued_messages 0 hangs up after a refusal.
            async with _device(broker_port, one) as device:
                await device.publish(topic, "x", qos=1)
        async with asyncio.timeout(10 * waiting.PATIENCE):
            heard = [str((await anext(server.messages)).topic) for _ in range(2)]
        assert heard == ["patrol/v1/u/cam-1/fix", "owntracks/u/cam-1"]
        for topic in (
            "#",
            "patrol/v1/#",
            "patrol/v1/+/+/cmd",
            "patrol/v1/u/cam-2/cmd",
            "patrol/v1/u/cam-2/fix",
            "$SYS/#",
        ):
            async with _device(broker_port, one) as device:
                answer = await device.subscribe(topic, qos=1)
                assert [int(getattr(code, "value", code)) for code in answer] == [NOT_AUTHORISED], topic
        async with _device(broker_port, one) as mine, _device(broker_port, two) as other:
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
    given = device_access.password(KEY, name, 1) if password is None else password
    with pytest.raises(aiomqtt.MqttError):
        async with _client(broker_port, name, given):
            pass


@asynccontextmanager
async def _kept(url: str, port: int) -> AsyncIterator[db.Connection]:
    """The accounts are kept while the body runs; gives a connection to the database."""
    broker = Broker(host="127.0.0.1", port=port, user=SERVER[0], password=SERVER[1])
    async with asyncpg.create_pool(url, min_size=1, max_size=3) as pool:
        task = asyncio.create_task(broker_control.keep(pool, broker, KEY, every_s=0.1))
        try:
            async with pool.acquire() as conn:
                yield conn
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _comes_in(port: int, name: str, password: str) -> bool:
    try:
        async with _client(port, name, password):
            return True
    except aiomqtt.MqttError:
        return False


async def test_a_revoked_device_is_cut_off_and_others_stay(database_url: str, broker_port: int) -> None:
    """A device that is added comes in; revoked, its connection ends within seconds and it comes in no more."""
    async with _kept(database_url, broker_port) as conn:
        kept, _ = await device_access.add(conn, "stay-1", "u", label=None, datum="wgs84")
        grant, _ = await device_access.add(conn, "cam-9", "u", label=None, datum="wgs84")
        password = device_access.password(KEY, "cam-9", grant.generation)

        async def let_in() -> bool:
            return await _comes_in(broker_port, "cam-9", password)

        await waiting.until(let_in, "the new device comes in")
        async with _device(broker_port, kept) as other:
            async with _client(broker_port, "cam-9", password) as device:
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
        assert await _comes_in(broker_port, "cam-9", device_access.password(KEY, "cam-9", renewed.generation))


async def test_what_the_broker_has_is_made_what_is_wanted(database_url: str, broker_port: int) -> None:
    """On connecting, accounts that nobody wants any more are removed, and those that are missing are made."""
    conn = await asyncpg.connect(database_url)
    grant, _ = await device_access.add(conn, "cam-1", "other-unit", label=None, datum="wgs84")
    await conn.close()
    async with _kept(database_url, broker_port):

        async def as_wanted() -> bool:
            return not await _comes_in(broker_port, "cam-2", device_access.password(KEY, "cam-2", 3))

        await waiting.until(as_wanted, "the account nobody wants is gone")
        async with _client(broker_port, *SERVER) as server:
            await server.subscribe("patrol/v1/#", qos=1)
            async with _device(broker_port, grant) as device:
                await device.publish("patrol/v1/other-unit/cam-1/fix", "moved", qos=1)
            async with asyncio.timeout(10 * waiting.PATIENCE):
                assert str((await anext(server.messages)).topic) == "patrol/v1/other-unit/cam-1/fix"
