"""Configuration of Mosquitto, 2.0 or newer, for patrolgrid. Pure."""

from dataclasses import dataclass
from pathlib import Path

_TEXT = """\
# Mosquitto for patrolgrid, written by `patrol broker config`; it is written anew, so change the command instead.
{user}{listener}
allow_anonymous false
# Accounts and rights, one role a device; the worker keeps them as the database says.
plugin {plugin}
plugin_opt_config_file {state}

# A worker that is away must find every fix when it returns: its session and what waits for it are kept on disk.
persistence true
persistence_location {data}/
autosave_interval 60
# By number: no limit. The default of 1,000 drops silently what comes after. By bytes: the most that Mosquitto takes; a
# fix is about 150 bytes, so this is 20 hours of 1,000 devices at 5 s.
max_queued_messages 0
max_queued_bytes {most_queued}
# The worker bounds its window itself (MQTT 5 receive maximum). By bytes, since a device that sends with QoS 2 and never
# releases what it sent would eat the machine.
max_inflight_messages 0
max_inflight_bytes {most_in_flight}
persistent_client_expiration 14d

# The worker refuses and counts payloads above 1 MiB; far larger ones need not come so far.
max_packet_size 16777216
allow_zero_length_clientid false

log_dest stdout
log_type error
log_type warning
log_type notice
"""

MOST_QUEUED_BYTES = 2_147_483_647
"""An int: Mosquitto 2.1 refuses more, and 2.0 takes what is more for something else."""

MOST_IN_FLIGHT_BYTES = 32 << 20
"""Per connection and direction; as much as the queue of a worker."""

# The session of a device has the name of its account, whatever client id it gives: it cannot take over another.
_BOUND = "use_username_as_clientid true"

_CLIENTS = """\
cafile {ca}
require_certificate true
# The name in the certificate is the device's; it needs no password.
use_identity_as_username true"""

_TLS = """\
certfile {cert}
keyfile {key}
tls_version tlsv1.2"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerPaths:
    """Paths on the broker's machine."""

    folder: Path
    """mosquitto.conf and dynamic-security.json; the broker must be able to write here."""
    data: Path
    """Persistent data of the broker: sessions and waiting messages."""
    plugin: Path
    """mosquitto_dynamic_security.so."""
    user: str | None = None
    """User to which a broker started as root changes; None: it is not started as root."""

    @property
    def configuration(self) -> Path:
        """The configuration."""
        return self.folder / "mosquitto.conf"

    @property
    def state(self) -> Path:
        """Accounts and rights."""
        return self.folder / "dynamic-security.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Listener of the broker; with a certificate and its key by TLS only."""

    port: int
    address: str | None = None
    """None: all addresses."""
    cert: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    """CA of the devices' certificates: devices then use a certificate instead of a password."""
    inside: int | None = None
    """Port of another listener without TLS, for the processes of the server on a separate network."""


def configuration(places: BrokerPaths, listener: Listener) -> str:
    """Text of mosquitto.conf."""
    lines = [f"listener {listener.port}" + ("" if listener.address is None else f" {listener.address}")]
    if listener.cert is not None:
        lines.append(_TLS.format(cert=listener.cert, key=listener.key or listener.cert))
        if listener.client_ca is not None:
            lines.append(_CLIENTS.format(ca=listener.client_ca))
    if listener.inside is not None:
        lines += [_BOUND, f"listener {listener.inside}"]
    return _TEXT.format(
        user="" if places.user is None else f"user {places.user}\n",
        listener="\n".join(lines), plugin=places.plugin, state=places.state, data=str(places.data).rstrip("/"),
        most_queued=MOST_QUEUED_BYTES,
        most_in_flight=MOST_IN_FLIGHT_BYTES,
    )  # fmt: skip
