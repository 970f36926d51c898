"""`patrol device …`: enrol devices, set passwords, revoke."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import segno
import typer
from rich.console import Console
from rich.table import Table

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.settings import device_key
from patrol.settings.settings import Settings
from runtime import db
from schemas import topics
from schemas.broker import Broker
from schemas.wire import Datum
from tracking.city import device_grant, enrolment
from tracking.city.device_grant import DeviceGrant
from tracking.store.records import event_log
from tracking.store.tracks import device_access, device_store
from web.http import handset

T = TypeVar("T")

CUT = "cut off within seconds where the worker keeps the broker's accounts (PATROL_BROKER_ACCOUNTS=mosquitto)"


def add(settings: Settings, *, name: str, unit: str, label: str | None, datum: str, qr_file: Path | None) -> None:
    """Enrol a device and print its password and QR code, which cannot be looked up later."""
    for what, text in (("name", name), ("unit", unit)):
        if not topics.NAME.fullmatch(text):
            raise errors.SetupError(f"{what} {text!r}: use 1 to 64 letters, digits, '.', '_' or '-'.")
    if datum not in {known_datum.value for known_datum in Datum}:
        raise errors.SetupError(f"--datum: there is no {datum!r}; choose {', '.join(Datum)}.")

    _may_show(settings, qr_file)

    async def work(conn: db.Connection) -> DeviceGrant:
        async with conn.transaction():
            await device_access.note_server(conn, connectivity.broker_address(settings.broker_url).user)
            grant, log_items = await device_access.add(conn, name, unit, label=label, datum=datum)
            await event_log.append(conn, log_items)
        return grant

    try:
        grant = _run(settings, work)
    except device_access.ExistsError as fault:
        raise errors.SetupError(
            f"Device {name} is enrolled already: `patrol device password {name}` makes a new password for it."
        ) from fault
    except device_access.ReservedError as fault:
        raise errors.SetupError(f"The name of {fault} is reserved for the server; choose another.") from fault
    _show(settings, grant, qr_file)


def password(settings: Settings, *, name: str, qr_file: Path | None) -> None:
    """Make the next password of a device and print it; the previous one stops working."""
    _may_show(settings, qr_file)

    async def work(conn: db.Connection) -> DeviceGrant:
        return await device_access.renew(conn, name)

    _show(settings, _known(settings, name, work), qr_file)


def revoke(settings: Settings, *, name: str) -> None:
    """Revoke a device."""
    _known(settings, name, lambda conn: device_access.revoke(conn, name))
    typer.echo(f"{name} is revoked 已停用: what it sends is refused, and it is {CUT}.")


def restore(settings: Settings, *, name: str) -> None:
    """Restore a revoked device."""
    _known(settings, name, lambda conn: device_access.restore(conn, name))
    typer.echo(f"{name} is restored 已恢复.")


def listed(settings: Settings) -> None:
    """Print the devices."""

    async def work(conn: db.Connection) -> tuple[list[enrolment.Device], dict[str, DeviceGrant]]:
        return await device_store.all_devices(conn), (await device_access.everything(conn))[0]

    devices, grants = _run(settings, work)
    table = Table("Device 终端", "Unit 队伍", "Datum 坐标系", "Access 接入")
    for device in sorted(devices, key=lambda device: (device.unit, device.name)):
        table.add_row(device.name, device.unit, device.datum.value, _access(grants.get(device.name)))
    Console().print(table)


def _access(grant: DeviceGrant | None) -> str:
    if grant is not None and grant.revoked:
        return "revoked 已停用"
    return "no password 无密码" if grant is None or grant.generation == 0 else "password 密码"


def _show(settings: Settings, grant: DeviceGrant, qr_file: Path | None) -> None:
    secret = device_grant.password(device_key.device_key(settings), grant.name, grant.generation)
    broker = _broker(settings)
    typer.echo(f"device   {grant.name} (also the client id)")
    typer.echo(f"unit     {grant.unit}")
    typer.echo(f"password {secret}")
    typer.echo(f"broker   {'unknown: set PATROL_HANDSET_URL' if broker is None else handset.address(broker)}")
    typer.echo(f"topics   {topics.ROOT}/{grant.unit}/{grant.name}/fix …")
    typer.echo("Shown once 密码仅显示一次。")
    if broker is not None:
        _show_code(handset.link(name=grant.name, unit=grant.unit, password=secret, broker=broker), qr_file)


def _broker(settings: Settings) -> Broker | None:
    """Address of the broker for handsets; None: it cannot be derived from that for the server."""
    if settings.handset_url is not None:
        return connectivity.broker_address(settings.handset_url, setting="PATROL_HANDSET_URL")
    if settings.public_url is not None:
        try:
            return handset.broker(None, settings.public_url)
        except ValueError as fault:
            raise errors.SetupError(f"PATROL_PUBLIC_URL is not the address of a page ({fault}); correct it.") from fault
    return None if settings.mqtt_url is not None else connectivity.broker_address(settings.broker_url)


def _may_show(settings: Settings, qr_file: Path | None) -> None:
    """Check in advance that a QR code can be made, since the password is shown once.

    Raises:
        SetupError: the address of the broker for handsets is not known.
    """
    if _broker(settings) is None and qr_file is not None:
        raise errors.SetupError(
            "--qr: set PATROL_HANDSET_URL to the address of the broker for handsets (mqtts://host:8883)."
        )


def _show_code(link: str, qr_file: Path | None) -> None:
    if qr_file is not None:
        segno.make_qr(link, error="l").save(str(qr_file), scale=6)
        qr_file.chmod(0o600)
        typer.echo(f"QR code for OwnTracks 二维码: {qr_file} (contains the password)")
    elif Console().is_terminal:
        segno.make_qr(link, error="l").terminal(compact=True)
        typer.echo("QR code for OwnTracks 手机扫码配置 OwnTracks")


def _known(settings: Settings, name: str, work: Callable[[db.Connection], Awaitable[T]]) -> T:
    try:
        return _run(settings, work)
    except device_access.UnknownError as fault:
        raise errors.SetupError(f"Device {name} is not enrolled: `patrol device list` shows those that are.") from fault


def _run(settings: Settings, work: Callable[[db.Connection], Awaitable[T]]) -> T:
    return asyncio.run(_connected(connectivity.database_url(settings), work))


async def _connected(url: str, work: Callable[[db.Connection], Awaitable[T]]) -> T:
    async with connectivity.connected(url) as conn:
        return await work(conn)
