"""Access policy: the only place where requests and websockets are allowed or refused. Closed by default.

The rules of the routes are in `web.auth.route_rules`.
"""

import base64
from collections.abc import Callable, Sequence
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web import problems
from web.audit import audit_chain
from web.audit.recorder import Recorder
from web.audit.store import audit_log
from web.auth import costs
from web.auth.principal import CredentialKind, Principal, by_settings
from web.auth.route_rules import SAFE, Reach, RouteRule, rule_for
from web.auth.store import principals
from web.config import WebConfig
from web.database import Database
from web.http import browser, problem_documents
from web.http.route_table import WEBSOCKET, RouteTable

MOST_OF_A_VALUE = 2_000
"""Most characters of a parameter in the audit record."""

log = structlog.get_logger(__name__)


class Policy:
    """ASGI middleware that allows or refuses; `scope["principal"]` is the authenticated caller."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        config: WebConfig,
        database: Database,
        recorder: Recorder,
        routes: Callable[[], Sequence[BaseRoute]],
    ) -> None:
        self._app = app
        self._config = config
        self._database = database
        self._recorder = recorder
        self._cookie = browser.cookie_name(secure=config.secure_cookies)
        self._routes = routes
        self._table: RouteTable | None = None
        self._costs = costs.Costs()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or websocket on, or refuse it here."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            scope["principal"] = await self._admit(scope)
        except problems.ProblemError as problem:
            await self._turn_away(scope, receive, send, problem)
            return
        except problems.UNREACHABLE:
            await _refuse(scope, receive, send, problems.NotReadyError())
            return
        await self._answer(scope, receive, self._recording(scope, receive, send))

    async def _turn_away(self, scope: Scope, receive: Receive, send: Send, problem: problems.ProblemError) -> None:
        """Refuse; a refusal of an authenticated caller is recorded first."""
        who, rule = scope.get("refused"), scope.get("rule")
        if who is not None and rule is not None:
            method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
            action_name = "look" if method == WEBSOCKET else rule.audited(method, QueryParams(scope["query_string"]))
            action = _refused_action(action_name, method, problem.status)
            if action is not None:
                try:
                    await self._recorder.put(_entry(scope, who, action, problem.status))
                except problems.NotReadyError as away:
                    problem = away
        await _refuse(scope, receive, send, problem)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with a limit on concurrent expensive requests of an account."""
        rule, principal = scope["rule"], scope["principal"]
        costly = rule is not None and principal is not None and rule.costly is not None
        if not costly or not rule.costly(QueryParams(scope["query_string"])):
            await self._app(scope, receive, send)
            return
        try:
            with self._costs.of(principal.payer):
                await self._app(scope, receive, send)
        except costs.TooMuchError:
            await _refuse(scope, receive, send, _too_much())

    def _recording(self, scope: Scope, receive: Receive, send: Send) -> Send:
        """Hold an answer until its access is in the audit record, where required."""
        rule, principal = scope["rule"], scope["principal"]
        if rule is None or principal is None or scope["type"] != "http":
            return send

        refused = False

        async def recorded(message: Message) -> None:
            nonlocal refused
            action = _action(scope, rule, message) if message["type"] == "http.response.start" else None
            if action is not None:
                try:
                    await self._recorder.put(_entry(scope, principal, action, message["status"]))
                except problems.NotReadyError as problem:
                    refused = True
                    await problem_documents.response(problem, scope["path"])(scope, receive, send)
            if not refused:
                await send(message)

        return recorded

    async def _admit(self, scope: Scope) -> Principal | None:
        headers = Headers(scope=scope)
        method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
        rule, problem = self._rule(method, scope["path"])
        scope["rule"] = rule
        if rule is not None and rule.permission is None:
            # Signing someone in from a foreign page is an attack, too; tools without Origin have no cookie.
            if method not in SAFE and "origin" in headers:
                self._demand_same_origin(headers)
            return None
        principal = await self._who(headers)
        if principal is None:
            raise _unauthenticated()
        if rule is None:
            raise problem or problems.ProblemError(403, "This address is closed: no rule says who may use it.")
        try:
            _demand(principal, rule)
        except problems.ProblemError:
            scope["refused"] = principal
            raise
        if method not in SAFE and principal.kind is CredentialKind.SESSION:
            self._demand_same_origin(headers)
        return principal

    async def _who(self, headers: Headers) -> Principal | None:
        """Principal by a token, by the name and password of a device, or by the cookie of a session."""
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self._by_bearer(shown.strip())
        if scheme.lower() == "basic":
            name, password = _basic(shown.strip())
            return await principals.by_device(self._database.pool, self._config.device_key, name, password)
        return await self._by_cookie(headers)

    def _rule(self, method: str, path: str) -> tuple[RouteRule | None, problems.ProblemError | None]:
        """Rule of the matching route; without one the reason, for signed-in callers."""
        if self._table is None:
            self._table = RouteTable(self._routes())
        try:
            template = self._table.find(method, path)
        except problems.ProblemError as problem:
            return None, problem
        rule = rule_for(method, template)
        if rule is None:
            log.error("policy.no_rule", method=method, template=template)
        return rule, None

    async def _by_bearer(self, token: str) -> Principal | None:
        known = by_settings(token, self._config.api_token)
        return known or await principals.by_token(self._database.pool, token, self._config.clock())

    async def _by_cookie(self, headers: Headers) -> Principal | None:
        token = browser.cookie(headers, self._cookie)
        return None if token is None else await principals.by_session(self._database.pool, token, self._config.clock())

    def _demand_same_origin(self, headers: Headers) -> None:
        if not browser.same_origin(headers, secure=self._config.secure_cookies):
            raise problems.ProblemError(
                403,
                "The request does not come from a page of this server; tools send an API token instead of a cookie.",
            )


