"""`patrol broker config`: configuration of Mosquitto, from the settings and the enrolled devices."""

import asyncio
import dataclasses
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
from itertools import repeat
from pathlib import Path

import typer

from ingest.units import broker_accounts
from patrol.checks import connectivity
from patrol.cli import errors
from patrol.services import mosquitto
from patrol.services.mosquitto import BrokerPaths, Listener
from patrol.settings import device_key
from patrol.settings.settings import Settings
from tracking.city.device_grant import DeviceGrant
from tracking.store.tracks import device_access

_SALT_BYTES = 12
_USER = "mosquitto"
"""User of Mosquitto in Debian's package and in the image of the project."""


def config(settings: Settings, *, places: BrokerPaths, listener: Listener) -> None:
    """Write mosquitto.conf and dynamic-security.json; all accounts come from the database."""
    places = dataclasses.replace(places, user=broker_user(places.user))
    server = connectivity.broker_address(settings.broker_url)
    if server.user is None or not server.password:
        raise errors.SetupError(
            "The account of the server is missing: give --mqtt-url mqtt://USER:PASSWORD@HOST:PORT, as for the worker."
        )
    if listener.client_ca is not None and listener.inside is None:
        raise errors.SetupError(
            "With --client-ca every client must be a device with a certificate: add --inside PORT, a listener for the "
            "processes of this server, and use its port in --mqtt-url."
        )
    grants = asyncio.run(_grants(connectivity.database_url(settings), server.user))
    state = broker_accounts.document(
        grants, device_key.device_key(settings),
        server=(server.user, server.password), salts=map(secrets.token_bytes, repeat(_SALT_BYTES)),
    )  # fmt: skip
    _write(places, mosquitto.configuration(places, listener), json.dumps(state, ensure_ascii=False, indent=1))
    if skipped := sorted(grant.name for grant in grants if grant.reserved):
        typer.echo(
            f"Skipped, since these names are reserved for the server 名称与服务器账号冲突: {', '.join(skipped)}. "
            "Enrol these devices under other names.",
            err=True,
        )
    typer.echo(f"{places.configuration} and {places.state.name}: the server and {len(state['clients']) - 1} devices.")
    as_user = "" if places.user is None else f" (it switches to the user {places.user})"
    typer.echo(f"Start it with: mosquitto -c {places.configuration}{as_user}")
    if listener.inside is None:
        typer.echo("A device must use its name as the client id; on a port of --inside PORT it need not.")
    if not broker_accounts.is_random(server.password):
        typer.echo(
            "The server password looks weak, so the broker hashes it slowly at every connection: use one from "
            "`openssl rand -hex 24` 服务器密码建议使用随机串."
        )
    typer.echo("To let the worker update the accounts, set PATROL_BROKER_ACCOUNTS=mosquitto")


async def _grants(url: str, server: str) -> list[DeviceGrant]:
    async with connectivity.connected(url) as conn:
        await device_access.note_server(conn, server)
        grants, _ = await device_access.everything(conn)
    return list(grants.values())


def _write(places: BrokerPaths, configuration: str, state: str) -> None:
    """Write both files so that the broker can read and replace them, as it rewrites its state with each change.

    Raises:
        SetupError: its user cannot reach them.
    """
    try:
        places.folder.mkdir(parents=True, exist_ok=True)
        places.configuration.write_text(configuration, encoding="utf-8")
        _write_secretly(places.state, state)
        if places.user is not None:
            _hand_over(places, places.user)
    except OSError as fault:
        raise errors.SetupError(
            f"{fault.filename} cannot be written ({fault.strerror}); choose another --folder."
        ) from fault
    if places.user is not None and not _reads(places.user, places.state):
        raise errors.SetupError(
            f"Mosquitto runs as {places.user}, which cannot read {places.state}: open the folders above it "
            "(chmod o+x), choose another --folder, or another --user."
        )


def _hand_over(places: BrokerPaths, user: str) -> None:
    """Let the broker's user replace its state, but not the configuration with which it is started as root."""
    group = pwd.getpwnam(user).pw_gid
    places.data.mkdir(parents=True, exist_ok=True)
    for path in (places.data, places.state):
        shutil.chown(path, user, group)
    shutil.chown(places.folder, group=group)
    places.folder.chmod(stat.S_IMODE(places.folder.stat().st_mode) | stat.S_ISVTX | stat.S_IRWXG)


def broker_user(name: str | None) -> str | None:
    """User of the broker; None: not root, so it runs as the present user.

    Raises:
        SetupError: there is no such user, or only root may choose one.
    """
    if os.geteuid() != 0:
        if name is not None:
            raise errors.SetupError("--user is for root: leave it out and start Mosquitto as the present user.")
        return None
    user = name or _USER
    try:
        pwd.getpwnam(user)
    except KeyError as fault:
        raise errors.SetupError(
            f"Mosquitto does not run as root, and the user {user} does not exist: install Mosquitto first, name "
            "another user with --user, or run this command as the user that starts Mosquitto."
        ) from fault
    return user


def _reads(user: str, file: Path) -> bool:
    return subprocess.run(["test", "-r", file], user=user, group=user, check=False).returncode == 0  # noqa: S603, S607


def _write_secretly(file: Path, text: str) -> None:
    """Replace a file atomically by one that only its owner can read."""
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        opened.write(text)
    fresh.replace(file)
