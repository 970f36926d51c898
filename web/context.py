"""Shared context of the routes: settings, database, limits, live hub."""

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from runtime.db import Pool
from runtime.vault import Vault
from tracking.store.city.route_store import RouteCache
from web import problems
from web.audit.recorder import Recorder
from web.auth.attempts import Attempts
from web.auth.openid.provider import Provider
from web.auth.principal import Principal
from web.config import WebConfig
from web.database import Database
from web.export.media import Receiver
from web.http import browser
from web.live.run.hub import Hub
from web.store.figures import SharedFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything the routes share; made once for an app."""

    config: WebConfig
    database: Database
    hub: Hub
    audit: Recorder
    attempts: Attempts = field(default_factory=Attempts)
    figures: SharedFigures = field(default_factory=SharedFigures)
    patrol_routes: RouteCache = field(default_factory=RouteCache)
    openid: Provider | None = None
    """The site's OpenID provider; None: there is none."""
    media: Receiver | None = None
    """Receives photographs and recordings; None: there is no folder for them."""
    vault: Vault | None = None
    """Encrypts and decrypts secrets in the database; None: there is no key for them."""

    def demand_vault(self) -> Vault:
        """The vault.

        Raises:
            ProblemError: there is none.
        """
        if self.vault is None:
            raise problems.ProblemError(409, "This server has no key for secrets: set PATROL_SECRETS_KEY_FILE.")
        return self.vault

    @property
    def cookie(self) -> str:
        """Name of the session cookie."""
        return browser.cookie_name(secure=self.config.secure_cookies)


def context(connection: HTTPConnection) -> Context:
    """Context of the app that serves a request or websocket."""
    context = connection.app.state.context
    assert isinstance(context, Context)  # noqa: S101 - create_app put it there
    return context


def pool(connection: HTTPConnection) -> Pool:
    """Database of the app that serves a request; as a dependency.

    Raises:
        NotReadyError: the database was not reached yet.
    """
    return context(connection).database.pool


def principal(connection: HTTPConnection) -> Principal:
    """The authenticated caller; only for routes that are not public."""
    who = connection.scope["principal"]
    assert isinstance(who, Principal)  # noqa: S101 - the policy put it there
    return who