def _action(scope: Scope, rule: RouteRule, message: Message) -> str | None:
    """Action of an answer in the audit record, by its route or rule; a file is an export."""
    query = QueryParams(scope["query_string"])
    action_name = scope.get("audit", {}).get("action") or rule.audited(scope["method"], query)
    if message["status"] >= 400:
        return _refused_action(action_name, scope["method"], message["status"])
    is_file = MutableHeaders(raw=message["headers"]).get("content-disposition", "").startswith("attachment")
    return action_name or ("export" if is_file else None)


def _refused_action(action_name: str | None, method: str, status: int) -> str | None:
    """Whether a refusal is recorded: refused accesses and changes, and accesses out of sight, which may be a search."""
    if status == 403:
        wanted = action_name or (None if method in SAFE | {WEBSOCKET} else "change")
        return None if wanted is None else f"{wanted}.refused"
    return "look.refused" if status == 404 and action_name == "look" else None


def _entry(scope: Scope, principal: Principal, action: str, status: int) -> audit_chain.Entry:
    query = QueryParams(scope["query_string"])
    detail = {
        "method": scope.get("method", WEBSOCKET),
        "query": {name: ",".join(query.getlist(name))[:MOST_OF_A_VALUE] for name in query},
        "status": status,
        "role": principal.role,
        **({} if principal.areas is None else {"areas": sorted(principal.areas)}),
        **{name: value for name, value in scope.get("audit", {}).items() if name != "action"},
    }
    return audit_log.entry(principal.name, action, scope["path"], detail)


def _demand(principal: Principal, rule: RouteRule) -> None:
    if rule.permission not in principal.permissions:
        raise problems.ProblemError(403, f"The role {principal.role} may not do this; ask an administrator.")
    if rule.reach is Reach.CITY and principal.areas is not None:
        raise problems.ProblemError(403, "This is for accounts that see the whole city; ask an administrator.")


def _basic(shown: str) -> tuple[str, str]:
    """Name and password of a device; empty if they cannot be read."""
    try:
        name, _, password = base64.b64decode(shown, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, password


def _too_much() -> problems.ProblemError:
    detail = f"You have {costs.AT_ONCE} long requests in progress; wait for one of them to end, or cancel it."
    return problems.ProblemError(429, detail, headers={"Retry-After": str(costs.AGAIN_S)})


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
    answer: Response = problem_documents.response(problem, scope["path"])
    if problem.status == 401 and browser.wants_page(scope):
        query = scope["query_string"].decode("latin-1")
        target = quote(scope["path"], safe="/") + (f"?{query}" if query else "")
        where = "/login" if target == "/" else f"/login?next={quote(target, safe='/')}"
        answer = RedirectResponse(where, status_code=303, headers={"Cache-Control": "no-store"})
    await answer(scope, receive, send)


async def _refuse_websocket(scope: Scope, receive: Receive, send: Send, problem: problems.ProblemError) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await problem_documents.response(problem, scope["path"])(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": problem.detail[:120]})
