"""`patrol broker config`: what Mosquitto needs to serve devices, made from the settings and the enrolled devices."""

import asyncio
import json
import os
import secrets
from itertools import repeat
from pathlib import Path

import typer

from ingest import broker_accounts
from patrol import device_key, errors, mosquitto, reach
from patrol.mosquitto import Listener, Places
from patrol.settings import Settings
from tracking import device_access
from tracking.device_access import Grant

_SALT_BYTES = 12


def config(settings: Settings, *, places: Places, listener: Listener) -> None:
    """Write mosquitto.conf and dynamic-security.json; what the broker learned since is made anew from the database."""
    server = reach.broker_address(settings.broker_url)
    if server.user is None or not server.password:
        raise errors.SetupError(
            "Which account has the server? Give --mqtt-url mqtt://USER:PASSWORD@HOST:PORT, as worker and web have it."
        )
    grants = asyncio.run(_grants(reach.database_url(settings)))
    try:
        state = broker_accounts.document(
            grants, device_key.device_key(settings),
            server=(server.user, server.password), salts=map(secrets.token_bytes, repeat(_SALT_BYTES)),
        )  # fmt: skip
    except ValueError as fault:
        raise errors.SetupError(f"{fault}.") from fault
    places.folder.mkdir(parents=True, exist_ok=True)
    places.configuration.write_text(mosquitto.configuration(places, listener), encoding="utf-8")
    _write_secretly(places.state, json.dumps(state, ensure_ascii=False, indent=1))
    typer.echo(f"{places.configuration} and {places.state.name}: the server and {len(state['clients']) - 1} devices.")
    typer.echo(f"Start it with: mosquitto -c {places.configuration}")
    typer.echo("Let the worker keep the accounts: PATROL_BROKER_ACCOUNTS=mosquitto")


async def _grants(url: str) -> list[Grant]:
    async with reach.connected(url) as conn:
        found, _ = await device_access.everything(conn)
    return list(found.values())


def _write_secretly(file: Path, text: str) -> None:
    """Replace a file by one that only its owner reads; a reader sees the old or the new, never a part."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as made:
        made.write(text)
    fresh.replace(file)
