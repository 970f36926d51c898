"""`patrol broker config` as an operator runs it, and the real Mosquitto that is started with what it wrote."""

import asyncio
import itertools
import json
import os
import pwd
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import aiomqtt
import pytest

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.cli.processes import broker
from patrol.services import mosquitto
from patrol.settings.settings import Settings
from tests.support import mosquitto as program
from tests.support import ports
from tests.support.missing import needs_root
from tracking.city import device_grant
from tracking.store.tracks import device_access

if TYPE_CHECKING:
    from runtime import db

KEY = "k" * 64


def _settings(url: str, account: str = "patrol-server:secret") -> Settings:
    return Settings(database_url=url, mqtt_url=f"mqtt://{account}@127.0.0.1:1883", device_key=KEY)  # type: ignore[arg-type]


def _places(folder: Path, user: str | None = None) -> mosquitto.BrokerPaths:
    return mosquitto.BrokerPaths(
        folder=folder / "config", data=folder / "data", plugin=program.plugin(), user=user or _ourselves()
    )


def _ourselves() -> str | None:
    return "root" if os.geteuid() == 0 else None


def _listener() -> mosquitto.Listener:
    return mosquitto.Listener(port=ports.free_port(), address="127.0.0.1")


def _open(folder: Path) -> None:
    """Let others pass through the folders that pytest made."""
    made = itertools.takewhile(lambda parent: parent != Path(tempfile.gettempdir()), folder.parents)
    for each in (folder, *made):  # one more where tests run side by side
        each.chmod(each.stat().st_mode | stat.S_IXOTH)


async def _comes_in(port: int, name: str, password: str) -> bool:
    try:
        async with aiomqtt.Client("127.0.0.1", port, username=name, password=password, identifier=name, timeout=5):
            return True
    except aiomqtt.MqttError:
        return False


async def test_names_of_the_server_in_the_database_are_left_out_and_named(
    conn: "db.Connection", database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Devices enrolled under them before keep nobody from configuring the broker, and take no account."""
    await device_access.add(conn, "cam-1", "u", label=None, datum="wgs84")
    for name in ("patrol-server", "Patrol-Worker-1", "intake", "INTAKE"):
        await conn.execute("INSERT INTO devices (name, unit, key_generation) VALUES ($1, 'u', 1)", name)
        await conn.execute("UPDATE devices SET key_generation = 2 WHERE name = $1", name)
    places, listener = _places(tmp_path), _listener()
    await _run(_settings(database_url, "intake:secret"), places, listener)
    said = capsys.readouterr()
    assert "INTAKE, Patrol-Worker-1, intake, patrol-server" in said.err
    assert "1 devices" in said.out
    names = [each["username"] for each in json.loads(places.state.read_text())["clients"]]
    assert sorted(names) == ["cam-1", "intake"]
    with program.running(places, listener.port):
        assert await _comes_in(listener.port, "intake", "secret")
        assert await _comes_in(listener.port, "cam-1", device_grant.password(KEY, "cam-1", 1))


@needs_root
async def test_broker_that_root_starts_can_read_and_replace_its_accounts(database_url: str, tmp_path: Path) -> None:
    """It does not stay root: its user gets the accounts, and the configuration stays root's."""
    user = "mosquitto"
    _open(tmp_path)
    places, listener = _places(tmp_path, user), _listener()
    await _run(_settings(database_url), places, listener)
    assert places.state.stat().st_uid == pwd.getpwnam(user).pw_uid
    assert stat.S_IMODE(places.state.stat().st_mode) == 0o600
    assert places.configuration.stat().st_uid == 0
    with program.running(places, listener.port):
        assert await _comes_in(listener.port, "patrol-server", "secret")


@needs_root
async def test_a_broker_that_cannot_read_its_accounts_lets_nobody_in_and_that_is_said(
    database_url: str, tmp_path: Path
) -> None:
    """Its file is root's, as older releases left it: Mosquitto runs all the same, and logging in says what to do."""
    _open(tmp_path)
    places, listener = _places(tmp_path, "mosquitto"), _listener()
    await _run(_settings(database_url), places, listener)
    os.chown(places.state, 0, 0)
    with (
        program.running(places, listener.port),
        pytest.raises(errors.SetupError, match=r"dynamic-security\.json .*chown"),
    ):
        await connectivity.log_in(f"mqtt://patrol-server:secret@127.0.0.1:{listener.port}")


@needs_root
async def test_folder_that_the_brokers_user_cannot_reach_is_refused(database_url: str, tmp_path: Path) -> None:
    """Rather than leaving a broker without accounts, the command says what is closed and what to do."""
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(errors.SetupError, match=r"cannot read .*chmod o\+x"):
        await _run(_settings(database_url), _places(tmp_path / "closed", "mosquitto"), _listener())


async def test_a_user_that_is_not_there_is_refused(database_url: str, tmp_path: Path) -> None:
    """As root it must be one of this machine; others do not choose."""
    expected = "the user nobody-at-all does not exist" if os.geteuid() == 0 else "--user is for root"
    with pytest.raises(errors.SetupError, match=expected):
        await _run(_settings(database_url), _places(tmp_path, "nobody-at-all"), _listener())


async def test_certificates_need_a_listener_of_our_own(database_url: str, tmp_path: Path) -> None:
    """Where each client is a device by its certificate, the server has to come in elsewhere."""
    listener = mosquitto.Listener(port=8883, cert=tmp_path / "c", client_ca=tmp_path / "ca")
    with pytest.raises(errors.SetupError, match="--inside"):
        await _run(_settings(database_url), _places(tmp_path), listener)


async def _run(settings: Settings, places: mosquitto.BrokerPaths, listener: mosquitto.Listener) -> None:
    await asyncio.to_thread(broker.config, settings, places=places, listener=listener)
