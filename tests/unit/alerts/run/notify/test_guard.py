"""No message goes where it should not: to this machine, to private networks, to the cloud's metadata."""

import ipaddress
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.notify.message import NotSentError
from alerts.run.notify import guard
from alerts.run.notify.guard import Allowed

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
        "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:7f00:1::f7f7:f7f7",
        "2001:0:808:808::80ff:fffe", "2600::5efe:127.0.0.1", "2600::200:5efe:10.0.0.1", "fec0::1", "ff02::1", "5f00::1",
        "::8.8.8.8", "100::1", "2001:db8::1", "3fff::1", "0.0.0.0", "240.0.0.1", "255.255.255.255", "192.88.99.1",  # noqa: S104
        "198.18.0.1", "192.0.0.8", "fe80::1%eth0", "::ffff:169.254.169.254", "fd00:ec2::254",
    ],
)  # fmt: skip
async def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    """However they are written, and even when only one of several is private."""
    with pytest.raises(NotSentError, match="PATROL_NOTIFY_ALLOW"):
        await guard.pin("https://hook.example/x", NOTHING, _names(**{"hook.example": address}))


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0177.0.0.1", "0x7f.1", "0x7f000001", "127.1", "localhost", "127。0。0。1", "[::127.0.0.1]", "[::1]",
     "[64:ff9b::7f00:1]", "[::ffff:7f00:1]", "１２７.0.0.1", "2852039166"],
)  # fmt: skip
async def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    """Decimal, octal, hexadecimal, short, full-width: what counts is where the machine's own resolver leads."""
    with pytest.raises(NotSentError):
        await guard.pin(f"https://{host}/", NOTHING)


_PRIVATE = st.sampled_from(["127.0.0.0/8", "10.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10", "192.168.0.0/16"]).flatmap(
    lambda network: st.ip_addresses(network=network)
)
_WAYS = [
    lambda v4: v4,
    lambda v4: f"::ffff:{v4}",
    lambda v4: f"::{v4}",
    lambda v4: f"::ffff:0:{v4}",
    lambda v4: f"64:ff9b::{v4}",
    lambda v4: f"64:ff9b:1::{v4}",
    lambda v4: ipaddress.IPv6Address((0x2002 << 112) | (int(v4) << 80)),
    lambda v4: ipaddress.IPv6Address((0x20010000 << 96) | (int(v4) << 64)),
    lambda v4: ipaddress.IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (~int(v4) & 0xFFFFFFFF)),
    lambda v4: f"2a00:1450::5efe:{v4}",
]


@given(_PRIVATE, st.sampled_from(_WAYS))
def test_no_private_address_is_public_inside_another(private: object, way: Callable[[object], object]) -> None:
    """Whatever way there is from IPv6 to an IPv4 address, it leads nowhere."""
    assert not guard.public(ipaddress.ip_address(str(way(private))))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "2a00:1450:4001::200e"])
def test_what_is_public_stays_public(address: str) -> None:
    """Also through the translation of networks that have IPv6 alone."""
    assert guard.public(ipaddress.ip_address(address))


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
