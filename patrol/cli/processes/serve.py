"""`patrol serve`: the server with an existing database and broker."""

import asyncio

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.cli.database.migrate import bring_up_to_date
from patrol.cli.progress import Progress
from patrol.services import composition, listening, notify
from patrol.services.supervisor import supervise
from patrol.settings.settings import Settings
from runtime import logs


def run(settings: Settings, *, verbose: bool) -> None:
    """Run until told to stop."""
    if settings.database_url is None or settings.mqtt_url is None:
        raise errors.SetupError(
            "`patrol serve` needs a database and a broker: give --database-url postgresql://… and --mqtt-url mqtt://…, "
            "or set PATROL_DATABASE_URL and PATROL_MQTT_URL. `patrol demo` includes both."
        )
    logs.configure(settings.log_format)
    asyncio.run(_serve(settings, settings.database_url, settings.mqtt_url, verbose=verbose))


async def _serve(settings: Settings, database_url: str, mqtt_url: str, *, verbose: bool) -> None:
    progress = Progress()
    async with supervise(settings.data_dir, verbose=verbose) as supervisor:
        listening.check_http(settings)
        connectivity.broker(mqtt_url)
        composition.wipe_metrics(settings)
        with progress.step("Database", "数据库") as notes:
            notes.extend(await bring_up_to_date(settings, database_url, progress.say))
        with progress.step("Broker", "消息服务"):
            await connectivity.log_in(mqtt_url)
        env = composition.environment(settings, database_url=database_url, mqtt_url=mqtt_url)
        login = await composition.ensure_admin(settings, database_url, progress)
        await composition.start_server(supervisor, env, settings, progress)
        notify.notify_ready()
        rows = [("Map 地图", composition.address(settings)), *login, ("MQTT", connectivity.without_password(mqtt_url))]
        progress.summary("patrolgrid 巡格", rows)
        await supervisor.wait()
    progress.say("Stopped 已停止")
