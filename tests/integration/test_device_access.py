"""Accounts of devices on a real Mosquitto with the configuration that `patrol broker config` writes."""

import asyncio
import contextlib
import json
import secrets
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

import aiomqtt
import asyncpg
import pytest
import trustme

from ingest.run.mqtt import broker_control
from patrol.services import mosquitto
from runtime import db
from schemas.broker import Broker
from tests.support import mosquitto as broker_program
from tests.support import ports, waiting
from tracking.city import device_grant
from tracking.city.device_grant import Grant
from tracking.store.tracks import device_access

KEY = "k" * 64
SERVER = ("patrol-server", "server-secret")
WORKER = "patrol-worker-1"
"""Client id of a session of the server."""
CUT_S = 5.0
NOT_AUTHORISED = 0x87


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
    listener = mosquitto.Listener(port=ports.free_port(), address="127.0.0.1")
    with _running(tmp_path, grants, listener):
        yield listener.port


def _running(folder: Path, grants: list[Grant], listener: mosquitto.Listener) -> AbstractContextManager[object]:
    return broker_program.configured(folder, listener, grants, key=KEY, server=SERVER)


def _client(port: int, name: str, password: str, client_id: str | None = None) -> aiomqtt.Client:
    own = f"test-{secrets.token_hex(3)}" if name == SERVER[0] else name
    return aiomqtt.Client(
        "127.0.0.1", port, username=name, password=password, protocol=aiomqtt.ProtocolVersion.V5,
        identifier=client_id or own, timeout=5,
    )  # fmt: skip


def _device(port: int, grant: Grant) -> aiomqtt.Client:
    return _client(port, grant.name, device_grant.password(KEY, grant.name, grant.generation))


async def test_a_device_speaks_and_listens_as_itself_only(broker_port: int, grants: list[Grant]) -> None:
    """It publishes its own fixes and reads its own commands; all else is refused or goes nowhere."""
    one, two, _ = grants
    foreign = ("patrol/v1/u/cam-2/fix", "patrol/v1/x/cam-1/fix", "patrol-feed/v1/w/lane", "patrol/v1/u/cam-1/cmd",
               "patrol/v1-buffer/u/cam-2/fix")  # fmt: skip
    own = ("patrol/v1/u/cam-1/fix", "patrol/v1-buffer/u/cam-1/fix", "owntracks/u/cam-1")
    async with _client(broker_port, *SERVER) as server:
        for topic in ("patrol/#", "owntracks/#", "patrol-feed/#"):
            await server.subscribe(topic, qos=1)
        for topic in (*foreign, *own):
            # One connection each: Mosquitto 2.0.11 (Debian 12) with max_queued_messages 0 hangs up after a refusal.
            async with _device(broker_port, one) as device:
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
            async with _device(broker_port, one) as device:
                answer = await device.subscribe(topic, qos=1)
                assert [int(getattr(code, "value", 0)) for code in answer] == [NOT_AUTHORISED], topic
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
    given = device_grant.password(KEY, name, 1) if password is None else password
    with pytest.raises(aiomqtt.MqttError):
        async with _client(broker_port, name, given):
            pass


@asynccontextmanager
async def _kept(url: str, port: int, options: str = "") -> AsyncIterator[db.Connection]:
    """The accounts are kept while the body runs; gives a connection to the database."""
    broker = Broker.parse(f"mqtt{'s' if options else ''}://{SERVER[0]}:{SERVER[1]}@127.0.0.1:{port}{options}")
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
        password = device_grant.password(KEY, "cam-9", grant.generation)

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
        assert await _comes_in(broker_port, "cam-9", device_grant.password(KEY, "cam-9", renewed.generation))


async def test_what_the_broker_has_is_made_what_is_wanted(database_url: str, broker_port: int) -> None:
    """On connecting, accounts that nobody wants any more are removed, and those that are missing are made."""
    conn = await asyncpg.connect(database_url)
    grant, _ = await device_access.add(conn, "cam-1", "other-unit", label=None, datum="wgs84")
    await conn.close()
    async with _kept(database_url, broker_port):

        async def as_wanted() -> bool:
            return not await _comes_in(broker_port, "cam-2", device_grant.password(KEY, "cam-2", 3))

        await waiting.until(as_wanted, "the account nobody wants is gone")
        async with _client(broker_port, *SERVER) as server:
            await server.subscribe("patrol/v1/#", qos=1)
            async with _device(broker_port, grant) as device:
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
    async with _client(broker_port, *SERVER) as server, asyncio.timeout(60 * waiting.PATIENCE):
        await server.subscribe(broker_control.ANSWERS, qos=1)
        for name in ("desk-1", "desk-2"):
            made = {"command": "createClient", "username": name, "password": "by hand"}
            await server.publish(broker_control.TOPIC, json.dumps({"commands": [made]}), qos=1)
            await anext(server.messages)
        async with _kept(database_url, broker_port) as kept:
            for name in ("desk-2", "cam-9"):
                grant, _ = await device_access.add(kept, name, "u", label=None, datum="wgs84")
            await device_access.revoke(kept, "desk-2")
            for name in (SERVER[0], "desk-1"):
                await device_access.renew(kept, name)
                await device_access.revoke(kept, name)
            last, _ = await device_access.add(kept, "cam-10", "u", label=None, datum="wgs84")

            async def all_done() -> bool:
                return await _comes_in(broker_port, "cam-10", device_grant.password(KEY, "cam-10", last.generation))

            await waiting.until(all_done, "the accounts that follow are made")
            assert await _comes_in(broker_port, "cam-9", device_grant.password(KEY, "cam-9", grant.generation))
            assert [await _comes_in(broker_port, name, "by hand") for name in ("desk-1", "desk-2")] == [True, True]
            assert await _comes_in(broker_port, *SERVER)


