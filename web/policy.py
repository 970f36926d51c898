"""Who may pass: the one place where every request and websocket is let in or turned away. Closed by default.

A route that is not named here is open only to somebody who is signed in, so a new route is closed.
"""

from dataclasses import dataclass
from enum import Enum
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from web import accounts, problems
from web.accounts import Principal
from web.config import WebConfig
from web.database import Database

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Access(Enum):
    """What a rule asks for."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


@dataclass(frozen=True, slots=True)
class Rule:
    """Access of a path with these methods; `roles` narrows SIGNED_IN, empty means any."""

    path: str
    methods: frozenset[str]
    access: Access
    roles: frozenset[str] = frozenset()


_READ = frozenset({"GET", "HEAD"})

RULES: tuple[Rule, ...] = (
    Rule("/healthz", _READ, Access.PUBLIC),
    Rule("/readyz", _READ, Access.PUBLIC),
    Rule("/login", _READ | {"POST"}, Access.PUBLIC),
    Rule("/login/login.css", _READ, Access.PUBLIC),
    Rule("/api/v1/session", frozenset({"POST"}), Access.PUBLIC),
)
_DEFAULT = Rule("", frozenset(), Access.SIGNED_IN)
_BY_PATH = {(method, rule.path): rule for rule in RULES for method in rule.methods}


def rule_for(method: str, path: str) -> Rule:
    """Find the rule of a request; the default is closed."""
    return _BY_PATH.get((method, path), _DEFAULT)


def cookie_name(*, secure: bool) -> str:
    """Name of the session cookie; the prefix makes browsers refuse one that another host or plain HTTP set."""
    return "__Host-patrol_session" if secure else "patrol_session"


def safe_next(target: str | None) -> str:
    """Path of ours to go to after signing in; anything that could lead elsewhere becomes /."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(character) < 33 or ord(character) == 127 for character in target):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target[:2_000]


def same_origin(headers: Headers, *, secure: bool) -> bool:
    """Tell whether a browser says that a request comes from a page of ours."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if origin in (None, "null"):
        # A form on a page without referrer has the origin "null"; what no page can forge then decides.
        return site == "same-origin"
    parts = urlsplit(origin)
    if site not in (None, "same-origin") or parts.scheme not in (("https",) if secure else ("http", "https")):
        return False
    default = ":443" if parts.scheme == "https" else ":80"
    return parts.netloc.removesuffix(default) == headers.get("host", "").removesuffix(default)


class Policy:
    """ASGI middleware that lets in or turns away; `scope["principal"]` says who came in."""

    def __init__(self, app: ASGIApp, *, config: WebConfig, database: Database) -> None:
        self._app = app
        self._config = config
        self._database = database
        self._cookie = cookie_name(secure=config.secure_cookies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request or websocket in, or answer it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            scope["principal"] = await self._admit(scope)
        except problems.ProblemError as problem:
            await _refuse(scope, receive, send, problem)
            return
        except problems.UNREACHABLE:
            await _refuse(scope, receive, send, problems.NotReadyError())
            return
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Principal | None:
        headers = Headers(scope=scope)
        method = "GET" if scope["type"] == "websocket" else scope["method"]
        rule = rule_for(method, scope["path"])
        unsafe = scope["type"] == "websocket" or method not in SAFE
        if rule.access is Access.PUBLIC:
            # Signing somebody in from a foreign page is an attack too; tools that send no Origin have no cookie.
            if unsafe and "origin" in headers:
                self._demand_same_origin(headers)
            return None
        bearer = _bearer(headers)
        principal = await (self._by_bearer(bearer) if bearer is not None else self._by_cookie(headers))
        if principal is None:
            raise _unauthenticated()
        if rule.roles and principal.role not in rule.roles:
            raise problems.ProblemError(403, f"The role {principal.role} may not do this; ask an administrator.")
        if unsafe and bearer is None:
            self._demand_same_origin(headers)
        return principal

    async def _by_bearer(self, token: str) -> Principal | None:
        known = accounts.by_settings(token, self._config.api_token)
        return known or await accounts.by_token(self._database.pool, token)

    async def _by_cookie(self, headers: Headers) -> Principal | None:
        token = session_token(headers, self._cookie)
        return None if token is None else await accounts.by_session(self._database.pool, token)

    def _demand_same_origin(self, headers: Headers) -> None:
        if not same_origin(headers, secure=self._config.secure_cookies):
            raise problems.ProblemError(
                403,
                "The request does not come from a page of this server; tools send an API token instead of a cookie.",
            )


def session_token(headers: Headers, name: str) -> str | None:
    """Read the session cookie."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if morsel is None or not morsel.value else morsel.value


def wants_page(scope: Scope) -> bool:
    """Tell whether a browser navigates, so that it should see a page and not a problem document."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/api/"):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _unauthenticated() -> problems.ProblemError:
    return problems.ProblemError(
        401,
        "Sign in at /login, or send an API token as 'Authorization: Bearer TOKEN' (patrol token create makes one).",
        headers={"WWW-Authenticate": 'Bearer realm="patrolgrid"'},
    )


async def _refuse(scope: Scope, receive: Receive, send: Send, problem: problems.ProblemError) -> None:
    if scope["type"] == "websocket":
        await _refuse_websocket(scope, receive, send, problem)
        return
    answer: Response = problems.response(problem, scope["path"])
    if problem.status == 401 and wants_page(scope):
        query = scope["query_string"].decode("latin-1")
        target = quote(scope["path"], safe="/") + (f"?{query}" if query else "")
        where = "/login" if target == "/" else f"/login?next={quote(target, safe='/')}"
        answer = RedirectResponse(where, status_code=303, headers={"Cache-Control": "no-store"})
    await answer(scope, receive, send)


async def _refuse_websocket(scope: Scope, receive: Receive, send: Send, problem: problems.ProblemError) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await problems.response(problem, scope["path"])(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": problem.detail[:120]})
