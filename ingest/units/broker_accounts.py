"""Pure: accounts of devices in the words of Mosquitto's dynamic-security plugin.

Each device has an account and a role of its own; the role lists the topics of this one device, so nothing is
matched by a pattern that another name could fit. An account is bound to its own name as client id: whoever connects
with the client id of another takes that session over, with all that waits in it.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas import topics
from schemas.topics import Topic, TopicKind
from tracking.city import device_grant
from tracking.city.device_grant import DeviceGrant

Json = dict[str, Any]

ROLE = "device:"
"""Begins the name of a device's role."""
SERVER_ROLE = "patrol-server"
_RIGHTS = 3
"""Counts up with what devices may do: accounts of before are made anew, with the same password."""
_ROUNDS = 101
"""Of PBKDF2, as Mosquitto 2.0 itself takes, for a random secret: more bits than anybody tries need no more work."""
_ROUNDS_OF_A_PERSON = 100_000
"""The same for a password that a person may have chosen. The broker does nothing else meanwhile, for 0.1 s or more."""
_RANDOM = re.compile(r"[0-9a-f]{32,}")
"""What `openssl rand -hex` gives; a person would not choose that."""
_LEAST_DIGITS = 8
"""Different ones in it."""
_SPEAKS = (TopicKind.FIX, TopicKind.BUFFER, TopicKind.EVENT, TopicKind.STATUS, TopicKind.REPLY)
_HEARS = (TopicKind.COMMAND, TopicKind.ACK)


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """An account that the broker has; `stamp` tells which grant it was made from, None: it is no device's."""

    name: str
    stamp: str | None


def stamp(grant: DeviceGrant) -> str:
    """What an account carries to tell from which grant it was made."""
    return f"{grant.generation} {grant.unit} {_RIGHTS}"


def differences(wanted: Mapping[str, DeviceGrant], known: Mapping[str, BrokerAccount], key: str) -> list[list[Json]]:
    """Commands that make the broker's accounts what is wanted, a list for each device.

    An account that is removed is cut off at once. One that is no device's is left as it is, whatever its name.
    """
    gone = [
        _remove(name)
        for name, account in known.items()
        if account.stamp is not None and not (name in wanted and wanted[name].open)
    ]
    new = [
        _create(grant, key)
        for name, grant in wanted.items()
        if grant.open and (name not in known or known[name].stamp not in (None, stamp(grant)))
    ]
    return gone + new


def foreign(wanted: Iterable[DeviceGrant], known: Mapping[str, BrokerAccount]) -> list[str]:
    """Names of devices that cannot have an account: the broker has one of that name that is no device's."""
    return sorted(account.name for account in wanted if account.name in known and known[account.name].stamp is None)


def _remove(name: str) -> list[Json]:
    """Commands that remove an account and its role, and end its connection."""
    return [{"command": "deleteClient", "username": name}, {"command": "deleteRole", "rolename": ROLE + name}]


def _create(grant: DeviceGrant, key: str) -> list[Json]:
    """Commands that make an account anew."""
    role = {"command": "createRole", "rolename": ROLE + grant.name, "acls": _acls(grant)}
    client = {
        "command": "createClient",
        "username": grant.name,
        "clientid": grant.name,
        "password": device_grant.password(key, grant.name, grant.generation),
        "textname": stamp(grant),
        "roles": [{"rolename": ROLE + grant.name}],
    }
    return [*_remove(grant.name), role, client]


def failures(answers: Iterable[Json]) -> list[str]:
    """Errors among the broker's answers. That what is removed was not there is none."""
    return [
        f"{answer.get('command')}: {answer['error']}"
        for answer in answers
        if answer.get("error") and not str(answer.get("command")).startswith("delete")
    ]


def known(clients: Iterable[Json]) -> dict[str, BrokerAccount]:
    """Accounts among the clients that the broker lists in full; what has a device's own role is a device's."""
    accounts = {}
    for client in clients:
        name = client["username"]
        device = any(role.get("rolename") == ROLE + name for role in client.get("roles", []))
        accounts[name] = BrokerAccount(name, client.get("textname", "") if device else None)
    return accounts


def document(grants: Iterable[DeviceGrant], key: str, *, server: tuple[str, str], salts: Iterable[bytes]) -> Json:
    """State file of the plugin: the server's account and those of all devices that may come in.

    Args:
        grants: the devices.
        key: the device key.
        server: name and password of the server's account.
        salts: twelve random bytes for each account, the server's first.
    """
    salt = iter(salts)
    user, secret = server
    rounds = _ROUNDS if is_random(secret) else _ROUNDS_OF_A_PERSON
    clients = [_account(user, SERVER_ROLE, "server") | _hashed(secret, next(salt), rounds)]
    roles = [{"rolename": SERVER_ROLE, "acls": _server_acls()}]
    for grant in grants:
        if grant.open and grant.name.lower() != user.lower():
            secret = device_grant.password(key, grant.name, grant.generation)
            account = _account(grant.name, ROLE + grant.name, stamp(grant)) | {"clientid": grant.name}
            clients.append(account | _hashed(secret, next(salt), _ROUNDS))
            roles.append({"rolename": ROLE + grant.name, "acls": _acls(grant)})
    nothing = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}
    return {"defaultACLAccess": nothing, "clients": clients, "groups": [], "roles": roles}


def is_random(secret: str) -> bool:
    """Whether a password is a random secret of 128 bits or more by its looks, which nobody finds by trying."""
    return _RANDOM.fullmatch(secret) is not None and len(set(secret)) >= _LEAST_DIGITS


def may(grant: DeviceGrant, topic: str, *, publish: bool) -> bool:
    """Whether a device may publish to a topic, or subscribe to exactly it; what brokers ask over HTTP."""
    return grant.open and topic in (_publishes(grant) if publish else _subscribes(grant))


def _publishes(grant: DeviceGrant) -> list[str]:
    phone = str(Topic(grant.unit, grant.name, TopicKind.OWNTRACKS))
    own = [str(Topic(grant.unit, grant.name, kind)) for kind in _SPEAKS]
    return [*own, phone, *(f"{phone}/{part}" for part in topics.OWNTRACKS_PARTS)]


def _subscribes(grant: DeviceGrant) -> list[str]:
    return [str(Topic(grant.unit, grant.name, kind)) for kind in _HEARS]


def _acls(grant: DeviceGrant) -> list[Json]:
    sends = [_allow("publishClientSend", topic) for topic in _publishes(grant)]
    hears = [
        _allow(kind, topic) for topic in _subscribes(grant) for kind in ("subscribeLiteral", "publishClientReceive")
    ]
    return sends + hears


def _server_acls() -> list[Json]:
    below = [f"{root.partition('/')[0]}/#" for root in (topics.ROOT, topics.OWNTRACKS_ROOT, topics.FEED_ROOT)]
    control = "$CONTROL/dynamic-security/#"
    both = [_allow(kind, topic) for topic in below for kind in ("publishClientSend", "publishClientReceive")]
    return [
        *both,
        *(_allow("subscribePattern", topic) for topic in (*below, "$SYS/#", control)),
        _allow("publishClientReceive", "$SYS/#"),
        _allow("publishClientReceive", control),
        _allow("publishClientSend", control),
    ]


def _allow(kind: str, topic: str) -> Json:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


def _account(name: str, role: str, textname: str) -> Json:
    return {"username": name, "textname": textname, "roles": [{"rolename": role}]}


def _hashed(secret: str, salt: bytes, rounds: int) -> Json:
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, rounds)
    return {
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": rounds,
    }
