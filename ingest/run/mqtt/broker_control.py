"""Keeps the accounts of Mosquitto in step with the database: a revoked device is cut off within a second or two.

The worker that holds the lock does it. Broker and database may be lost at any time; on each new connection the accounts
of the broker are compared with the wanted ones.
"""

import asyncio
import itertools
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from gmqtt.mqtt.handler import MQTTError
from prometheus_client import Counter

from ingest.run import surviving
from ingest.run.mqtt.client import MqttClient
from ingest.units import broker_accounts
from ingest.units.broker_accounts import BrokerAccount, Json
from runtime import db, locks, stopping
from runtime.every import every
from schemas.broker import Broker
from tracking.city.device_grant import DeviceGrant
from tracking.store.tracks import device_access

log = structlog.get_logger(__name__)

CHANGES = Counter("patrol_broker_account_changes_total", "Accounts of devices created or removed at the broker.")
FAILURES = Counter("patrol_broker_account_failures_total", "Commands about accounts that the broker refused.")

TOPIC = "$CONTROL/dynamic-security/v1"
ANSWERS = f"{TOPIC}/response"
AT_ONCE = 20
"""Devices in one message, since the broker writes its file after each."""
PAGE = 500
EVERY_S = 1.0
_ANSWER_S = 20.0
_KEEP_ALIVE_S = 15
_AGAIN_S = 5.0


class ControlError(Exception):
    """The broker does not answer: load its dynamic-security plugin, and use the server's account."""


@dataclass(slots=True)
class Control:
    """A connection for commands about accounts, one message at a time."""

    client: MqttClient
    ended: asyncio.Event
    _answers: "asyncio.Queue[list[Json]]" = field(default_factory=lambda: asyncio.Queue(maxsize=4))
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def ask(self, commands: Sequence[Json]) -> list[Json]:
        """Send commands and return the answers, one each.

        Raises:
            ControlError: no answer came.
        """
        number = str(next(self._numbers))
        body = {"commands": [{**command, "correlationData": number} for command in commands]}
        self.client.publish(TOPIC, json.dumps(body, ensure_ascii=False).encode(), qos=1)
        try:
            async with asyncio.timeout(_ANSWER_S):
                while True:
                    answers = await self._next()
                    if all(answer.get("correlationData", number) == number for answer in answers):
                        return answers
        except TimeoutError as error:
            raise ControlError("no answer about accounts within 20 s") from error

    def heard(self, payload: bytes) -> None:
        """Take an answer. There is one for each message; surplus ones are dropped."""
        try:
            answers = json.loads(payload)["responses"]
        except (ValueError, KeyError, TypeError):
            return
        if not self._answers.full():
            self._answers.put_nowait(answers)

    async def _next(self) -> list[Json]:
        answer = asyncio.ensure_future(self._answers.get())
        end = asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({answer, end}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            raise ControlError("the connection ended")
        finally:
            answer.cancel()
            end.cancel()


async def keep(pool: db.Pool, broker: Broker, key: str, *, every_s: float = EVERY_S) -> None:
    """Update the accounts until cancelled."""
    database = surviving.of_database("accounts", "accounts of devices wait for the database")

    async def lead() -> None:
        await locks.lead(pool, "patrol.broker_accounts", lambda conn: _keep_while_first(conn, broker, key, every_s))

    def survive(error: Exception) -> None:
        if isinstance(error, (OSError, MQTTError, ControlError, TimeoutError)):
            log.warning("accounts of devices wait for the broker", error=str(error) or type(error).__name__)
        else:
            database(error)

    await every(_AGAIN_S, lead, survive=survive)


async def _keep_while_first(conn: db.Connection, broker: Broker, key: str, every_s: float) -> None:
    async with _connected(broker) as control:
        wanted, seq = await device_access.everything(conn)
        await _bring_about(control, wanted, await _known(control), key)
        log.info("accounts of devices are as wanted", devices=len(wanted))
        while not control.ended.is_set():
            changed, seq = await device_access.since(conn, seq)
            if changed:
                there = await _looked_up(control, [grant.name for grant in changed])
                await _bring_about(control, {grant.name: grant for grant in changed}, there, key)
            await stopping.pause(control.ended, every_s)
    raise ControlError("the connection ended")


async def _bring_about(
    control: Control, wanted: Mapping[str, DeviceGrant], there: Mapping[str, BrokerAccount], key: str
) -> None:
    if names := broker_accounts.foreign(wanted.values(), there):
        log.error("devices are named like accounts of others at the broker: enrol them by another name", devices=names)
    work = broker_accounts.differences(wanted, there, key)
    for start in range(0, len(work), AT_ONCE):
        commands = [command for device in work[start : start + AT_ONCE] for command in device]
        for failure in broker_accounts.failures(await control.ask(commands)):
            FAILURES.inc()
            log.error("the broker refuses a change of accounts", failure=failure)
        CHANGES.inc(len(work[start : start + AT_ONCE]))


async def _known(control: Control) -> dict[str, BrokerAccount]:
    listed: list[Json] = []
    while True:
        page = {"command": "listClients", "verbose": True, "count": PAGE, "offset": len(listed)}
        answer = (await control.ask([page]))[0]
        if "data" not in answer:
            raise ControlError(f"the broker does not list its accounts: {answer.get('error', 'no reason given')}")
        clients = answer["data"]["clients"]
        listed += clients
        if len(clients) < PAGE:
            return broker_accounts.known(listed)


async def _looked_up(control: Control, names: Sequence[str]) -> dict[str, BrokerAccount]:
    """Names for which the broker has any account."""
    clients: list[Json] = []
    for start in range(0, len(names), PAGE):
        commands = [{"command": "getClient", "username": name} for name in names[start : start + PAGE]]
        clients += [answer["data"]["client"] for answer in await control.ask(commands) if "data" in answer]
    return broker_accounts.known(clients)


@asynccontextmanager
async def _connected(broker: Broker) -> AsyncIterator[Control]:
    ended, subscribed = asyncio.Event(), asyncio.Event()
    client = MqttClient(f"patrol-accounts-{secrets.token_hex(4)}", clean_session=True)
    control = Control(client, ended)
    if broker.user is not None:
        client.set_auth_credentials(broker.user, broker.password)

    def on_message(_client: object, _topic: str, payload: bytes, _qos: int, _properties: dict[str, Any]) -> int:
        control.heard(payload)
        return 0

    def on_disconnect(_client: object, _packet: bytes, _error: Exception | None = None) -> None:
        ended.set()

    def on_subscribe(_client: object, _mid: int, _codes: tuple[int, ...], _properties: object) -> None:
        subscribed.set()

    client.on_message, client.on_disconnect, client.on_subscribe = on_message, on_disconnect, on_subscribe
    try:
        async with asyncio.timeout(10):
            await client.connect(broker.host, broker.port, ssl=broker.tls() or False, keepalive=_KEEP_ALIVE_S)
            client.subscribe(ANSWERS, qos=1)
            await subscribed.wait()
        yield control
    finally:
        try:
            async with asyncio.timeout(2):
                await client.disconnect()
        except (OSError, MQTTError, TimeoutError, AttributeError):
            log.debug("closing the connection for accounts failed")
