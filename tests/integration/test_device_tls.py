"""Devices that come in over TLS, with passwords or certificates."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import aiomqtt
import pytest
import trustme

from patrol.services import mosquitto
from schemas.broker import Broker
from tests.integration.device_broker import (
    CUT_S,
    KEY,
    NOT_AUTHORISED,
    SERVER,
    WORKER,
    accounts_kept,
    broker_running,
    client,
)
from tests.support import ports, waiting
from tracking.city import device_grant
from tracking.store.tracks import device_access


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
    with broker_running(tmp_path, [], listener):
        async with accounts_kept(database_url, listener.port, f"?ca={ca}") as conn:
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

    with broker_running(tmp_path, [], listener):
        async with accounts_kept(database_url, inside) as conn, client(inside, *SERVER, WORKER) as server:
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
