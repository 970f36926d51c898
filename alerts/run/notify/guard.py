"""Allowed destinations of messages: public addresses, and those in the settings. Names are resolved once and pinned.

Otherwise anybody who may set a webhook could make the server call the database, the broker or cloud metadata.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from alerts.notify.message import NotSentError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to addresses."""

_GLOBAL = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LAST_32_BITS = (
    _NAT64,
    ipaddress.IPv6Network("::/96"),  # compatible
    ipaddress.IPv6Network("::ffff:0:0/96"),  # mapped
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # translated
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # NAT64 of one's own network
)
_ISATAP = 0x00005EFE
"""Prefix of the IPv4 address, ignoring the "unique" bit."""
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    # IETF's own, 6to4 relays; IETF's own with Teredo and ORCHID, 6to4, documentation.
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")
)
"""Not private by Python's tables, but not public servers: some lead into other networks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Private networks and names that are allowed; http is allowed only for them."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    names: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Allowed":
        """Read networks and host names separated by commas, such as `10.0.0.0/8, hooks.city.lan`.

        Raises:
            ValueError: one of them is neither.
        """
        networks, names = [], []
        for part in (item.strip().lower() for item in text.split(",")):
            try:
                networks.append(ipaddress.ip_network(part)) if part else None
            except ValueError:
                if not part.replace("-", "").replace(".", "").isalnum() or part[0].isdigit():
                    raise ValueError(f"{part!r} is neither a network such as 10.0.0.0/8 nor a host name") from None
                names.append(part)
        return cls(networks=tuple(networks), names=frozenset(names))

    def private(self, host: str, address: Address) -> bool:
        """Whether a private address is allowed."""
        return host in self.names or any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A checked address, and its name."""

    url: str
    """URL with the address instead of the name."""
    host: str
    """Name and port for the Host header."""
    name: str
    """Name expected in the certificate."""


async def pin(url: str, allowed: Allowed, lookup: Lookup | None = None) -> Pinned:
    """Resolve and check a URL.

    Raises:
        NotSentError: it is not allowed, or does not exist.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise NotSentError("the address is not a URL", gone=True) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotSentError("the address must begin with https://", gone=True)
    address = (await check(parts.hostname, port, allowed, plain=parts.scheme == "http", lookup=lookup))[0]
    shown = f"[{address}]" if address.version == 6 else str(address)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    netloc = parts.netloc.rpartition("@")[2]
    return Pinned(url=f"{parts.scheme}://{shown}:{port}{path}", host=netloc, name=parts.hostname)


async def check(
    host: str, port: int, allowed: Allowed, *, plain: bool = False, lookup: Lookup | None = None
) -> list[Address]:
    """The addresses of a host; all of them must be allowed, since any may be used.

    Raises:
        NotSentError: one is not allowed, or there is none.
    """
    try:
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in await (lookup or _look_up)(host, port)]
    except (OSError, ValueError):
        raise NotSentError("the name of the host cannot be looked up") from None
    for address in addresses:
        private = any(allowed.private(host.lower(), part) for part in (address, *inside(address)))
        if not private and not public(address):
            raise NotSentError("the address is not public: add its network to PATROL_NOTIFY_ALLOW")
        if plain and not private:
            raise NotSentError("http is only for networks in PATROL_NOTIFY_ALLOW: use https")
    if not addresses:
        raise NotSentError("the name of the host has no address")
    return addresses


def public(address: Address) -> bool:
    """Whether an address, and the one it leads to, are public."""
    if any(not public(part) for part in inside(address)):
        return False
    usual = address.version == 4 or address in _GLOBAL or address in _NAT64
    special = any(address.version == network.version and address in network for network in _SPECIAL)
    return usual and not special and (address.is_global or address in _NAT64) and not address.is_multicast


def inside(address: Address) -> list[Address]:
    """The IPv4 address to which an IPv6 one leads; None for others."""
    if address.version == 4:
        return []
    leads = any(address in network for network in _LAST_32_BITS) or (int(address) >> 32) & 0xFDFFFFFF == _ISATAP
    return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)] if leads else []


async def _look_up(host: str, port: int) -> Sequence[str]:
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers]
