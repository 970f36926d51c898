"""No message goes where it should not: to this machine, to private networks, to the cloud's metadata."""

from collections.abc import Sequence

import pytest

from alerts.notify import guard
from alerts.notify.guard import Allowed
from alerts.notify.message import NotSentError

NOTHING = Allowed()


def _names(**found: str) -> guard.Lookup:
    async def lookup(host: str, _port: int) -> Sequence[str]:
        if host not in found:
            return [host]
        return found[host].split()

    return lookup


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "::",
        "fe80::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "8.8.8.8 127.0.0.1",
    ],
)  # fmt: skip
async def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    """However they are spelt, and even when only one of several is private."""
    with pytest.raises(NotSentError, match="PATROL_NOTIFY_ALLOW"):
        await guard.pin("https://hook.example/x", NOTHING, _names(**{"hook.example": address}))


async def test_a_public_address_is_pinned_under_its_name() -> None:
    """The connection goes to what was checked; the name stays for certificate and Host header."""
    pinned = await guard.pin("https://hook.example:8443/a?b=c", NOTHING, _names(**{"hook.example": "8.8.8.8"}))
    assert pinned == guard.Pinned(url="https://8.8.8.8:8443/a?b=c", host="hook.example:8443", name="hook.example")
    pinned = await guard.pin("https://hook.example", NOTHING, _names(**{"hook.example": "2606:4700::1"}))
    assert pinned.url == "https://[2606:4700::1]:443/"


async def test_settings_allow_networks_and_names() -> None:
    """A city's own network may be reached, over http too; everything else stays closed."""
    allowed = Allowed.parse("10.0.0.0/8, hooks.city.lan")
    assert (await guard.pin("http://10.1.1.1/x", allowed)).url == "http://10.1.1.1:80/x"
    lookup = _names(**{"hooks.city.lan": "192.168.0.7", "other.lan": "192.168.0.7", "hook.example": "8.8.8.8"})
    assert (await guard.pin("https://hooks.city.lan/", allowed, lookup)).url == "https://192.168.0.7:443/"
    for url in ("https://other.lan/", "http://hook.example/"):
        with pytest.raises(NotSentError):
            await guard.pin(url, allowed, lookup)
    with pytest.raises(ValueError, match="neither a network"):
        Allowed.parse("10.0.0.0/8, 300.1.2.3")


@pytest.mark.parametrize("url", ["ftp://8.8.8.8/", "https://", "file:///etc/passwd", "https://8.8.8.8:99999/"])
async def test_what_is_no_web_address_is_refused_for_good(url: str) -> None:
    """Such a channel is switched off."""
    with pytest.raises(NotSentError) as refused:
        await guard.pin(url, NOTHING)
    assert refused.value.gone
