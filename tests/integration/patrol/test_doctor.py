"""What `patrol doctor` finds of real brokers, certificates and disks."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import trustme

from patrol.checks import broker, machine, service
from patrol.checks.findings import CheckResult, CheckStatus
from patrol.services import mosquitto
from schemas.broker import Broker
from tests.integration.device_broker import SERVER, broker_running
from tests.support import ports
from tests.support.mosquitto import Mosquitto


async def found(url: str) -> dict[str, CheckResult]:
    """What is found of a broker, by name."""
    return {one.what: one for one in await broker.examine(Broker.parse(url))}


async def test_broker_is_spoken_to_there_and_back(mosquitto: Mosquitto) -> None:
    """Round trip, kept session and figures are sound; that anybody may come in is said."""
    said = await found(mosquitto.url)
    assert [one.status for one in said.values()] == [CheckStatus.OK] * 4 + [CheckStatus.NOTE]
    assert "received after" in said["round trip 往返"].detail
    assert "mosquitto version" in said["broker statistics 统计"].detail
    assert said["anonymous access 匿名访问"].status is CheckStatus.NOTE


async def test_broker_with_an_open_door_beside_the_account_is_a_fault(mosquitto: Mosquitto) -> None:
    """Somebody without an account can read all tracks though the server has one."""
    said = await found(f"mqtt://server:secret@127.0.0.1:{mosquitto.port}")
    assert said["anonymous access 匿名访问"].status is CheckStatus.BAD


async def test_generated_configuration_passes_and_a_device_account_does_not(tmp_path: Path) -> None:
    """With `patrol broker config` nothing is wrong; with another account the rights that are missing are named."""
    listener = mosquitto_listener()
    with broker_running(tmp_path, [], listener):
        said = await found(f"mqtt://{SERVER[0]}:{SERVER[1]}@127.0.0.1:{listener.port}")
        assert {one.status for one in said.values()} == {CheckStatus.OK}
        assert said["anonymous access 匿名访问"].detail.startswith("is refused")
        wrong = await found(f"mqtt://{SERVER[0]}:wrong@127.0.0.1:{listener.port}")
        assert [one.status for one in wrong.values()] == [CheckStatus.BAD]


def mosquitto_listener() -> mosquitto.Listener:
    """A listener on loopback."""
    return mosquitto.Listener(port=ports.free_port(), address="127.0.0.1")


async def test_broker_that_is_away_is_one_fault(start_mosquitto: Callable[..., Mosquitto]) -> None:
    """No broker, no further findings; the sentence says where to look."""
    away = start_mosquitto()
    away.stop()
    said = await found(away.url)
    assert [one.status for one in said.values()] == [CheckStatus.BAD]
    assert "PATROL_MQTT_URL" in str(said["broker 消息服务"].todo)


async def test_certificates_are_looked_at_before_they_expire(tmp_path: Path) -> None:
    """Valid for long, for weeks, for days; what is no certificate, and one that nobody vouches for."""
    now, authority = datetime.now(UTC), trustme.CA()
    for days, status in ((400, CheckStatus.OK), (20, CheckStatus.WARN), (3, CheckStatus.BAD), (-1, CheckStatus.BAD)):
        made = authority.issue_cert("patrol.test", not_after=now + timedelta(days=days))
        file = tmp_path / "server.pem"
        made.private_key_and_cert_chain_pem.write_to_path(file)
        assert machine.certificate_file("map", file, now).status is status
    assert machine.certificate_file("map", tmp_path / "none.pem", now).status is CheckStatus.BAD
    server = authority.issue_cert("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.configure_cert(context)
    listener = await _listening(context)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        trusted = await machine.broker_certificate(Broker.parse(f"mqtts://127.0.0.1:{port}?ca={tmp_path}/ca.pem"))
        assert trusted.status is CheckStatus.OK
        unknown = await machine.broker_certificate(Broker.parse(f"mqtts://127.0.0.1:{port}"))
        assert (unknown.status, "CA with" in str(unknown.todo)) == (CheckStatus.BAD, True)


async def _listening(context: ssl.SSLContext) -> asyncio.Server:
    return await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)


def test_disk_of_a_folder_that_is_not_there_yet_is_that_of_its_parent(tmp_path: Path) -> None:
    """It says how much is free."""
    assert "GiB free" in machine.disk("data", tmp_path / "a" / "b").detail


async def test_service_that_does_not_run_is_told_of(database_url: str) -> None:
    """No worker, one that stopped, units that nobody serves, refusals and failed notifications."""
    conn = await asyncpg.connect(database_url)
    await conn.execute("INSERT INTO workers VALUES ('w-0', now(), now(), '{+}', '{}', false, now())")
    said = {one.what: one for one in await service.examine(conn)}
    assert said["worker 处理进程"].status is CheckStatus.BAD
    await conn.execute(
        "INSERT INTO workers VALUES ('w-1', now(), now(), '{team-1}', '{\"queue\": 3, \"broker\": true}'), "
        "('w-2', now(), now() - interval '1 h', '{team-2}', '{}')"
    )
    await conn.execute("INSERT INTO devices (name, unit) VALUES ('cam-1', 'team-1'), ('cam-2', 'team-2')")
    await conn.execute("INSERT INTO refusals (at, reason, topic, detail) VALUES (now(), 'malformed', 't', 'd')")
    await conn.execute(
        "INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags) "
        "VALUES (1, now(), now() - interval '30 s', 1, 1, 0, 0, 0)"
    )
    said = {one.what: one for one in await service.examine(conn)}
    assert said["worker 处理进程 w-1"].status is CheckStatus.OK
    assert said["worker 处理进程 w-2"].status is CheckStatus.BAD
    assert "team-2" in said["units 队伍"].detail
    assert "malformed 1" in said["refused in the last hour 一小时内拒收"].detail
    assert said["recent fixes 近十分钟定位"].status is CheckStatus.WARN
    await conn.close()


async def test_service_without_tables_says_to_migrate(empty_database_url: str) -> None:
    """A database that was never migrated is one fault."""
    conn = await asyncpg.connect(empty_database_url)
    said = await service.examine(conn)
    assert [one.status for one in said] == [CheckStatus.BAD]
    await conn.close()
