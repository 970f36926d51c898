"""deploy/mosquitto.conf and its access list on a real Mosquitto."""

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from patrol.services import children
from tests.support import mosquitto, waiting

DEPLOY = Path(__file__).parents[2] / "deploy"
NOT_AUTHORISED = 5
ACCOUNTS = ("patrol-server", "cam-1", "cam-2")


@pytest.fixture
def broker_port(tmp_path: Path) -> Iterator[int]:
    """Port of a Mosquitto with the shipped configuration, only its places changed; each password is the name."""
    port, passwords = children.free_port(), tmp_path / "passwd"
    passwords.write_text("".join(f"{name}:{name}\n" for name in ACCOUNTS))
    subprocess.run([mosquitto.program("mosquitto_passwd"), "-U", str(passwords)], check=True)
    text = (DEPLOY / "mosquitto.conf").read_text()
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1")
    text = text.replace("/mosquitto/secrets/passwd", str(passwords))
    text = text.replace("/mosquitto/config/acl", str(DEPLOY / "mosquitto.acl"))
    text = text.replace("/mosquitto/data/", f"{tmp_path}/")
    assert not re.search(r" /mosquitto/", text)
    config = tmp_path / "mosquitto.conf"
    config.write_text(text + ("user root\n" if os.geteuid() == 0 else ""))
    with (tmp_path / "log").open("wb") as log:
        process = children.spawn([mosquitto.program("mosquitto"), "-c", str(config)], log=log)
    waiting.until_sync(lambda: waiting.listens(port), f"Mosquitto listens ({tmp_path / 'log'})")
    yield port
    children.stop(process)


def _client(port: int, name: str) -> aiomqtt.Client:
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        username=name,
        password=name,
        protocol=aiomqtt.ProtocolVersion.V5,
        identifier=f"test-{name}",
        timeout=2,
    )


async def test_devices_speak_for_themselves_only(broker_port: int) -> None:
    """The server hears a device on its own topics; what it says on another's, or on our feed, goes nowhere."""
    async with _client(broker_port, "patrol-server") as server:
        for topic in ("patrol/v1/+/+/fix", "owntracks/#", "patrol-feed/#"):
            await server.subscribe(topic, qos=1)
        for topic in ("patrol/v1/u/cam-2/fix", "patrol-feed/v1/w/lane", "patrol/v1/u/cam-1/fix", "owntracks/u/cam-1"):
            # One connection each: Mosquitto 2.0.11 (Debian 12) with max_queued_messages 0 hangs up after a refusal.
            async with _client(broker_port, "cam-1") as device:
                await device.publish(topic, "x", qos=1)
        async with asyncio.timeout(10):
            heard = [str((await anext(server.messages)).topic) for _ in range(2)]
    assert heard == ["patrol/v1/u/cam-1/fix", "owntracks/u/cam-1"]


async def test_nobody_comes_in_without_a_password(broker_port: int) -> None:
    """Anonymous clients and wrong passwords are refused."""
    assert await _connack(broker_port, None) == NOT_AUTHORISED
    assert await _connack(broker_port, ("cam-1", "cam-2")) == NOT_AUTHORISED
    assert await _connack(broker_port, ("cam-1", "cam-1")) == 0


async def _connack(port: int, account: tuple[str, str] | None) -> int:
    """Connect with MQTT 3.1.1 and return the code of the answer."""
    texts = ["x", *(account or ())]
    flags = 0xC2 if account else 0x02
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x3c"
    body += b"".join(len(text).to_bytes(2, "big") + text.encode() for text in texts)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x10" + bytes([len(body)]) + body)
    answer = await reader.readexactly(4)
    writer.close()
    return answer[3]