async def test_accounts_are_kept_and_devices_come_in_over_tls(database_url: str, tmp_path: Path) -> None:
    """With a certificate of a local authority everybody speaks TLS; who does not know the authority stays out."""
    authority, stranger = trustme.CA(), trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key, ca, other = (tmp_path / name for name in ("cert.pem", "key.pem", "ca.pem", "other.pem"))
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    stranger.cert_pem.write_to_path(other)
    listener = mosquitto.Listener(port=ports.free_port(), address="127.0.0.1", cert=cert, key=key)
    with _running(tmp_path, [], listener):
        async with _kept(database_url, listener.port, f"?ca={ca}") as conn:
            grant, _ = await device_access.add(conn, "cam-1", "u", label=None, datum="wgs84")
            password = device_grant.password(KEY, "cam-1", grant.generation)

            async def comes_in() -> bool:
                secure = Broker.parse(f"mqtts://cam-1:{password}@127.0.0.1:{listener.port}?ca={ca}")
                try:
                    async with aiomqtt.Client(
                        "127.0.0.1", secure.port, username=secure.user, password=secure.password,
                        identifier="cam-1", timeout=5, tls_context=secure.tls(),
                    ):  # fmt: skip
                        return True
                except aiomqtt.MqttError:
                    return False

            await waiting.until(comes_in, "the device comes in over TLS")
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.open_connection("127.0.0.1", listener.port, ssl=ssl.create_default_context(cafile=other))
            assert await _answer_to_plain(listener.port) == b""


async def test_devices_come_in_with_certificates_and_are_cut_off_all_the_same(
    database_url: str, tmp_path: Path
) -> None:
    """The name in the certificate is the device, whatever client id it gives; without one nobody comes in.

    Revoked, it neither speaks nor listens.
    """
    authority, stranger = trustme.CA(), trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key, ca = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    inside = ports.free_port()
    listener = mosquitto.Listener(
        port=ports.free_port(), address="127.0.0.1", cert=cert, key=key, client_ca=ca, inside=inside
    )

    def shown(name: str, by: trustme.CA | None) -> aiomqtt.Client:
        tls = ssl.create_default_context(cafile=ca)
        if by is not None:
            by.issue_cert(name, common_name=name).configure_cert(tls)
        return aiomqtt.Client(
            "127.0.0.1", listener.port, protocol=aiomqtt.ProtocolVersion.V5, identifier=WORKER,
            timeout=5, tls_context=tls,
        )  # fmt: skip

    async def answer(name: str, topic: str) -> int | None:
        """What a subscription is told; None: it does not come in, or is cut off."""
        try:
            async with shown(name, authority) as device:
                return int(getattr((await device.subscribe(topic, qos=1))[0], "value", 0))
        except aiomqtt.MqttError:
            return None

    with _running(tmp_path, [], listener):
        async with _kept(database_url, inside) as conn, _client(inside, *SERVER, WORKER) as server:
            await device_access.add(conn, "cam-1", "u", label=None, datum="wgs84")
            await server.subscribe("patrol/v1/#", qos=1)

            async def let_in() -> bool:
                return await answer("cam-1", "patrol/v1/u/cam-1/cmd") == 1

            await waiting.until(let_in, "the device comes in with its certificate")
            assert await answer("cam-1", "patrol/v1/u/cam-2/cmd") == NOT_AUTHORISED
            assert await answer("cam-1", "#") == NOT_AUTHORISED
            for by in (None, stranger):
                with pytest.raises((aiomqtt.MqttError, ssl.SSLError)):
                    async with shown("cam-1", by) as device:
                        await device.subscribe("patrol/v1/u/cam-1/cmd", qos=1)
            for topic in ("patrol/v1/u/cam-2/fix", "patrol/v1/u/cam-1/fix"):
                async with shown("cam-1", authority) as device:
                    await device.publish(topic, "x", qos=1)
            async with asyncio.timeout(10 * waiting.PATIENCE):
                assert str((await anext(server.messages)).topic) == "patrol/v1/u/cam-1/fix"
            async with shown("cam-1", authority) as device:
                await device_access.revoke(conn, "cam-1")
                async with asyncio.timeout(CUT_S * waiting.PATIENCE):
                    with pytest.raises(aiomqtt.MqttError):
                        await anext(device.messages)
            assert await answer("cam-1", "patrol/v1/u/cam-1/cmd") in (NOT_AUTHORISED, None)
            with contextlib.suppress(aiomqtt.MqttError):
                async with shown("cam-1", authority) as device:
                    await device.publish("patrol/v1/u/cam-1/fix", "revoked", qos=1)
            await server.publish("patrol/v1/u/mark/cmd", "mark", qos=1)
            async with asyncio.timeout(10 * waiting.PATIENCE):
                assert (await anext(server.messages)).payload == b"mark"


async def _answer_to_plain(port: int) -> bytes:
    """What a listener answers to an MQTT packet without TLS; nothing when it just ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x")
        answer = await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
    return answer if answer[:1] == b"\x20" else b""  # a TLS alert is no answer to the packet
