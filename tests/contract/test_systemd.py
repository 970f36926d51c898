"""The units for systemd: valid, hardened, with settings and commands that exist."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from patrol.settings.settings import SECRETS, Settings
from tests.support import missing

FOLDER = Path(__file__).parents[2] / "deploy/systemd"
UNITS = sorted(FOLDER.glob("*.service"))
KNOWN = {f"PATROL_{name.upper()}" for name in Settings.model_fields}
MOST_EXPOSED = 15
"""Of 100, as systemd-analyze counts; a unit without any hardening has 96."""

needs_systemd = missing.needs_program("systemd-analyze", "systemd")


def test_there_is_a_unit_for_each_process() -> None:
    """Each starts a command of its name, and the two that stay wait for the tables."""
    assert [unit.stem for unit in UNITS] == ["patrol-migrate", "patrol-web", "patrol-worker"]
    for unit in UNITS:
        text = unit.read_text()
        assert f"ExecStart=/opt/patrol/bin/{unit.stem.replace('-', ' ')}\n" in text
        if unit.stem != "patrol-migrate":
            assert "Requires=patrol-migrate.service\n" in text
            assert re.search(r"^After=.*patrol-migrate\.service$", text, re.MULTILINE)


@needs_systemd
def test_units_are_valid_and_hardened(tmp_path: Path) -> None:
    """Systemd finds no fault in them, and little that they could do to the machine."""
    for unit in UNITS:
        # What it starts must be there to be judged.
        text = unit.read_text().replace("/opt/patrol/bin/patrol", str(Path(sys.executable).parent / "patrol"))
        (tmp_path / unit.name).write_text(text)
    files = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run(["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    for file in files:
        command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", "--no-pager", file]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_units_are_hardened_alike() -> None:
    """What one may not do, none may."""
    parts = [
        unit.read_text().partition("# It needs only its state folder")[2].partition("[Install]")[0] for unit in UNITS
    ]
    lines = [[line for line in part.splitlines() if re.match(r"[A-Z]", line)] for part in parts]
    assert len(lines[0]) > 20
    assert lines[0] == lines[1] == lines[2]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_secrets_are_credentials(unit: Path) -> None:
    """Each secret is a file that systemd hands over, named by a setting that can come from a file."""
    text = unit.read_text()
    loaded = dict(re.findall(r"^LoadCredential=(\w+):(/etc/patrol/secrets/\w+)$", text, re.MULTILINE))
    named = dict(re.findall(r"PATROL_(\w+)_FILE=%d/(\w+)", text))
    assert {name.lower() for name in named} == set(named.values()) == loaded.keys() <= set(SECRETS)
    assert not re.search(r"PASSWORD=|SECRET=|_URL=", text)


def test_environment_file_names_settings_that_exist() -> None:
    """Whether they are set or stand there as examples; no secret is among them."""
    named = re.findall(r"^(?:# )?(PATROL_\w+)=", (FOLDER / "patrol.env").read_text(), re.MULTILINE)
    assert len(named) > 5
    assert set(named) <= KNOWN
    assert not {f"PATROL_{name.upper()}" for name in SECRETS} & set(named)
