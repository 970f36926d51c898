"""Checks of the broker: connection, round trip, persistent session, anonymous access."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from patrol.checks import findings
from patrol.checks.findings import CheckResult, CheckStatus, bad, note, ok, warn
from schemas import topics
from schemas.broker import Broker

_WITHIN_S = 8.0
_SYS_WITHIN_S = 1.5
_SLOW_S = 0.5
_SESSION_S = 60
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_quiet = logging.getLogger("patrol.doctor.mqtt")
_quiet.setLevel(logging.CRITICAL)  # the error is reported as a finding


async def examine(broker: Broker) -> list[CheckResult]:
    """Connect with the account of the server, and without an account."""
    try:
        results = await _there_and_back(broker)
        results.append(await _session_kept(broker))
        results += await _figures(broker)
    except (aiomqtt.MqttError, OSError, TimeoutError) as fault:
        where = f"{broker.host}:{broker.port}"
        todo = "check that it runs at PATROL_MQTT_URL, and check user, password and certificate 检查地址与账号"
        return [bad("broker 消息服务", f"{where}: {_said(fault)}", todo)]
    results.append(await _anonymous(broker))
    return results


async def _there_and_back(broker: Broker) -> list[CheckResult]:
    """Publish with QoS 1 and wait for the message, as for a fix."""
    topic, token = f"{topics.FEED_ROOT}/doctor/{secrets.token_hex(6)}/probe", secrets.token_hex(8).encode()
    async with _client(broker) as client, asyncio.timeout(_WITHIN_S):
        try:
            await client.subscribe(topic, qos=1)
        except aiomqtt.MqttError as fault:
            todo = "grant the server's account its rights: `patrol broker config` writes them 授予权限"
            return [bad("rights 权限", f"{topic}: {_said(fault)}", todo)]
        started = time.perf_counter()
        await client.publish(topic, token, qos=1)
        acknowledged = time.perf_counter() - started
        async for message in client.messages:
            if message.payload == token:
                break
        took = time.perf_counter() - started
    text = f"{broker.host}:{broker.port}, MQTT 5{', TLS' if broker.secure else ''}"
    todo = "the broker or the network is overloaded: check its load and disk 消息服务或网络过载"
    back = f"acknowledged after {acknowledged * 1000:.1f} ms, received after {took * 1000:.1f} ms"
    return [
        ok("broker 消息服务", text),
        findings.ok_if("round trip 往返", good=took < _SLOW_S, detail=back, todo=todo, otherwise=CheckStatus.WARN),
    ]


async def _session_kept(broker: Broker) -> CheckResult:
    """Check that messages wait for a disconnected session, so that no fix is lost while a worker is down."""
    name, token = f"doctor-{secrets.token_hex(6)}", secrets.token_hex(8).encode()
    topic = f"{topics.FEED_ROOT}/doctor/{name}/kept"
    what, todo = (
        "session kept 会话保持",
        "allow persistent sessions (MQTT 5 session expiry) and queued messages 允许持久会话",
    )
    async with asyncio.timeout(_WITHIN_S):
        async with _client(broker, name=name) as client:
            await client.subscribe(topic, qos=1)
        async with _client(broker) as other:
            await other.publish(topic, token, qos=1)
        got = False
        async with _client(broker, name=name) as client:
            try:
                async with asyncio.timeout(_WITHIN_S / 2):
                    async for message in client.messages:
                        got = message.payload == token
                        break
            except TimeoutError:
                pass
        async with _client(broker, name=name, keep=False):
            pass  # a clean start ends the session
    if got:
        return ok(
            what,
            "messages published while it was offline were delivered; to test a restart: docs/operate.md 离线消息已补到",
        )
    return bad(what, "messages published while it was offline are lost 离线消息丢失", todo)


async def _figures(broker: Broker) -> list[CheckResult]:
    """Information that Mosquitto publishes about itself; other brokers do not."""
    figures: dict[str, str] = {}
    with contextlib.suppress(TimeoutError, aiomqtt.MqttError):
        async with _client(broker) as client, asyncio.timeout(_SYS_WITHIN_S):
            await client.subscribe("$SYS/broker/#")
            async for message in client.messages:
                figures[str(message.topic)] = str(bytes(message.payload or b"").decode(errors="replace"))
    if "$SYS/broker/version" not in figures:
        return [note("broker statistics 统计", "none under $SYS; see the broker's own console 无 $SYS 统计")]
    dropped = figures.get("$SYS/broker/publish/messages/dropped", "0")
    stored = figures.get("$SYS/broker/store/messages/count", "?")
    detail = f"{figures['$SYS/broker/version']}, dropped 丢弃 {dropped}, stored 存储 {stored}"
    if dropped.isdigit() and int(dropped) > 0:
        todo = "set max_queued_messages 0 and a large max_queued_bytes: `patrol broker config` writes both 调大队列"
        return [warn("broker statistics 统计", detail, todo)]
    return [ok("broker statistics 统计", detail)]


async def _anonymous(broker: Broker) -> CheckResult:
    """Check that clients without an account cannot read positions."""
    what = "anonymous access 匿名访问"
    nobody = Broker(host=broker.host, port=broker.port, secure=broker.secure, ca=broker.ca)
    try:
        async with _client(nobody) as client, asyncio.timeout(_WITHIN_S):
            await client.subscribe(f"{topics.ROOT}/#", qos=1)
    except (aiomqtt.MqttError, OSError, TimeoutError):
        return ok(what, "is refused 已拒绝")
    if broker.host in _LOOPBACK and broker.user is None:
        return note(what, "anybody on this machine may read and write; for a demo only 仅限本机演示")
    todo = "set allow_anonymous false and rights by account: `patrol broker config` 立即禁止匿名"
    return bad(what, "anybody may read where every officer is 可读取全部轨迹", todo)


@asynccontextmanager
async def _client(broker: Broker, *, name: str | None = None, keep: bool = True) -> AsyncIterator[aiomqtt.Client]:
    """A connection; with `name` and `keep`, to a persistent session."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = _SESSION_S if name is not None and keep else 0
    async with aiomqtt.Client(
        broker.host, broker.port, username=broker.user, password=broker.password, tls_context=broker.tls(),
        identifier=name or f"doctor-{secrets.token_hex(6)}", protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=name is None or not keep, properties=properties, timeout=_WITHIN_S, logger=_quiet,
    ) as client:  # fmt: skip
        yield client


def _said(fault: BaseException) -> str:
    return "no answer in time 超时" if isinstance(fault, TimeoutError) else str(fault) or type(fault).__name__
