"""`patrol demo` as the README has it: real processes, spoken to from outside."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from patrol.services import children
from tests.support import product, waiting
from tests.support.product import Product


async def test_demo_shows_officers_that_move(demo: Product) -> None:
    """Twenty officers are enrolled and have been somewhere; while we look, those who walk get to other places."""

    async def placed() -> dict[str, dict[str, Any]] | None:
        found = demo.devices()
        return found if len(found) >= 20 and all(device["last"] for device in found.values()) else None

    before = await waiting.until(placed, "twenty officers have been somewhere", within=60)

    async def moved() -> bool:
        now = demo.devices()
        return sum(_place(now[name]) != _place(device) for name, device in before.items()) >= 8

    await waiting.until(moved, "eight officers are elsewhere", within=120, every=0.5)


def _place(device: dict[str, Any]) -> tuple[float, float]:
    return device["last"]["lat"], device["last"]["lon"]


def test_demo_says_address_and_login_but_no_password_that_was_given(demo: Product) -> None:
    """Its output names the map and the account; a password from the environment is not repeated."""
    assert demo.url in demo.output
    assert "admin" in demo.output
    assert demo.password not in demo.output


def test_demo_lets_nobody_in_without_signing_in(demo: Product) -> None:
    """The API answers 401, the page leads to the sign-in page, and the password opens both."""
    with httpx2.Client(base_url=demo.url) as client:
        assert client.get("/api/v1/devices").status_code == 401
        assert client.get("/", headers={"Accept": "text/html"}).status_code == 303
        wrong = client.post("/api/v1/session", json={"name": "admin", "password": "wrong"})
        assert wrong.status_code == 401
        assert client.post("/api/v1/session", json={"name": "admin", "password": demo.password}).status_code == 200
        assert client.get("/api/v1/devices").status_code == 200


def test_demo_has_the_synthetic_town(demo: Product) -> None:
    """All 1,528 cells are there and are said to be synthetic."""
    cells = demo.get("cells")["features"]
    assert len(cells) == 1528
    assert all(cell["properties"]["synthetic"] for cell in cells)


def test_demo_listens_on_loopback_only(demo: Product) -> None:
    """No process of the demo can be reached from another machine."""
    listening = [
        connection.laddr.ip
        for process in demo.processes()
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def test_demo_on_a_folder_in_use_says_so_in_one_line(demo: Product) -> None:
    """A second demo on the same folder names the remedy and leaves the first alone."""
    done = demo.run("demo")
    assert done.returncode == 1
    assert "already running on" in done.stderr
    assert "--data-dir" in done.stderr
    assert "Traceback" not in done.stderr
    demo.wait_ready(within=5)


def test_demo_on_a_port_in_use_says_so_in_one_line(demo: Product, tmp_path: Path) -> None:
    """A second demo on the same port names the option."""
    second = Product(tmp_path / "second", http_port=demo.http_port)
    done = second.run("demo")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"Port {demo.http_port} of 127.0.0.1 cannot be opened" in done.stderr


def test_demo_on_an_mqtt_port_in_use_says_so_before_it_starts_anything(demo: Product, tmp_path: Path) -> None:
    """The broker's port is looked at with the map's, not when the database runs already."""
    second = Product(tmp_path / "second", mqtt_port=demo.mqtt_port)
    done = second.run("demo")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"Port {demo.mqtt_port} of 127.0.0.1" in done.stderr
    assert "--mqtt-port" in done.stderr


def test_token_made_beside_a_running_demo_opens_the_api(demo: Product) -> None:
    """`patrol token create` finds the demo's database by its data folder."""
    done = demo.run("token", "create", "a-tool")
    assert done.returncode == 0, done.stderr
    headers = {"Authorization": f"Bearer {done.stdout.strip()}"}
    assert httpx2.get(f"{demo.url}/api/v1/devices", headers=headers).status_code == 200


@pytest.fixture
def small(own_folder: Callable[[], Path]) -> Iterator[Product]:
    """A demo of this test alone, stopped at the end."""
    made = Product(own_folder() / "deep" / "er" / "data")
    yield made
    made.stop(signal.SIGKILL)


async def test_demo_ends_and_starts_again_and_keeps_its_worker(small: Product) -> None:
    """Ctrl-C leaves nothing, the next start finds the data, a dead worker is replaced, kill -9 leaves nothing."""
    small.start("demo", "--officers", "3", "--history-minutes", "0")
    assert small.wait_ready() < 60
    small.wait_said("Ctrl-C stops everything")
    processes = small.processes()
    assert len(processes) >= 5
    assert small.stop(signal.SIGINT) < 20
    assert small.process is not None
    assert small.process.returncode == 0
    await product.until_gone(processes, within=1)
    assert children.is_free(small.http_port)
    assert children.is_free(small.mqtt_port)

    small.start("demo", "--no-sim")
    small.wait_ready()
    assert len(small.devices()) == 3
    killed = small.child("worker")
    killed.kill()

    async def replaced() -> bool:
        found = small.find("worker")
        return found is not None and found.pid != killed.pid

    await waiting.until(replaced, "another worker runs")
    small.wait_ready()

    processes = small.processes()
    small.process.kill()
    await product.until_gone(processes)


def test_worker_killed_while_the_demo_starts_is_replaced(small: Product) -> None:
    """Killed before it was ready, before the fleet was there: the start goes on with another one."""
    small.start("demo", "--officers", "2", "--history-minutes", "0")
    first = waiting.until_sync(lambda: small.find("worker"), "a worker begins", within=60, every=0.005)
    first.kill()
    small.wait_ready()
    small.wait_said("Ctrl-C stops everything")
    assert small.child("worker").pid != first.pid
    assert "part_killed_at_start" in small.output


def test_demo_interrupted_while_it_starts_leaves_nothing_running(small: Product) -> None:
    """Ctrl-C during the first step ends it too."""
    small.start("demo", "--no-sim")
    small.wait_said("Database")
    processes = small.processes()
    assert small.stop() < 20
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)
