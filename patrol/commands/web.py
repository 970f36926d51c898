"""`patrol web`: one web process."""

import asyncio
import functools

import typer
from pydantic import SecretStr

from patrol import logs, notify, reach
from patrol.commands import process
from patrol.settings import Settings
from web import server
from web.config import WebConfig


def run(settings: Settings) -> None:
    """Run until told to stop."""
    logs.configure(settings.log_format)
    process.until_stopped(functools.partial(_serve, settings))


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    config = WebConfig(
        database_url=reach.database_url(settings),
        mqtt_url=settings.broker_url,
        http_host=settings.http_host,
        http_port=settings.http_port,
        admin_password=_secret(settings.admin_password),
        api_token=_secret(settings.api_token),
        secure_cookies=settings.secure_cookies,
        on_admin_password=_show_password,
        on_ready=lambda port: notify.ready(port=port),
    )
    await server.run(config, stop)


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()


def _show_password(password: str) -> None:
    if not notify.tell(admin_password=password):
        # Standard error of this process, not its log: it is shown this once and stored nowhere.
        typer.echo(f"Login 登录: admin  password 密码: {password}", err=True)
