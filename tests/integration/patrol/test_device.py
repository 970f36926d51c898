"""`patrol device add`: what it prints of the broker, and which names it takes."""

import asyncio
from pathlib import Path

import pytest

from patrol.cli import errors
from patrol.cli.accounts import device
from patrol.settings.settings import Settings

KEY = "k" * 64
INSIDE = "mqtt://Intake:secret@mqtt.inside:41883"


async def _add(
    url: str, given: dict[str, str], name: str = "cam-1", *, unit: str = "u", qr_file: Path | None = None
) -> None:
    settings = Settings.model_validate({"database_url": url, "device_key": KEY} | given)
    await asyncio.to_thread(device.add, settings, name=name, unit=unit, label=None, datum="wgs84", qr_file=qr_file)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mqtt_url": INSIDE}, "broker   unknown: set PATROL_HANDSET_URL"),
        ({"mqtt_url": INSIDE, "public_url": "https://patrol.example:8443"}, "broker   mqtts://patrol.example:8883"),
        ({"mqtt_url": INSIDE, "handset_url": "mqtt://10.0.0.1"}, "broker   mqtt://10.0.0.1:1883"),
        ({}, "broker   mqtt://127.0.0.1:1883"),
    ],
)
async def test_it_tells_no_address_of_our_own_processes(
    database_url: str, capsys: pytest.CaptureFixture[str], given: dict[str, str], told: str
) -> None:
    """What handsets reach is said, or that it is not known."""
    await _add(database_url, given)
    said = capsys.readouterr().out
    assert told in said
    assert "inside" not in said


async def test_a_code_for_nowhere_is_refused_before_the_device_is_enrolled(database_url: str, tmp_path: Path) -> None:
    """The password is shown once, so it is not made in vain."""
    with pytest.raises(errors.SetupError, match=r"--qr: .*PATROL_HANDSET_URL"):
        await _add(database_url, {"mqtt_url": INSIDE}, qr_file=tmp_path / "code.svg")
    await _add(database_url, {"mqtt_url": INSIDE, "handset_url": "mqtts://city.example"}, qr_file=tmp_path / "code.svg")
    assert (tmp_path / "code.svg").stat().st_size > 0


@pytest.mark.parametrize(("name", "unit"), [("Patrol-x", "u"), ("INTAKE", "u"), ("cam-1", "shared")])
async def test_names_of_the_server_are_refused(database_url: str, name: str, unit: str) -> None:
    """Those that are always its own, and its account at the broker in any case of letters."""
    with pytest.raises(errors.SetupError, match="reserved for the server"):
        await _add(database_url, {"mqtt_url": INSIDE}, name, unit=unit)
