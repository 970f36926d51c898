"""`patrol worker`: one worker process."""

import asyncio
import functools

import prometheus_client

from ingest import worker
from patrol import device_key, logs, notify, reach
from patrol.commands import process
from patrol.settings import Settings


def run(settings: Settings) -> None:
    """Run until told to stop."""
    logs.configure(settings.log_format)
    process.until_stopped(functools.partial(_work, settings))


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    url = reach.database_url(settings)
    await reach.check_database(url)
    if settings.metrics_port is not None:
        prometheus_client.start_http_server(settings.metrics_port, addr=settings.http_host)
    config = worker.WorkerConfig(
        database_url=url,
        mqtt_url=settings.broker_url,
        worker_id=settings.worker_name,
        units=settings.unit_list,
        auto_enrol=settings.auto_enrol,
        on_ready=notify.ready,
        notify_allow=settings.notify_allow,
        notify_services=settings.notify_services,
        media_dir=settings.media_folder,
        subject_key=device_key.device_key(settings),
        device_key=device_key.device_key(settings) if settings.broker_accounts == "mosquitto" else None,
    )
    await worker.run(config, stop)
