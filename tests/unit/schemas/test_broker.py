"""The broker's address is read as people write it."""

import pytest

from schemas.broker import Broker


def test_address_with_everything() -> None:
    """User and password may hold escaped characters; mqtts means TLS."""
    broker = Broker.parse("mqtts://dev%40a:p%3A%2Fw@broker.example:8884")
    assert broker == Broker(host="broker.example", port=8884, secure=True, user="dev@a", password="p:/w")


def test_address_with_defaults() -> None:
    """The port depends on the scheme; nobody signs in."""
    assert Broker.parse("mqtt://h") == Broker(host="h", port=1883, secure=False, user=None, password=None)
    assert Broker.parse("mqtts://h").port == 8883


def test_address_names_the_certificates() -> None:
    """The authority and our own certificate are files named in the query; the password is in no text of it."""
    broker = Broker.parse("mqtts://u:geheim@h?ca=/etc/ca.pem&cert=/etc/w.pem&key=/etc/w.key")
    assert (broker.ca, broker.cert, broker.key) == ("/etc/ca.pem", "/etc/w.pem", "/etc/w.key")
    assert "geheim" not in repr(broker)


@pytest.mark.parametrize(
    "url", ["", "localhost:1883", "http://h:1883", "mqtt://", "mqtt://h:99999", "mqtts://h?x=1", "mqtt://h?ca=/a"]
)
def test_other_addresses_are_errors(url: str) -> None:
    """The error comes at once, not as a broker that is away for ever."""
    with pytest.raises(ValueError, match=r"."):
        Broker.parse(url)
