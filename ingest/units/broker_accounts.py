"""Accounts of devices for Mosquitto's dynamic-security plugin. Pure.

Each device has its own account and role. The role lists the topics of this device, without patterns that could match
other names. An account is bound to its name as client id, since a client with the client id of another takes over its
session with all waiting messages.
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
"""Prefix of the roles of devices."""
SERVER_ROLE = "patrol-server"
_RIGHTS = 3
"""Version of the rights of devices: older accounts are recreated with the same password."""
_ROUNDS = 101
"""Rounds of PBKDF2 for a random secret, as in Mosquitto 2.0."""
_ROUNDS_OF_A_PERSON = 100_000
"""Rounds for a possibly chosen password; the broker is blocked meanwhile, for 0.1 s or more."""
_RANDOM = re.compile(r"[0-9a-f]{32,}")
"""Format of `openssl rand -hex`."""
_LEAST_DIGITS = 8
"""Minimum number of different digits."""
_SPEAKS = (TopicKind.FIX, TopicKind.BUFFER, TopicKind.EVENT, TopicKind.STATUS, TopicKind.REPLY)
_HEARS = (TopicKind.COMMAND, TopicKind.ACK)


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """An account at the broker; `stamp` identifies its grant, None: not of a device."""

    name: str
    stamp: str | None


def stamp(grant: DeviceGrant) -> str:
    """Mark of an account that identifies its grant."""
    return f"{grant.generation} {grant.unit} {_RIGHTS}"


def differences(wanted: Mapping[str, DeviceGrant], known: Mapping[str, BrokerAccount], key: str) -> list[list[Json]]:
    """Commands that bring the accounts of the broker to the wanted state, a list for each device.

    A removed account is disconnected at once. Accounts not of devices are left as they are, whatever their names.
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
    """Names of devices without an account, since another account has the name."""
    return sorted(grant.name for grant in wanted if grant.name in known and known[grant.name].stamp is None)


def _remove(name: str) -> list[Json]:
    """Commands that remove an account and its role, and end its connection."""
    return [{"command": "deleteClient", "username": name}, {"command": "deleteRole", "rolename": ROLE + name}]


def _create(grant: DeviceGrant, key: str) -> list[Json]:
    """Commands that recreate an account."""
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
    """Errors among the answers of the broker, except for removing absent accounts."""
    return [
        f"{answer.get('command')}: {answer['error']}"
        for answer in answers
        if answer.get("error") and not str(answer.get("command")).startswith("delete")
    ]


def known(clients: Iterable[Json]) -> dict[str, BrokerAccount]:
    """Accounts in the full list of clients of the broker; those with a role of a device belong to devices."""
    accounts = {}
    for client in clients:
        name = client["username"]
        device = any(role.get("rolename") == ROLE + name for role in client.get("roles", []))
        accounts[name] = BrokerAccount(name, client.get("textname", "") if device else None)
    return accounts


def document(grants: Iterable[DeviceGrant], key: str, *, server: tuple[str, str], salts: Iterable[bytes]) -> Json:
    """State file of the plugin: the server's account and those of all permitted devices.

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
    """Whether a password looks like a random secret of 128 bits or more."""
    return _RANDOM.fullmatch(secret) is not None and len(set(secret)) >= _LEAST_DIGITS


def may(grant: DeviceGrant, topic: str, *, publish: bool) -> bool:
    """Whether a device may publish to a topic, or subscribe to exactly it, for requests by brokers."""
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
