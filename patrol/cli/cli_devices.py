"""Commands for devices and their broker."""

import importlib
import platform
from pathlib import Path
from typing import Annotated, Any

import typer

from patrol.cli.options import call as _call
from patrol.cli.options import shared

device = typer.Typer(no_args_is_help=True, help="Devices and their passwords 终端接入.")
broker = typer.Typer(no_args_is_help=True, help="The message broker 消息服务.")
_PLUGIN = Path(f"/usr/lib/{platform.machine()}-linux-gnu/mosquitto_dynamic_security.so")
Overrides = dict[str, Any]


DeviceName = Annotated[str, typer.Argument(help="Name of the device, as in its topics")]
QrFile = Annotated[
    Path | None, typer.Option("--qr", help="Write the QR code to this .svg or .png file", dir_okay=False)
]


@device.command("add")
@shared
def device_add(
    overrides: Overrides,
    *,
    name: DeviceName,
    unit: Annotated[str, typer.Option(help="Unit that owns it")],
    label: Annotated[str | None, typer.Option(help="Name shown to people")] = None,
    datum: Annotated[str, typer.Option(help="wgs84, gcj02, bd09, cgcs2000")] = "wgs84",
    qr_file: QrFile = None,
) -> None:
    """Enrol a device; print its password and QR code once. 登记终端."""
    _call("accounts.device.add", overrides, name=name, unit=unit, label=label, datum=datum, qr_file=qr_file)


@device.command("password")
@shared
def device_password(overrides: Overrides, *, name: DeviceName, qr_file: QrFile = None) -> None:
    """Set a new password for a device; the old one stops working. 更换密码."""
    _call("accounts.device.password", overrides, name=name, qr_file=qr_file)


@device.command("revoke")
@shared
def device_revoke(overrides: Overrides, *, name: DeviceName) -> None:
    """Revoke a device; it is cut off within seconds. 停用终端."""
    _call("accounts.device.revoke", overrides, name=name)


@device.command("restore")
@shared
def device_restore(overrides: Overrides, *, name: DeviceName) -> None:
    """Restore a revoked device. 恢复终端."""
    _call("accounts.device.restore", overrides, name=name)


@device.command("list")
@shared
def device_list(overrides: Overrides) -> None:
    """List the devices. 终端列表."""
    _call("accounts.device.listed", overrides)


@broker.command("config")
@shared
def broker_config(  # noqa: PLR0913 - options of a command
    overrides: Overrides,
    *,
    folder: Annotated[Path, typer.Option(help="Folder of the configuration", file_okay=False)],
    data: Annotated[Path, typer.Option(help="Data folder of the broker")] = Path("/var/lib/mosquitto"),
    plugin: Annotated[Path, typer.Option(help="The dynamic-security plugin")] = _PLUGIN,
    listen: Annotated[str | None, typer.Option(help="Address to listen on; default: all")] = None,
    port: Annotated[int | None, typer.Option(help="Port; default 8883 with a certificate, else 1883")] = None,
    cert: Annotated[Path | None, typer.Option(help="Certificate chain, PEM; only TLS is accepted then")] = None,
    key: Annotated[Path | None, typer.Option(help="Private key; default: in the same file")] = None,
    client_ca: Annotated[
        Path | None, typer.Option("--client-ca", help="CA of the devices' certificates, which replace passwords")
    ] = None,
    inside: Annotated[
        int | None, typer.Option(help="Another port, without TLS, for the processes of this server")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="User that Mosquitto runs as when root starts it; default mosquitto")
    ] = None,
) -> None:
    """Write the configuration of Mosquitto with the accounts of all devices. 生成消息服务配置."""
    mosquitto = importlib.import_module("patrol.services.mosquitto")
    places = mosquitto.BrokerPaths(folder=folder.absolute(), data=data.absolute(), plugin=plugin, user=user)
    port = port or (1883 if cert is None else 8883)
    listener = mosquitto.Listener(port=port, address=listen, cert=cert, key=key, client_ca=client_ca, inside=inside)
    _call("processes.broker.config", overrides, places=places, listener=listener)


def add_to(app: typer.Typer) -> None:
    """Add these commands to `patrol`."""
    app.add_typer(device, name="device")
    app.add_typer(broker, name="broker")
