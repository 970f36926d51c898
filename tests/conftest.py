"""Real services for the tests: PostgreSQL, Mosquitto, the embedded broker, a running `patrol demo`.

A service that is missing is a failure in CI and a skip with instructions elsewhere (`tests/support/missing.py`).
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from xdist.remote import Producer

from patrol.services import migrate
from patrol.services import postgres as embedded
from patrol.services.broker import EmbeddedBroker
from tests.support import missing, ports, side_by_side
from tests.support.database import TestServer
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product
from tests.support.timescaledb import TimescaleServer

# How long an example takes says more about the machine than about the product.
settings.register_profile("patrol", deadline=None)
# A changed rule is found by an example; nobody needs the smallest one.
settings.register_profile(
    "mutation", deadline=None, max_examples=30, phases=(Phase.explicit, Phase.generate), derandomize=True, database=None
)
settings.load_profile("patrol")

LONG = "not long"
"""The selection of markers that pyproject.toml sets."""


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> side_by_side.ByFile:
    """Hand out whole files to the processes that run side by side."""
    return side_by_side.ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Know all that shares something costly."""
    side_by_side.check(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test be skipped in CI for want of what could be installed."""
    report = yield
    missing.judged(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a module that skips itself."""
    report = yield
    missing.judged(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    if config.option.markexpr == LONG:
        terminalreporter.write_line("Without the tests marked `long`: `make test-long` runs them.")


_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "100"}


@pytest.fixture(scope="session")
def own_folder() -> Iterator[Callable[[], Path]]:
    """Make folders for databases: not below pytest's own, whose rights every other pytest resets at its start."""
    with contextlib.ExitStack() as stack:
        yield lambda: Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="patrol-test-")))


@pytest.fixture(scope="session")
def postgres(own_folder: Callable[[], Path]) -> Iterator[TestServer]:
    """A PostgreSQL server: that of PATROL_TEST_DATABASE_URL (then with `-n 0`), else one of this process."""
    given = os.environ.get("PATROL_TEST_DATABASE_URL")
    if given is not None:
        yield from _with_template(TestServer(given))
        return
    server = embedded.EmbeddedPostgres(own_folder(), settings=_FAST)
    asyncio.run(server.start())
    yield from _with_template(TestServer(server.url))
    server.stop()


def _with_template(server: TestServer) -> Iterator[TestServer]:
    server.make_template()
    yield server
    server.drop_template()


@pytest.fixture
async def database_url(postgres: TestServer) -> AsyncIterator[str]:
    """Address of a fresh, migrated database of this test alone."""
    url = await postgres.create()
    yield url
    await postgres.drop(url)


@pytest.fixture
async def empty_database_url(postgres: TestServer) -> AsyncIterator[str]:
    """Address of a fresh database without any table."""
    url = await postgres.create(migrated=False)
    yield url
    await postgres.drop(url)


@pytest.fixture
def start_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Mosquitto]]:
    """Start Mosquittos of this test alone: `start_mosquitto(persistence=True)`."""
    started: list[Mosquitto] = []

    def start(*, persistence: bool = False) -> Mosquitto:
        folder: Path = tmp_path_factory.mktemp("mosquitto")
        broker = Mosquitto(folder, persistence=persistence)
        broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.stop()


@pytest.fixture
def mosquitto(start_mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    """A Mosquitto of this test alone, without persistence."""
    return start_mosquitto()


@pytest.fixture
async def iotcore_broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    """The embedded broker, of this test alone, on a free port."""
    broker = EmbeddedBroker(tmp_path / "broker", ports.free_port())
    await broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def timescale_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a migrated TimescaleDB of this session: one connection at a time, no COPY (`tests/support`)."""
    server = TimescaleServer(tmp_path_factory.mktemp("timescale") / "log")
    server.start()
    asyncio.run(migrate.migrate(server.url))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def demo(own_folder: Callable[[], Path]) -> Iterator[Product]:
    """A running `patrol demo` with 20 officers, for tests that only look: .url .password .token .mqtt_url .data_dir."""
    product = Product(own_folder())
    product.start("demo", "--officers", "20", "--history-minutes", "30")
    try:
        product.wait_ready()
        product.wait_said("Ctrl-C stops everything")
        yield product
    finally:
        product.stop()
