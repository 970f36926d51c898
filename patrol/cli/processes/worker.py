"""`patrol worker`: one worker process."""

import asyncio
import functools

import prometheus_client

from alerts.run.notify.guard import Allowed
from ingest.run import worker
from ingest.run.config import WorkerConfig
from patrol.checks import connectivity
from patrol.cli import errors
from patrol.cli.processes import process
from patrol.services import listening, notify
from patrol.settings import device_key, key_files
from patrol.settings.settings import Settings
from runtime import logs
from runtime.vault import Vault


def run(settings: Settings) -> None:
    """Run until told to stop."""
    logs.configure(settings.log_format)
    process.until_stopped(functools.partial(_work, settings))


async def _work(settings: Settings, stop: asyncio.Event) -> None:
    url = connectivity.database_url(settings)
    await connectivity.check_release(url)
    connectivity.broker(settings.broker_url)
    _check_networks(settings.notify_allow)
    if settings.metrics_port is not None:
        _serve_metrics(settings.http_host, settings.metrics_port)
    config = WorkerConfig(
        database_url=url,
        mqtt_url=settings.broker_url,
        worker_id=settings.worker_name,
        units=settings.unit_list,
        auto_enrol=settings.auto_enrol,
        on_ready=notify.notify_ready,
        notify_allow=settings.notify_allow,
        notify_services=settings.notify_services,
        media_dir=settings.media_folder,
        vault=Vault(key_files.secrets_key(settings)),
        subject_key=device_key.device_key(settings),
        device_key=device_key.device_key(settings) if settings.broker_accounts == "mosquitto" else None,
    )
    await worker.run(config, stop)


def _serve_metrics(host: str, port: int) -> None:
    try:
        prometheus_client.start_http_server(port, addr=host)
    except OSError as fault:
        raise errors.SetupError(listening.port_taken(host, port, fault, "PATROL_METRICS_PORT")) from fault


def _check_networks(allow: str) -> None:
    try:
        Allowed.parse(allow)
    except ValueError as fault:
        raise errors.SetupError(f"PATROL_NOTIFY_ALLOW: {fault}; correct it.") from fault
