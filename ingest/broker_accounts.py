"""Pure: accounts of devices in the words of Mosquitto's dynamic-security plugin.

Each device has an account and a role of its own; the role lists the topics of this one device, so nothing is
matched by a pattern that another name could fit.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas import topics
from schemas.topics import Kind, Topic
from tracking import device_access
from tracking.device_access import Grant

Json = dict[str, Any]

ROLE = "device:"
"""Begins the name of a device's role."""
SERVER_ROLE = "patrol-server"
_ITERATIONS = 101
_RIGHTS = 2
"""Counts up with what devices may do: accounts of before are made anew, with the same password."""
_SPEAKS = (Kind.FIX, Kind.BUFFER, Kind.EVENT, Kind.STATUS, Kind.REPLY)
_HEARS = (Kind.COMMAND, Kind.ACK)


@dataclass(frozen=True, slots=True)
class Known:
    """An account that the broker has; `stamp` tells which grant it was made from."""

    name: str
    stamp: str


def stamp(grant: Grant) -> str:
    """What an account carries to tell from which grant it was made."""
    return f"{grant.generation} {grant.unit} {_RIGHTS}"


def differences(wanted: Mapping[str, Grant], known: Mapping[str, Known], key: str) -> list[list[Json]]:
    """Commands that make the broker's accounts what is wanted, a list for each device.

    An account that is removed is cut off at once. `known` has the accounts of devices only.
    """
    gone = [remove(name) for name in known if not (name in wanted and wanted[name].open)]
    made = [
        create(grant, key)
        for name, grant in wanted.items()
        if grant.open and (name not in known or known[name].stamp != stamp(grant))
    ]
    return gone + made


def remove(name: str) -> list[Json]:
    """Commands that remove an account and its role, and end its connection."""
    return [{"command": "deleteClient", "username": name}, {"command": "deleteRole", "rolename": ROLE + name}]


def create(grant: Grant, key: str) -> list[Json]:
    """Commands that make an account anew."""
    role = {"command": "createRole", "rolename": ROLE + grant.name, "acls": _acls(grant)}
    client = {
        "command": "createClient",
        "username": grant.name,
        "password": device_access.password(key, grant.name, grant.generation),
        "textname": stamp(grant),
        "roles": [{"rolename": ROLE + grant.name}],
    }
    return [*remove(grant.name), role, client]


def failures(answers: Iterable[Json]) -> list[str]:
    """Errors among the broker's answers. That what is removed was not there is none."""
    return [
        f"{answer.get('command')}: {answer['error']}"
        for answer in answers
        if answer.get("error") and not str(answer.get("command")).startswith("delete")
    ]


def known(clients: Iterable[Json]) -> dict[str, Known]:
    """Accounts of devices among the clients that the broker lists in full."""
    return {
        client["username"]: Known(client["username"], client.get("textname", ""))
        for client in clients
        if any(role.get("rolename", "").startswith(ROLE) for role in client.get("roles", []))
    }


def document(grants: Iterable[Grant], key: str, *, server: tuple[str, str], salts: Iterable[bytes]) -> Json:
    """State file of the plugin: the server's account and those of all devices that may come in.

    Args:
        grants: the devices.
        key: the device key.
        server: name and password of the server's account.
        salts: twelve random bytes for each account, the server's first.

    Raises:
        ValueError: a device bears the name of the server's account.
    """
    salt = iter(salts)
    user, secret = server
    clients = [_client(user, secret, SERVER_ROLE, "server", next(salt))]
    roles = [{"rolename": SERVER_ROLE, "acls": _server_acls()}]
    for grant in grants:
        if grant.name == user:
            raise ValueError(f"a device is called {user} like the server's account: give the server another name")
        if grant.open:
            secret = device_access.password(key, grant.name, grant.generation)
            clients.append(_client(grant.name, secret, ROLE + grant.name, stamp(grant), next(salt)))
            roles.append({"rolename": ROLE + grant.name, "acls": _acls(grant)})
    nothing = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}
    return {"defaultACLAccess": nothing, "clients": clients, "groups": [], "roles": roles}


def may(grant: Grant, topic: str, *, publish: bool) -> bool:
    """Whether a device may publish to a topic, or subscribe to exactly it; what brokers ask over HTTP."""
    allowed = _publishes(grant) if publish else _subscribes(grant)
    return grant.open and (topic in allowed or (publish and topic.startswith(f"{_owntracks(grant)}/")))


def _publishes(grant: Grant) -> list[str]:
    return [*(str(Topic(grant.unit, grant.name, kind)) for kind in _SPEAKS), _owntracks(grant)]


def _subscribes(grant: Grant) -> list[str]:
    return [str(Topic(grant.unit, grant.name, kind)) for kind in _HEARS]


def _owntracks(grant: Grant) -> str:
    return str(Topic(grant.unit, grant.name, Kind.OWNTRACKS))


def _acls(grant: Grant) -> list[Json]:
    sends = [_allow("publishClientSend", each) for each in (*_publishes(grant), f"{_owntracks(grant)}/#")]
    hears = [_allow(kind, each) for each in _subscribes(grant) for kind in ("subscribeLiteral", "publishClientReceive")]
    return sends + hears


def _server_acls() -> list[Json]:
    below = [f"{root.partition('/')[0]}/#" for root in (topics.ROOT, topics.OWNTRACKS_ROOT, topics.FEED_ROOT)]
    control = "$CONTROL/dynamic-security/#"
    both = [_allow(kind, each) for each in below for kind in ("publishClientSend", "publishClientReceive")]
    return [
        *both,
        *(_allow("subscribePattern", each) for each in (*below, "$SYS/#", control)),
        _allow("publishClientReceive", "$SYS/#"),
        _allow("publishClientReceive", control),
        _allow("publishClientSend", control),
    ]


def _allow(kind: str, topic: str) -> Json:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


def _client(name: str, secret: str, role: str, textname: str, salt: bytes) -> Json:
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS)
    return {
        "username": name,
        "textname": textname,
        "roles": [{"rolename": role}],
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }
