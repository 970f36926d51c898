"""Every command in surroundings that are wrong: one line that says what to do, never a traceback, never a secret."""

import asyncio
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import trustme

from patrol.cli import cli
from tests.support.database import TestServer
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product

COMMANDS: dict[str, tuple[str, ...]] = {
    "migrate": ("migrate",),
    "account add": ("account", "add", "li", "--role", "analyst"),
    "account list": ("account", "list"),
    "account disable": ("account", "disable", "li"),
    "token create": ("token", "create", "tool"),
    "device add": ("device", "add", "cam-1", "--unit", "team"),
    "device list": ("device", "list"),
    "device revoke": ("device", "revoke", "cam-1"),
    "retention show": ("retention", "show"),
    "retention run": ("retention", "run"),
    "hold add": ("hold", "add", "--why", "case", "--device", "cam-1"),
    "hold list": ("hold", "list"),
    "audit verify": ("audit", "verify"),
    "rebuild": ("rebuild", "--from", "2026-01-01", "--to", "2026-01-02"),
    "db check": ("db", "check"),
    "db tune": ("db", "tune"),
    "doctor": ("doctor",),
    "grid import": ("grid", "import", "{file}"),
    "roads import": ("roads", "import", "{file}"),
    "checkpoints import": ("checkpoints", "import", "{file}"),
    "calendar import": ("calendar", "import", "{days}"),
    "broker config": ("broker", "config", "--folder", "{folder}"),
}
"""Commands that use the database and end."""
RUNNING = ("worker", "web", "serve")
EMPTY_CITY = '{"type": "FeatureCollection", "features": []}'

Say = Callable[..., str]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Say:
    """Run a command in this process that must fail; returns all it said, in one line on standard error."""
    file, days, folder = tmp_path / "city.geojson", tmp_path / "days.csv", tmp_path / "broker"
    file.write_text(EMPTY_CITY)
    days.write_text("day,workday,name\n2026-10-01,false,国庆节\n")
    monkeypatch.setenv("PATROL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PATROL_MQTT_URL", "mqtt://server:hidden@127.0.0.1:1")

    def run(command: str, **env: str) -> str:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        words = [word.format(file=file, days=days, folder=folder) for word in COMMANDS[command]]
        monkeypatch.setattr(sys, "argv", ["patrol", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        assert ended.value.code == 1, output
        assert re.fullmatch(r"patrol: [^\n]+\n", output.err), output.err
        assert "hidden" not in output.err + output.out
        return output.out + output.err

    return run


@pytest.fixture(scope="module")
def newer(postgres: TestServer) -> Iterator[str]:
    """A database whose tables a newer release made."""
    url = asyncio.run(postgres.create())
    asyncio.run(_execute(url, "INSERT INTO schema_migrations VALUES ('9999_future.sql', 'x')"))
    yield url
    asyncio.run(postgres.drop(url))


@pytest.mark.parametrize("command", COMMANDS)
def test_command_on_newer_tables_refuses(say: Say, newer: str, command: str) -> None:
    """An older release touches nothing, and says which release is needed."""
    assert re.search(r"newer release .*9999_future\.sql", say(command, PATROL_DATABASE_URL=newer), re.DOTALL)


@pytest.fixture(scope="module")
def empty(postgres: TestServer) -> Iterator[str]:
    """A database without tables."""
    url = asyncio.run(postgres.create(migrated=False))
    yield url
    asyncio.run(postgres.drop(url))


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"migrate", "db tune"}))
def test_command_without_tables_says_to_migrate(say: Say, empty: str, command: str) -> None:
    """A database that was never migrated is the most common start of all."""
    assert "patrol migrate" in say(command, PATROL_DATABASE_URL=empty)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_as_a_stranger_says_what_is_missing(say: Say, stranger: str, command: str) -> None:
    """An account that may connect and no more is told to ask the owner; `doctor` and `db check` find it themselves."""
    assert re.search(r"permission denied|owner|not be looked at", say(command, PATROL_DATABASE_URL=stranger))


@pytest.fixture(scope="module")
def stranger(postgres: TestServer, sound: str) -> Iterator[str]:
    """Address of a sound database as an account without any right there."""
    asyncio.run(_execute(postgres.admin_url, "CREATE ROLE stranger LOGIN PASSWORD 'hidden'"))
    parts = urlsplit(sound)
    yield parts._replace(netloc=f"stranger:hidden@{parts.hostname}:{parts.port}").geturl()
    asyncio.run(_execute(postgres.admin_url, "DROP ROLE stranger"))


