"""Settings of a web process: plain values, so that this layer needs nothing of the application above it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from web.auth.openid.config import OpenIdConfig
from web.http.ground_config import GroundConfig

STATIC_DIR = Path(__file__).parent / "static"
"""Where the build of the front end puts the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """What a web process needs to know."""

    database_url: str = field(repr=False)
    mqtt_url: str = field(repr=False)
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    """0: any free port, which `on_ready` gets."""
    admin_password: str | None = field(default=None, repr=False)
    """Password of the account `admin`; None: generated at the first start, for `on_admin_password`."""
    api_token: str | None = field(default=None, repr=False)
    """Bearer token with the role of an administrator; None: only tokens of the database."""
    device_key: str | None = field(default=None, repr=False)
    """Secret from which the passwords of devices are derived; None: devices cannot be enrolled here."""
    audit_anchor: Path | None = None
    """File to which the head of the audit record goes, signed with the device key; None: none is written."""
    audit_anchor_url: str | None = field(default=None, repr=False)
    """Address on another machine that each anchor is sent to; None: none."""
    handset_url: str | None = None
    """Address of the broker as handsets reach it; None: on the host of the page, at the usual port."""
    public_url: str | None = None
    """Address of the page as browsers see it; None: as each browser says."""
    tls_cert: Path | None = None
    """Certificate chain, PEM: HTTPS only."""
    tls_key: Path | None = None
    """Its private key; None: it is in `tls_cert`."""
    openid: OpenIdConfig | None = None
    """The site's OpenID provider; None: people sign in with passwords only."""
    media_dir: Path | None = None
    """Folder of photographs and recordings, shared with the workers; None: none are accepted."""
    media_most_bytes: int = 512 << 20
    """Largest size of one of them."""
    static_dir: Path = STATIC_DIR
    ground: GroundConfig = field(default_factory=GroundConfig)
    """The base map."""
    notify_services: str = ""
    """Apprise schemes that channels may use; empty: those that only call public services."""
    secrets_key: str | None = field(default=None, repr=False)
    """Encrypts TOTP secrets and the key of push messages in the database; None: there is neither."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose X-Forwarded-For is believed."""
    secure_cookies: bool = False
    """True behind TLS: the session cookie is then never sent over plain HTTP."""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)
    """Aware time by which sessions and tokens end."""
    on_admin_password: Callable[[str], None] | None = field(default=None, repr=False)
    """Called once with the password generated at the first start; None: it goes to standard error."""
    on_ready: Callable[[int], None] | None = field(default=None, repr=False)
    """Called with the port once the process listens."""
