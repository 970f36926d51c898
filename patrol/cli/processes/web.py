"""`patrol web`: one web process."""

import asyncio
import contextlib
import functools

from pydantic import SecretStr

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.cli.processes import process
from patrol.services import listening, notify
from patrol.settings import device_key, key_files, openid
from patrol.settings.settings import Settings
from runtime import logs
from web import server
from web.config import WebConfig
from web.http.ground_config import GroundConfig, GroundError


def run(settings: Settings) -> None:
    """Run until told to stop."""
    logs.configure(settings.log_format)
    process.until_stopped(functools.partial(_serve, settings))


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    url = connectivity.database_url(settings)
    listening.check_http(settings)
    connectivity.broker(settings.broker_url)
    with contextlib.suppress(connectivity.AwayError):  # it may come yet; /readyz says so meanwhile
        await connectivity.check_release(url)
    config = WebConfig(
        database_url=url,
        mqtt_url=settings.broker_url,
        http_host=settings.http_host,
        http_port=settings.http_port,
        admin_password=_secret(settings.admin_password),
        api_token=_secret(settings.api_token),
        device_key=device_key.device_key(settings),
        audit_anchor=settings.anchor_file,
        audit_anchor_url=settings.audit_anchor_url,
        handset_url=settings.handset_url,
        public_url=settings.public_url,
        media_dir=settings.media_folder,
        media_most_bytes=settings.media_most_mb << 20,
        tls_cert=settings.http_cert,
        tls_key=settings.http_key,
        ground=_ground(settings),
        openid=openid.config(settings),
        notify_services=settings.notify_services,
        secrets_key=key_files.secrets_key(settings),
        trusted_proxies=settings.proxy_list,
        secure_cookies=settings.secure_cookies or settings.http_cert is not None,
        on_ready=lambda _port: notify.notify_ready(),
    )
    await server.run(config, stop)


def _ground(settings: Settings) -> GroundConfig:
    try:
        return GroundConfig(
            file=settings.map_file,
            assets=settings.map_assets,
            tiles=settings.map_tiles,
            tiles_datum=settings.map_tiles_datum,
            tiles_max_zoom=settings.map_tiles_max_zoom,
            tiles_size=settings.map_tiles_size,
            attribution=settings.map_attribution,
        )
    except GroundError as fault:
        raise errors.SetupError(str(fault)) from fault


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
