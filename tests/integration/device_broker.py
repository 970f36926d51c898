"""A broker whose accounts the server keeps, and devices that come to it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path

import aiomqtt
import asyncpg

from ingest.run.mqtt import broker_control
from patrol.services import mosquitto
from runtime import db
from schemas.broker import Broker
from tests.support import mosquitto as broker_program
from tracking.city import device_grant
from tracking.city.device_grant import DeviceGrant

KEY = "k" * 64
SERVER = ("patrol-server", "server-secret")
WORKER = "patrol-worker-1"
"""Client id of a session of the server."""
CUT_S = 5.0
NOT_AUTHORISED = 0x87


def broker_running(
    folder: Path, grants: list[DeviceGrant], listener: mosquitto.Listener
) -> AbstractContextManager[object]:
    """A broker that knows the devices of `grants` and the server."""
    return broker_program.configured(folder, listener, grants, key=KEY, server=SERVER)


def client(port: int, name: str, password: str, client_id: str | None = None) -> aiomqtt.Client:
    """Somebody who comes in by name and password; by a client id of their own unless one is given."""
    own = f"test-{secrets.token_hex(3)}" if name == SERVER[0] else name
    return aiomqtt.Client(
        "127.0.0.1", port, username=name, password=password, protocol=aiomqtt.ProtocolVersion.V5,
        identifier=client_id or own, timeout=5,
    )  # fmt: skip


def connect_device(port: int, grant: DeviceGrant) -> aiomqtt.Client:
    """A device that comes in by what it was granted."""
    return client(port, grant.name, device_grant.password(KEY, grant.name, grant.generation))


@asynccontextmanager
async def accounts_kept(url: str, port: int, options: str = "") -> AsyncIterator[db.Connection]:
    """The accounts are accounts_kept while the body runs; gives a connection to the database."""
    broker = Broker.parse(f"mqtt{'s' if options else ''}://{SERVER[0]}:{SERVER[1]}@127.0.0.1:{port}{options}")
    async with asyncpg.create_pool(url, min_size=1, max_size=3) as pool:
        task = asyncio.create_task(broker_control.keep(pool, broker, KEY, every_s=0.1))
        try:
            async with pool.acquire() as conn:
                yield conn
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def comes_in(port: int, name: str, password: str) -> bool:
    """Whether the broker lets them in."""
    try:
        async with client(port, name, password):
            return True
    except aiomqtt.MqttError:
        return False