@pytest.mark.parametrize("url", [
    "postgresql://u:hidden@127.0.0.1:1/d",
    "postgresql://u:hidden@no-such-host.invalid/d",
    "postgresql://u:hidden@127.0.0.1:1/d?sslmode=verify-full&sslrootcert=/nowhere.pem",
    "postgresql://u:hidden@127.0.0.1:1/d?sslmode=upside-down",
    "mysql://u:hidden@127.0.0.1/d",
    "postgresql://u:hidden@127.0.0.1:port/d",
    "hidden",
])  # fmt: skip
def test_addresses_of_no_database_are_named(say: Say, url: str) -> None:
    """Whatever is wrong with an address, the line says which setting to correct."""
    assert re.search(r"PATROL_DATABASE_URL|write postgresql://", say("migrate", PATROL_DATABASE_URL=url))


def test_server_that_lets_nobody_in_is_named(say: Say, postgres: TestServer) -> None:
    """A database of which the server keeps everybody out."""
    asyncio.run(_execute(postgres.admin_url, "CREATE DATABASE closed ALLOW_CONNECTIONS false"))
    try:
        said = say("migrate", PATROL_DATABASE_URL=postgres.url("closed"))
        assert "not currently accepting connections" in said
    finally:
        asyncio.run(_execute(postgres.admin_url, "DROP DATABASE closed"))


def test_server_that_takes_no_changes_is_named(say: Say, empty: str) -> None:
    """A standby takes no migration: connect to the primary."""
    name = urlsplit(empty).path[1:]
    asyncio.run(_execute(empty, f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    assert "primary" in say("migrate", PATROL_DATABASE_URL=empty)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker that is there."""
    made = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def sound(postgres: TestServer) -> Iterator[str]:
    """A database with which nothing is wrong."""
    url = asyncio.run(postgres.create())
    yield url
    asyncio.run(postgres.drop(url))


@pytest.fixture(scope="module")
def taken() -> Iterator[str]:
    """A port somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


WRONG: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "newer tables": (RUNNING, {"PATROL_DATABASE_URL": "{newer}"}, "newer release"),
    "port": (("web", "serve"), {"PATROL_HTTP_PORT": "{taken}"}, r"Port {taken} .*--http-port"),
    "metrics port": (("worker",), {"PATROL_METRICS_PORT": "{taken}"}, r"Port {taken} .*PATROL_METRICS_PORT"),
    "address": (("web", "serve"), {"PATROL_HTTP_HOST": "192.0.2.1"}, "PATROL_HTTP_HOST"),
    "certificate": (("web", "serve"), {"PATROL_HTTP_CERT": "/nowhere.pem"}, "PATROL_HTTP_CERT /nowhere.pem"),
    "other key": (
        ("web",), {"PATROL_HTTP_CERT": "{folder}/a.pem", "PATROL_HTTP_KEY": "{folder}/b.key"}, "PATROL_HTTP_KEY .*b.key"
    ),
    "key alone": (("web",), {"PATROL_HTTP_KEY": "{folder}/b.key"}, "PATROL_HTTP_CERT"),
    "no broker's address": (RUNNING, {"PATROL_MQTT_URL": "mqtt://u:hidden@h:port"}, "PATROL_MQTT_URL"),
    "broker's authority": (RUNNING, {"PATROL_MQTT_URL": "mqtts://u:hidden@h?ca=/nowhere.pem"}, "PATROL_MQTT_URL"),
    "data folder": (RUNNING, {"PATROL_DATA_DIR": "/proc/nowhere"}, "/proc/nowhere"),
    "map": (("web",), {"PATROL_MAP_FILE": "/nowhere.pmtiles"}, "PATROL_MAP_FILE"),
    "networks": (("worker",), {"PATROL_NOTIFY_ALLOW": "10.0.0.0/99"}, "PATROL_NOTIFY_ALLOW"),
}  # fmt: skip
CASES = [(command, name) for name, (commands, _, _) in WRONG.items() for command in commands]


@pytest.mark.parametrize(("command", "name"), CASES)
def test_process_in_wrong_surroundings_ends_with_one_line(
    sound: str, newer: str, broker: Mosquitto, taken: str, tmp_path: Path, command: str, name: str
) -> None:
    """A process that cannot do its work ends at once, with what to do in its last line."""
    _, changes, wanted = WRONG[name]
    authority = trustme.CA()
    authority.issue_cert("a").cert_chain_pems[0].write_to_path(tmp_path / "a.pem")
    authority.issue_cert("b").private_key_pem.write_to_path(tmp_path / "b.key")
    places = {"newer": newer, "taken": taken, "folder": str(tmp_path)}
    env = {"PATROL_DATABASE_URL": sound, "PATROL_MQTT_URL": broker.url, "PATROL_DEVICE_KEY": ""}
    product = Product(tmp_path / "data", env=env | {key: value.format(**places) for key, value in changes.items()})
    words = {"--http-port": "PATROL_HTTP_PORT", "--data-dir": "PATROL_DATA_DIR"}
    product.left_out = tuple(option for option, variable in words.items() if variable in changes)
    done = product.run(command)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "hidden" not in done.stdout + done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("patrol: ")
    assert re.search(wanted.format(**places), last), last


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
