"""What a person is told when the database or the broker cannot be used."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from patrol import errors, reach
from patrol.services import children
from tests.support.mosquitto import Mosquitto


def _with(url: str, **parts: str) -> str:
    netloc = parts.pop("netloc", urlsplit(url).netloc)
    return urlsplit(url)._replace(netloc=netloc, **parts).geturl()


WRONG_DATABASES: dict[str, tuple[Callable[[str], str], str]] = {
    "password": (
        lambda url: _with(url, netloc=f"patrol:wrong@{urlsplit(url).netloc.split('@')[1]}"),
        "refuses the user",
    ),
    "database": (lambda url: _with(url, path="/nowhere"), "no such database .* createdb"),
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
        await reach.check_database(spoil(database_url))
    assert "secret" not in str(told.value)
    assert (urlsplit(database_url).password or "-") not in str(told.value)


async def test_check_database_that_is_right_is_silent(database_url: str) -> None:
    """A database that answers passes."""
    await reach.check_database(database_url)


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
        await reach.check_broker(url)
    assert "secret" not in str(told.value)


async def test_check_broker_that_is_right_is_silent(mosquitto: Mosquitto) -> None:
    """A broker that answers passes."""
    await reach.check_broker(mosquitto.url)
    assert not children.is_free(mosquitto.port)
