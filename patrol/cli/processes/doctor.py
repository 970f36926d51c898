"""`patrol doctor`: checks of everything that the service depends on, with remedies."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from patrol.checks import broker, connectivity, database, findings, machine, service
from patrol.checks.findings import CheckResult, bad
from patrol.cli import errors
from patrol.settings.settings import Settings

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def run(settings: Settings) -> None:
    """Run all checks and print the findings.

    Raises:
        SetupError: something must be corrected.
    """
    parts = asyncio.run(_examine(settings))
    for title, results in parts.items():
        findings.show(title, results)
    findings.conclude([finding for results in parts.values() for finding in results])


async def _examine(settings: Settings) -> dict[str, list[CheckResult]]:
    # A broker that ends a connection is a finding; the MQTT library leaves it behind in a future, too.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    of_database, of_service, places = await _database(settings)
    return {
        "Broker 消息服务": await _broker(settings),
        "Database 数据库": of_database,
        "Service 服务": of_service,
        "Machine 主机": [
            *(machine.disk(what, place) for what, place in places.items()),
            *await _certificates(settings),
        ],
    }


async def _database(settings: Settings) -> tuple[list[CheckResult], list[CheckResult], dict[str, Path]]:
    places = {"disk of the data folder 数据目录": settings.data_dir}
    try:
        url = connectivity.database_url(settings)
        await connectivity.check_database(url)
    except errors.SetupError as fault:
        return [bad("database 数据库", "cannot be reached 无法连接", str(fault))], [], places
    conn = await asyncpg.connect(url, server_settings={"application_name": "patrol doctor"})
    try:
        results = await database.examine(conn)
        if conn.is_closed():
            return results, [], places
        if urlsplit(url).hostname in _LOOPBACK and (folder := await _folder(conn)) is not None:
            places["disk of the database 数据库磁盘"] = folder
        return results, await service.examine(conn), places
    finally:
        await conn.close()


async def _folder(conn: "asyncpg.Connection[asyncpg.Record]") -> Path | None:
    """Data folder of a database on this machine; None: not known, or on another machine."""
    try:
        folder = Path(await conn.fetchval("SHOW data_directory"))
        return folder if await asyncio.to_thread(folder.is_dir) else None
    except (asyncpg.InsufficientPrivilegeError, OSError):
        return None


async def _broker(settings: Settings) -> list[CheckResult]:
    try:
        where = connectivity.broker(settings.broker_url)
    except errors.SetupError as fault:
        return [bad("broker 消息服务", "the address cannot be used 地址不可用", str(fault))]
    return await broker.examine(where)


async def _certificates(settings: Settings) -> list[CheckResult]:
    results: list[CheckResult] = []
    if settings.http_cert is not None:
        results.append(machine.certificate_file("web certificate 网页证书", settings.http_cert, datetime.now(UTC)))
    try:
        where = connectivity.broker(settings.broker_url)
    except errors.SetupError:
        return results  # reported with the broker
    return [*results, await machine.broker_certificate(where)] if where.secure else results
