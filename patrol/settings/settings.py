"""Settings of every process: from the environment (`PATROL_…`), with command-line options on top."""

import ipaddress
import os
import re
import socket
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from patrol.cli import errors
from patrol.settings import secret_files

SECRETS = ("admin_password", "api_token", "device_key", "database_url", "mqtt_url", "openid_client_secret",
           "audit_anchor_url", "owner_database_url")  # fmt: skip
"""Settings that can come from a file: PATROL_…_FILE names it."""

_OF_UNITS = "unit-"
Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseSettings):
    """What can be set; the environment variable is PATROL_ and the name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="PATROL_",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    http_host: str = "127.0.0.1"
    """Address the web process listens on; 0.0.0.0: all addresses of the machine."""
    http_port: Port = 8000
    """Port of the map and the API."""
    mqtt_port: Port = 1883
    """Port of the embedded broker, and of the broker on this machine where mqtt_url is not set."""
    data_dir: Path = Path(".patrol")
    """Folder for the embedded database, logs, keys and anchors."""
    database_url: Annotated[str | None, Field(repr=False)] = None
    """postgresql://user:password@host:port/database; None: the embedded database of data_dir."""
    owner_database_url: Annotated[str | None, Field(repr=False)] = None
    """Address of the same database for the owner of its tables, used by migrations; None: database_url."""
    mqtt_url: Annotated[str | None, Field(repr=False)] = None
    """mqtt://user:password@host:port; None: the broker on this machine, at mqtt_port."""
    handset_url: str | None = None
    """Address of the broker for handsets, mqtts://host:8883; None: the host of the page and the usual port."""
    units: str = "+"
    """Units this worker serves, separated by commas; +: all; shared: its part of all, among workers that share."""
    auto_enrol: bool = False
    """Enrol an unknown device at its first message instead of refusing it."""
    admin_password: SecretStr | None = None
    """Password of the account `admin`; None: generated at the first start."""
    api_token: SecretStr | None = None
    """Bearer token of an administrator, for tools."""
    device_key: Annotated[SecretStr | None, Field(min_length=32)] = None
    """Secret from which the passwords of devices are derived; None: the file device.key in data_dir."""
    secrets_key_file: Path | None = None
    """File with the key that encrypts TOTP secrets and the push key, the same for all processes; created at the first
    use; None: secrets.key in data_dir."""
    trusted_proxies: str = ""
    """Addresses and networks of proxies whose X-Forwarded-For is trusted, separated by commas; empty: none."""
    broker_accounts: Literal["none", "mosquitto"] = "none"
    """mosquitto: the worker updates the accounts of devices in Mosquitto's dynamic-security plugin."""
    http_cert: Path | None = None
    """Certificate chain, PEM; the web process then serves HTTPS only."""
    http_key: Path | None = None
    """Private key of http_cert; None: it is in the same file."""
    audit_anchor: Path | None = None
    """File for the anchors of the audit record, best on another machine; None: audit.anchors in data_dir."""
    audit_anchor_url: Annotated[str | None, Field(repr=False, pattern=r"^https?://[^\s/]")] = None
    """https:// address on another machine to which each anchor is sent; None: not sent."""
    media_dir: Path | None = None
    """Folder for photographs and recordings, shared by all web processes and workers; None: media in data_dir."""
    media_most_mb: Annotated[int, Field(ge=1, le=1_048_576)] = 512
    """Largest size of one photograph or recording, MiB."""
    notify_allow: str = ""
    """Private networks and host names that notifications may be sent to, separated by commas."""
    notify_services: str = ""
    """Apprise schemes that channels may use, separated by commas; empty: those that call public services only."""
    map_file: Path | None = None
    """PMTiles archive shown as the base map; None: a plain background."""
    map_assets: Path | None = None
    """Folder with fonts/ and sprites/ for map_file; None: the page draws them itself."""
    map_tiles: str | None = None
    """https://host/{z}/{x}/{y}.png: tile server used instead of a file; browsers then also connect to that host."""
    map_tiles_datum: Literal["wgs84", "gcj02"] = "gcj02"
    """Datum of the tile server; gcj02 tiles are shifted to WGS-84."""
    map_tiles_max_zoom: Annotated[int, Field(ge=1, le=22)] = 18
    """Highest zoom level of the tile server."""
    map_tiles_size: Annotated[int, Field(ge=256, le=512, multiple_of=256)] = 256
    """Width of its tiles, px."""
    map_attribution: str | None = None
    """Attribution shown on the map; None: the one in the archive."""
    secure_cookies: bool = False
    """Send the session cookie over TLS only; set it behind a proxy that terminates TLS."""
    public_url: str | None = None
    """Address of the page in browsers, such as https://patrol.example.gov.cn; None: the address of each request."""
    openid_issuer: str | None = None
    """Address of the OpenID provider; None: people sign in with passwords only."""
    openid_client_id: str = "patrolgrid"
    """Client id of this installation at the provider."""
    openid_client_secret: SecretStr | None = None
    """Client secret from the provider; None: a public client."""
    openid_label: Annotated[str, Field(min_length=1, max_length=40)] = "OpenID"
    """Name of the provider on the button of the sign-in page."""
    openid_scopes: str = "openid profile"
    """Scopes to request, separated by spaces."""
    openid_name_claim: str = "preferred_username"
    """Claim with the name of the account."""
    openid_role_claim: str = "roles"
    """Claim with the role; dots select members of objects."""
    openid_roles: str = ""
    """Roles by value of that claim: leads=supervisor,chiefs=commander; empty: accounts are created beforehand."""
    openid_areas_claim: str = "patrol_areas"
    """Claim with codes of areas; *: the whole city."""
    openid_badge_claim: str = "patrol_badge"
    """Claim with the badge number of the officer, for access to the own record."""
    openid_ca: Path | None = None
    """CA of the provider's certificate, PEM; None: the CAs of the system."""
    worker_id: Annotated[str, Field(pattern=r"^(@host|[A-Za-z0-9][A-Za-z0-9._-]{0,63})$")] = "worker-1"
    """Name of this worker, unique among running workers; it names its session at the broker. @host: the host name."""
    metrics_port: Port | None = None
    """Port for the /metrics of a worker, on http_host; None: not served."""
    log_format: Literal["console", "json"] = "console"
    """console: lines for people; json: one JSON object a line."""

    @pydantic.field_validator("worker_id")
    @classmethod
    def _no_unit(cls, name: str) -> str:
        if name.startswith(_OF_UNITS):
            raise ValueError(f"names with {_OF_UNITS} are reserved for sessions of units; choose another")
        return name

    @property
    def unit_list(self) -> tuple[str, ...]:
        """The units, apart."""
        return tuple(unit.strip() for unit in self.units.split(",") if unit.strip()) or ("+",)

    @pydantic.field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for address in filter(None, map(str.strip, value.split(","))):
            ipaddress.ip_network(address)
        return value

    @property
    def proxy_list(self) -> tuple[str, ...]:
        """The proxies, apart."""
        return tuple(filter(None, map(str.strip, self.trusted_proxies.split(","))))

    @property
    def anchor_file(self) -> Path:
        """Where the anchors of the audit record are."""
        return self.audit_anchor or self.data_dir / "audit.anchors"

    @property
    def media_folder(self) -> Path:
        """Where photographs and recordings are."""
        return self.media_dir or self.data_dir / "media"

    @property
    def worker_name(self) -> str:
        """The worker's name, that of the machine put in."""
        if self.worker_id != "@host":
            return self.worker_id
        name = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:64].lstrip("._-") or "worker"
        return f"host-{name}"[:64] if name.startswith(_OF_UNITS) else name

    @property
    def broker_url(self) -> str:
        """Where the broker is."""
        return self.mqtt_url or f"mqtt://127.0.0.1:{self.mqtt_port}"


def load(overrides: dict[str, Any] | None = None) -> Settings:
    """Read the settings; `overrides` are options of the command line, None where not given.

    Raises:
        SetupError: a value is not valid; the text names the variable.
    """
    options = {name: value for name, value in (overrides or {}).items() if value is not None}
    options = secret_files.read(os.environ, SECRETS) | options
    try:
        return Settings(**options)
    except pydantic.ValidationError as fault:
        first = fault.errors()[0]
        name = str(first["loc"][0])
        where = f"--{name.replace('_', '-')}" if name in options else f"PATROL_{name.upper()}"
        # An invalid secret is never shown, since it is often nearly the right one.
        shown = "" if name in SECRETS else f" (it is {first['input']!r})"
        raise errors.SetupError(f"{where}: {first['msg']}{shown}; correct it.") from None
