"""`patrol demo`: everything on one machine, without further installation."""

import asyncio
import secrets

import asyncpg

from patrol.checks import connectivity
from patrol.cli.database.migrate import bring_up_to_date
from patrol.cli.imports import grid_import, route_import
from patrol.cli.progress import Progress
from patrol.services import broker, composition, demo_roster, listening, postgres, roles
from patrol.services.part import Part
from patrol.services.supervisor import Supervisor, supervise
from patrol.settings.settings import Settings
from runtime import logs


def run(settings: Settings, *, officers: int, history_minutes: float, verbose: bool) -> None:
    """Run until Ctrl-C; `officers` 0: no fleet."""
    logs.configure(settings.log_format)
    # The broker listens on loopback only, so its clients are on this machine.
    settings = settings.model_copy(update={"auto_enrol": True})
    asyncio.run(_demo(settings, officers, history_minutes, verbose=verbose))


async def _demo(settings: Settings, officers: int, history_minutes: float, *, verbose: bool) -> None:
    progress = Progress()
    async with supervise(settings.data_dir, verbose=verbose) as supervisor:
        listening.check_http(settings)
        if settings.mqtt_url is None:
            listening.check_port("127.0.0.1", settings.mqtt_port, "--mqtt-port")
        composition.wipe_metrics(settings)
        database_url = await _database(supervisor, settings, progress)
        await _town(settings, database_url, progress)
        if officers:
            with progress.step("Roster", "排班") as notes:
                notes.append(await demo_roster.enlist(database_url, officers))
        if settings.database_url is None:
            database_url = await _as_server(database_url)
        mqtt_url, direct_url = await _broker(supervisor, settings, progress)
        if settings.mqtt_url is None:  # on the port of the embedded broker's protocol proxy, on this machine only
            settings = settings.model_copy(update={"handset_url": settings.handset_url or mqtt_url})
        env = composition.environment(settings, database_url=database_url, mqtt_url=direct_url)
        login = await composition.ensure_admin(settings, database_url, progress)
        await composition.start_server(supervisor, env, settings, progress)
        if officers:
            await _fleet(supervisor, env | {"PATROL_MQTT_URL": mqtt_url}, officers, history_minutes, progress)
        progress.summary("patrolgrid 巡格", _summary(settings, login, mqtt_url))
        progress.say("Ctrl-C stops everything 按 Ctrl-C 停止全部服务")
        await supervisor.wait()
    progress.say("Stopped 已停止")


async def _database(supervisor: Supervisor, settings: Settings, progress: Progress) -> str:
    with progress.step("Database", "数据库") as notes:
        if settings.database_url is not None:
            await connectivity.check_database(settings.database_url)
            return settings.database_url
        server = postgres.EmbeddedPostgres(settings.data_dir / "postgres")
        await server.start()
        supervisor.adopt("database", server.process, server.stop)
        notes.append("PostgreSQL")
        return server.url


async def _as_server(owner_url: str) -> str:
    """The embedded database for the role of the server, with a new password at each start."""
    url = roles.server_url(owner_url, secrets.token_urlsafe(24))
    await roles.prepare(owner_url, url)
    return url


async def _town(settings: Settings, database_url: str, progress: Progress) -> None:
    with progress.step("Tables", "数据表") as notes:
        applied = await bring_up_to_date(settings, database_url, progress.say)
        notes.append(f"{len(applied)} new 新" if applied else "up to date 最新")
    connection = await asyncpg.connect(database_url)
    try:
        empty = not await connection.fetchval("SELECT EXISTS (SELECT FROM cells)")
    finally:
        await connection.close()
    if empty:
        with progress.step("Synthetic town", "模拟城区") as notes:
            notes.append(await grid_import.import_town(database_url))
            notes.append(await route_import.import_town(database_url))


async def _broker(supervisor: Supervisor, settings: Settings, progress: Progress) -> tuple[str, str]:
    """Addresses for devices and for the processes of the server."""
    with progress.step("Broker", "消息服务") as notes:
        if settings.mqtt_url is not None:
            await connectivity.log_in(settings.mqtt_url)
            return settings.mqtt_url, settings.mqtt_url
        server = broker.EmbeddedBroker(settings.data_dir / "broker", settings.mqtt_port)
        await server.start()
        supervisor.adopt("broker", server.process, server.stop)
        notes.append("MQTT 3.1.1, 5")
        return server.url, server.direct_url


async def _fleet(
    supervisor: Supervisor, env: dict[str, str], officers: int, history_minutes: float, progress: Progress
) -> None:
    with progress.step("Fleet", "巡查队伍") as notes:
        options = ("--officers", str(officers), "--history-minutes", str(history_minutes))
        await supervisor.start(Part(name="sim", command=("sim", "fleet", *options), env=env, ready_within=600))
        notes.append(f"{officers} officers")


def _summary(settings: Settings, login: list[tuple[str, str]], mqtt_url: str) -> list[tuple[str, str]]:
    return [
        ("Map 地图", composition.address(settings)),
        *login,
        ("MQTT", connectivity.without_password(mqtt_url)),
        ("Data 数据", str(settings.data_dir)),
    ]
