"""What a person is told when the database or the broker cannot be used."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from patrol.checks import connectivity
from patrol.cli import errors
from patrol.services import children, mosquitto
from tests.support import mosquitto as program
from tests.support import ports
from tests.support.mosquitto import Mosquitto
from tracking.city import device_grant
from tracking.city.device_grant import DeviceGrant


def _with(url: str, **parts: str) -> str:
    netloc = parts.pop("netloc", urlsplit(url).netloc)
    return urlsplit(url)._replace(netloc=netloc, **parts).geturl()


WRONG_DATABASES: dict[str, tuple[Callable[[str], str], str]] = {
    "password": (
        lambda url: _with(url, netloc=f"patrol:wrong@{urlsplit(url).netloc.split('@')[1]}"),
        "refuses the user",
    ),
    "database": (lambda url: _with(url, path="/nowhere"), "does not exist .* createdb"),
    "port": (
        lambda _: "postgresql://u:secret@127.0.0.1:1/d",
        r"No database answers at postgresql://u:\*\*\*@127.0.0.1:1/d",
    ),
    "scheme": (lambda _: "mysql://u:secret@127.0.0.1/d", "write postgresql://"),
    "slash": (lambda _: "postgresql://u:secret/secret@127.0.0.1/d", "write postgresql://"),
    "cut off": (lambda _: "postgresql://u:secret", "write postgresql://"),
}


@pytest.mark.parametrize("wrong", WRONG_DATABASES)
async def test_check_database_that_is_wrong_says_what_to_do(database_url: str, wrong: str) -> None:
    """Each fault has its own sentence, and none shows the password."""
    spoil, says = WRONG_DATABASES[wrong]
    with pytest.raises(errors.SetupError, match=says) as told:
        await connectivity.check_database(spoil(database_url))
    assert "secret" not in str(told.value)
    assert (urlsplit(database_url).password or "-") not in str(told.value)


async def test_check_database_that_is_right_is_silent(database_url: str) -> None:
    """A database that answers passes."""
    await connectivity.check_database(database_url)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1", "write mqtt://"),
        ("mqtt://", "write mqtt://"),
        ("mqtt://u:secret/secret@127.0.0.1", "write mqtt://"),
        ("mqtt://u:secret@127.0.0.1:1", r"No broker answers at mqtt://u:\*\*\*@127.0.0.1:1 .*--mqtt-url"),
    ],
)
async def test_check_broker_that_is_wrong_says_what_to_do(url: str, says: str) -> None:
    """Each fault has its own sentence, and none shows the password."""
    with pytest.raises(errors.SetupError, match=says) as told:
        await connectivity.check_broker(url)
    assert "secret" not in str(told.value)


async def test_log_in_tells_a_broker_that_lets_us_in_from_one_that_does_not(tmp_path: Path) -> None:
    """A right account is silent; a wrong password and an account without rights each say what to do."""
    grant = DeviceGrant(name="cam-1", unit="u", generation=1, revoked=False)
    listener = mosquitto.Listener(port=ports.free_port(), address="127.0.0.1", inside=ports.free_port())
    address = f"127.0.0.1:{listener.inside}"
    with program.configured(tmp_path, listener, [grant], key="k" * 64, server=("patrol-server", "right")):
        await connectivity.log_in(f"mqtt://patrol-server:right@{address}")
        for url in (f"mqtt://patrol-server:wrong@{address}", f"mqtt://{address}"):
            with pytest.raises(errors.SetupError, match=r"refuses the connection .*dynamic-security\.json"):
                await connectivity.log_in(url)
        password = device_grant.password("k" * 64, "cam-1", 1)
        with pytest.raises(errors.SetupError, match="grant the account its rights"):
            await connectivity.log_in(f"mqtt://cam-1:{password}@127.0.0.1:{listener.port}")
    with pytest.raises(errors.SetupError, match="No broker answers"):
        await connectivity.log_in(f"mqtt://patrol-server:right@{address}")


async def test_check_broker_that_is_right_is_silent(start_mosquitto: Callable[..., Mosquitto]) -> None:
    """A broker that answers passes."""
    broker = start_mosquitto()
    await connectivity.check_broker(broker.url)
    await connectivity.log_in(broker.url)
    assert not children.is_free(broker.port)
