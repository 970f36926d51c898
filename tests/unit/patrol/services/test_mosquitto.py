"""The configuration of Mosquitto holds what both versions take."""

import re
from pathlib import Path

import pytest

from patrol.services import mosquitto

INT_MAX = 2**31 - 1
BOUNDS = {
    "max_queued_messages": (0, INT_MAX),
    "max_queued_bytes": (0, INT_MAX),
    "max_inflight_messages": (0, 65_535),
    "max_inflight_bytes": (0, INT_MAX),
    "max_packet_size": (20, INT_MAX),
    "autosave_interval": (0, INT_MAX),
    "listener": (0, 65_535),
}
"""What the parsers of 2.0 and 2.1 take. 2.1 refuses what is more; 2.0 takes it for something else."""
WORDS = {
    "allow_anonymous", "plugin", "plugin_opt_config_file", "persistence", "persistence_location",
    "persistent_client_expiration", "allow_zero_length_clientid", "log_dest", "log_type", "certfile", "keyfile",
    "tls_version", "cafile", "require_certificate", "use_identity_as_username", "use_username_as_clientid", "user",
}  # fmt: skip


@pytest.mark.parametrize(
    "listener",
    [
        mosquitto.Listener(port=1883),
        mosquitto.Listener(port=8883, address="0.0.0.0", cert=Path("/c"), key=Path("/k"), inside=1884),  # noqa: S104 - text
        mosquitto.Listener(port=8883, cert=Path("/c"), client_ca=Path("/ca"), inside=1884),
    ],
)
@pytest.mark.parametrize("user", [None, "mosquitto"])
def test_every_number_is_one_that_both_versions_take(listener: mosquitto.Listener, user: str | None) -> None:
    """Each line is known here with its bounds, so that a new one is looked up for both."""
    places = mosquitto.BrokerPaths(folder=Path("/f"), data=Path("/d"), plugin=Path("/p"), user=user)
    lines = [line for line in mosquitto.configuration(places, listener).splitlines() if line and line[0] != "#"]
    for line in lines:
        word, value, *_ = line.split()
        if word in BOUNDS:
            least, most = BOUNDS[word]
            assert least <= int(value) <= most, line
        else:
            assert word in WORDS, line
            assert not re.fullmatch(r"\d+", value), line


def test_the_session_of_a_device_bears_its_name_where_the_server_has_a_listener_of_its_own() -> None:
    """The option belongs to the devices' listener, before the server's is named; where both share one it is absent."""
    places = mosquitto.BrokerPaths(folder=Path("/f"), data=Path("/d"), plugin=Path("/p"))
    text = mosquitto.configuration(places, mosquitto.Listener(port=1883, inside=1884))
    assert text.index("listener 1883") < text.index("use_username_as_clientid true") < text.index("listener 1884")
    assert "use_username" not in mosquitto.configuration(places, mosquitto.Listener(port=1883))
