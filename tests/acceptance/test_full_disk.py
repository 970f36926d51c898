"""A data folder on a full disk: what runs goes on, what starts says what is missing."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.support import missing
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], check=False)
    if made.returncode:
        missing.missing("the right to mount a disk of 4 MB", "run the tests as root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> None:
    """Leave no room."""
    with (place / "rest").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    assert shutil.disk_usage(place).free == 0


def test_server_goes_on_when_its_disk_is_full(small: Path, database_url: str, mosquitto: Mosquitto) -> None:
    """Logs are lost, and nothing else: both processes answer, and neither was started again."""
    env = {"PATROL_DATABASE_URL": database_url, "PATROL_MQTT_URL": mosquitto.url}
    product = Product(small / "data", env=env)
    product.start("serve")
    try:
        product.wait_ready()
        before = {name: product.child(name).pid for name in ("worker", "web")}
        fill(small)
        with httpx2.Client(base_url=product.url) as client:
            for n in range(200):  # each with figures of its own
                client.request(
                    ("GET", "PUT", "PATCH", "DELETE")[n % 4], ("/", "/docs", "/login", f"/api/v1/{n}")[n % 3]
                )
            assert client.get("/readyz").status_code == 200
        assert {name: product.child(name).pid for name in ("worker", "web")} == before
    finally:
        product.stop()


def test_start_on_a_full_disk_says_so(small: Path) -> None:
    """One line that names the disk, with whatever there is room for."""
    data = small / "data"
    data.mkdir()
    fill(small)
    for _ in range(2):
        done = Product(data).run("demo", "--no-sim")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "No space left" in done.stderr or "No space is left" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("patrol: "), done.stderr
        (small / "rest").write_bytes(b"x" * (2 << 20))
