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
    """Address the web process listens on; 0.0.0.0 is every network."""
    http_port: Port = 8000
    """Port of the map and the API."""
    mqtt_port: Port = 1883
    """Port of the embedded broker, and of the broker on this machine where mqtt_url is not set."""
    data_dir: Path = Path(".patrol")
    """Folder of the embedded database, logs, keys and anchors."""
    database_url: Annotated[str | None, Field(repr=False)] = None
    """postgresql://user:password@host:port/database; None: the embedded database of data_dir."""
    owner_database_url: Annotated[str | None, Field(repr=False)] = None
    """The same database as the owner of its tables, for migrations; None: database_url is the owner's."""
    mqtt_url: Annotated[str | None, Field(repr=False)] = None
    """mqtt://user:password@host:port; None: the broker on this machine at mqtt_port."""
    handset_url: str | None = None
    """Address of the broker as handsets reach it, mqtts://host:8883; None: the page's host, the usual port."""
    units: str = "+"
    """Units this worker serves, separated by commas; + is all; shared: its part of all, beside others that share."""
    auto_enrol: bool = False
    """Enrol a device when it is first heard; otherwise unknown devices are refused."""
    admin_password: SecretStr | None = None
    """Password of the account `admin`; None: made at the first start."""
    api_token: SecretStr | None = None
    """Bearer token of an administrator, for tools."""
    device_key: Annotated[SecretStr | None, Field(min_length=32)] = None
    """Secret that the passwords of devices follow from; None: the file device.key of data_dir."""
    secrets_key_file: Path | None = None
    """File of the key that TOTP secrets and the key of push messages are encrypted with, the same for all processes;
    made at the first use. None: secrets.key of data_dir."""
    trusted_proxies: str = ""
    """Addresses and networks of proxies, separated by commas, whose X-Forwarded-For is believed; empty: nobody's."""
    broker_accounts: Literal["none", "mosquitto"] = "none"
    """mosquitto: the worker keeps the devices' accounts in Mosquitto's dynamic-security plugin."""
    http_cert: Path | None = None
    """Certificate chain, PEM: the web process then speaks HTTPS only."""
    http_key: Path | None = None
    """Its private key; None: it is in http_cert."""
    audit_anchor: Path | None = None
    """File for the heads of the audit record, best on another machine's disk; None: audit.anchors of data_dir."""
    audit_anchor_url: Annotated[str | None, Field(repr=False, pattern=r"^https?://[^\s/]")] = None
    """https:// address on another machine that each anchor is sent to; None: none."""
    media_dir: Path | None = None
    """Folder of events' photographs and recordings, one for all web processes and workers; None: media of data_dir."""
    media_most_mb: Annotated[int, Field(ge=1, le=1_048_576)] = 512
    """Most of one of them, MiB."""
    notify_allow: str = ""
    """Networks and host names, separated by commas, that notifications may go to though they are not public."""
    notify_services: str = ""
    """Schemes of apprise that channels may use, separated by commas; empty: those that talk to services only."""
    map_file: Path | None = None
    """PMTiles archive shown below the cells; None: the plain ground."""
    map_assets: Path | None = None
    """Folder with fonts/ and sprites/ for it; None: drawn by the page."""
    map_tiles: str | None = None
    """https://host/{z}/{x}/{y}.png: a tile server instead of a file; the page may then speak to that origin, too."""
    map_tiles_datum: Literal["wgs84", "gcj02"] = "gcj02"
    """Datum of the tile server; gcj02 tiles are moved to where WGS-84 has them."""
    map_tiles_max_zoom: Annotated[int, Field(ge=1, le=22)] = 18
    """Deepest zoom of the tile server."""
    map_tiles_size: Annotated[int, Field(ge=256, le=512, multiple_of=256)] = 256
    """Side of its tiles, px."""
    map_attribution: str | None = None
    """Whose map it is, shown on it; None: what the archive says."""
    secure_cookies: bool = False
    """Send the session cookie over TLS only: set it behind a proxy that speaks TLS."""
    public_url: str | None = None
    """Address of the page as browsers see it, https://patrol.example.gov.cn; None: as each browser says."""
    openid_issuer: str | None = None
    """Address of the site's OpenID provider; None: people sign in with passwords only."""
    openid_client_id: str = "patrolgrid"
    """Name under which the provider knows this installation."""
    openid_client_secret: SecretStr | None = None
    """Secret that the provider gave to it; None: a public client."""
    openid_label: Annotated[str, Field(min_length=1, max_length=40)] = "OpenID"
    """What the button of the sign-in page calls the provider."""
    openid_scopes: str = "openid profile"
    """Scopes that are asked for, separated by spaces."""
    openid_name_claim: str = "preferred_username"
    """Claim that is the name of the account."""
    openid_role_claim: str = "roles"
    """Claim that gives the role; dots lead into objects."""
    openid_roles: str = ""
    """Which values of it mean which role: leads=supervisor,chiefs=commander; empty: accounts are made beforehand."""
    openid_areas_claim: str = "patrol_areas"
    """Claim with codes of areas; * is the whole city."""
    openid_badge_claim: str = "patrol_badge"
    """Claim with the badge of the officer whose own record it is."""
    openid_ca: Path | None = None
    """Authority of the provider's certificate, PEM; None: those of the system."""
    worker_id: Annotated[str, Field(pattern=r"^(@host|[A-Za-z0-9][A-Za-z0-9._-]{0,63})$")] = "worker-1"
    """Name of a worker, unique among those that run: the broker knows its session by it. @host: the machine's name."""
    metrics_port: Port | None = None
    """Port of a worker's own /metrics, on http_host; None: none."""
    log_format: Literal["console", "json"] = "console"
    """Log lines for people, or one JSON object each for machines."""

    @pydantic.field_validator("worker_id")
    @classmethod
    def _no_unit(cls, name: str) -> str:
        if name.startswith(_OF_UNITS):
            raise ValueError(f"sessions of units are called {_OF_UNITS}… at the broker; take another name")
        return name

    @property
    def unit_list(self) -> tuple[str, ...]:
        """The units, apart."""
        return tuple(unit.strip() for unit in self.units.split(",") if unit.strip()) or ("+",)

    @pydantic.field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for each in filter(None, map(str.strip, value.split(","))):
            ipaddress.ip_network(each)
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


def load(given: dict[str, Any] | None = None) -> Settings:
    """Read the settings; `given` are options of the command line, None where not given.

    Raises:
        SetupError: a value is not valid; the text names the variable.
    """
    options = {name: value for name, value in (given or {}).items() if value is not None}
    options = secret_files.read(os.environ, SECRETS) | options
    try:
        return Settings(**options)
    except pydantic.ValidationError as fault:
        first = fault.errors()[0]
        name = str(first["loc"][0])
        where = f"--{name.replace('_', '-')}" if name in options else f"PATROL_{name.upper()}"
        # A secret that is not valid is still one, and often nearly the right one: it is never shown.
        shown = "" if name in SECRETS else f" (it is {first['input']!r})"
        raise errors.SetupError(f"{where}: {first['msg']}{shown}; correct it.") from None
