"""Accounts of devices in the words of Mosquitto's plugin."""

from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.units import broker_accounts
from ingest.units.broker_accounts import BrokerAccount
from tracking.city.device_grant import DeviceGrant

KEY = "k" * 64
NAMES = st.sampled_from(["cam-1", "cam-2", "patrol-server", "desk", "Desk"])


def _document(grants: list[DeviceGrant], secret: str) -> dict[str, Any]:
    return broker_accounts.document(grants, KEY, server=("patrol-server", secret), salts=repeat(b"s" * 12))


@pytest.mark.parametrize(
    ("secret", "least"),
    [
        ("chosen", 100_000),
        ("correct horse battery staple", 100_000),
        ("a-long-password-that-a-person-chose-for-the-broker", 100_000),
        ("0" * 48, 100_000),
        ("1a2b3c4d5e6f7081", 100_000),
        ("3f9d1c0e5b7a48266c1d9f0e3b5a7c2419e8d6f0a2b4c3d1", 101),
    ],
)
def test_a_password_of_a_person_is_hashed_with_many_rounds(secret: str, least: int) -> None:
    """A random one and those of devices, which are random, are not: the broker hashes at each connection."""
    server, device = _document([DeviceGrant(name="cam-1", unit="u", generation=1, revoked=False)], secret)["clients"]
    assert server["iterations"] == least
    assert device["iterations"] == 101


GRANTS = st.dictionaries(
    NAMES,
    st.tuples(st.integers(0, 2), st.booleans(), st.booleans()),
).map(
    lambda found: {
        name: DeviceGrant(name=name, unit="u", generation=generation, revoked=revoked, reserved=reserved)
        for name, (generation, revoked, reserved) in found.items()
    }
)
KNOWN = st.dictionaries(NAMES, st.none() | st.sampled_from(["old", "1 u 3", "2 u 3"])).map(
    lambda found: {name: BrokerAccount(name, stamp) for name, stamp in found.items()}
)


@given(GRANTS, KNOWN)
def test_what_is_no_device_is_never_touched_and_the_rest_is_as_wanted(
    wanted: dict[str, DeviceGrant], known: dict[str, BrokerAccount]
) -> None:
    """Whatever is enrolled and whatever the broker has: commands name devices only, and leave what is wanted."""
    there = {name: account.stamp for name, account in known.items()}
    for command in (each for device in broker_accounts.differences(wanted, known, KEY) for each in device):
        name = command.get("username", "")
        if command["command"] == "deleteClient":
            assert there.get(name, "") is not None
            there.pop(name, None)
        if command["command"] == "createClient":
            assert name not in there
            assert command["clientid"] == name
            there[name] = command["textname"]
    for name, grant in wanted.items():
        if known.get(name, BrokerAccount(name, "")).stamp is not None:
            assert there.get(name) == (broker_accounts.stamp(grant) if grant.open else None)
    for name, account in known.items():
        if account.stamp is None:
            assert there[name] is None


@given(GRANTS)
def test_each_account_is_bound_and_the_servers_is_the_only_one_of_its_name(wanted: dict[str, DeviceGrant]) -> None:
    """In the file, too: no device without its name as client id, and the first account is the server's."""
    server, *devices = _document(list(wanted.values()), "0123456789abcdef" * 2)["clients"]
    assert server["username"] == "patrol-server"
    assert "clientid" not in server
    assert all(each["clientid"] == each["username"] != "patrol-server" for each in devices)
    assert {each["username"] for each in devices} == {
        name for name, grant in wanted.items() if grant.open and name != "patrol-server"
    }
