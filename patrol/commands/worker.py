"""`patrol worker`: one worker process."""

import asyncio
import functools

from ingest import worker
from patrol import logs, notify, reach
from patrol.commands import process
from patrol.settings import Settings


def run(settings: Settings) -> None:
    """Run until told to stop."""
    logs.configure(settings.log_format)
    process.until_stopped(functools.partial(_work, settings))


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    url = reach.database_url(settings)
    await reach.check_database(url)
    config = worker.WorkerConfig(
        database_url=url,
        mqtt_url=settings.broker_url,
        worker_id=settings.worker_id,
        units=settings.unit_list,
        auto_enrol=settings.auto_enrol,
        on_ready=notify.ready,
        metrics_port=settings.metrics_port,
    )
    await worker.run(config, stop)
