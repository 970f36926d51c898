"""Who may pass: the one place where every request and websocket is let in or turned away. Closed by default.

How to add a route, in three lines:
1. `RULES` below: `Rule("/api/v1/things/{id}", _READ, Permission.COVERAGE, Reach.AREA)`; without a rule it is closed.
2. Its parameter `see: Annotated[Sight, Depends(access.sight)]`; hand `see.cell_ids`, `see.device_ids`, … to the query
   (None: all), answer 404 for what is not in sight. Not yet so? `Reach.CITY`: only for those who see the whole city.
3. `tests/integration/web/matrix_city.py`: data of it for both streets. The matrix test finds the route by itself.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.audit import audit, audit_chain
from web.audit.audit import Recorder
from web.auth import accounts, costs
from web.auth.access import Permission
from web.auth.accounts import Kind, Principal
from web.config import WebConfig
from web.database import Database
from web.http import browser, problems
from web.http.route_table import CATCH_ALL, WEBSOCKET, RouteTable

MOST_OF_A_VALUE = 2_000
"""Characters of a parameter that the audit record keeps."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

log = structlog.get_logger(__name__)


class Reach(Enum):
    """How much of the city an answer speaks of."""

    NONE = "none"
    """Nothing of the city: the page, the documentation, one's own session."""
    AREA = "area"
    """What the caller sees: the route takes a `Sight`."""
    CITY = "city"
    """All of it: only for those who see the whole city."""
    OWN = "own"
    """The caller's own person."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route (its template) asks for with these methods; `permission` None: nothing, it is public."""

    path: str
    methods: frozenset[str]
    permission: Permission | None
    reach: Reach = Reach.CITY
    costly: Callable[[QueryParams], bool] | None = None
    """Whether what is asked takes the process long: `web.auth.costs` limits how much of it an account has at once."""

    def audited(self, method: str, asked: QueryParams) -> str | None:
        """Under which name a request goes into the audit record: looks at persons, and changes."""
        if self.permission in _LOOKS or "device" in asked:
            return "look"
        return "change" if method not in SAFE | {WEBSOCKET} and self.permission not in _NOT_RECORDED else None


_P = Permission
_LOOKS = frozenset({_P.POSITIONS, _P.TRACKS, _P.OWN_RECORD, _P.MEDIA})
_NOT_RECORDED = frozenset({None, _P.SELF, _P.BROKER, _P.ACCOUNTS, _P.HOLDS, _P.RETENTION_EDIT})
"""What is no change of the city's, or is recorded by its route with more detail."""


def _always(_asked: QueryParams) -> bool:
    return True


def _of_the_past(asked: QueryParams) -> bool:
    return "at" in asked or "known" in asked


def _checking(asked: QueryParams) -> bool:
    return "check" in asked


_READ = frozenset({"GET"})
_WRITE = frozenset({"POST"})

RULES: tuple[Rule, ...] = (
    Rule("/healthz", _READ, None, Reach.NONE),
    Rule("/readyz", _READ, None, Reach.NONE),
    Rule("/login", _READ | _WRITE, None, Reach.NONE),
    Rule("/login/login.css", _READ, None, Reach.NONE),
    Rule("/login/openid", _READ, None, Reach.NONE),
    Rule("/login/openid/callback", _READ, None, Reach.NONE),
    Rule("/api/v1/session", _WRITE, None, Reach.NONE),
    Rule("/api/v1/session", frozenset({"GET", "DELETE"}), _P.SELF, Reach.NONE),
    Rule("/", _READ, _P.SELF, Reach.NONE),
    Rule(CATCH_ALL, _READ, _P.SELF, Reach.NONE),
    Rule("/audit", _READ, _P.AUDIT, Reach.CITY, _checking),
    Rule("/own", _READ, _P.OWN_RECORD, Reach.OWN),
    Rule("/logout", _WRITE, _P.SELF, Reach.NONE),
    Rule("/password", _READ | _WRITE, _P.SELF, Reach.NONE),
    Rule("/api/v1/ground", _READ, _P.SELF, Reach.NONE),
    Rule("/basemap/ground.pmtiles", _READ, _P.SELF, Reach.NONE),
    Rule("/basemap/fonts/{path:path}", _READ, _P.SELF, Reach.NONE),
    Rule("/basemap/sprites/{path:path}", _READ, _P.SELF, Reach.NONE),
    Rule("/docs", _READ, _P.SELF, Reach.NONE),
    Rule("/openapi.json", _READ | {"HEAD"}, _P.SELF, Reach.NONE),
    Rule("/metrics", _READ, _P.OPERATIONS, Reach.CITY),
    Rule("/api/v1/live", frozenset({WEBSOCKET}), _P.COVERAGE, Reach.AREA),
    Rule("/api/v1/devices", _READ, _P.POSITIONS, Reach.AREA),
    Rule("/api/v1/devices/{name}", _READ, _P.POSITIONS, Reach.AREA),
    Rule("/api/v1/devices/{name}/track", _READ, _P.TRACKS, Reach.AREA, _always),
    Rule("/api/v1/devices", _WRITE, _P.DEVICES_EDIT),
    Rule("/api/v1/devices/{name}/password", _WRITE, _P.DEVICES_EDIT),
    Rule("/api/v1/devices/{name}/revoke", _WRITE, _P.DEVICES_EDIT),
    Rule("/api/v1/devices/{name}/restore", _WRITE, _P.DEVICES_EDIT),
    Rule("/api/v1/broker/authn", _WRITE, _P.BROKER),
    Rule("/api/v1/broker/authz", _WRITE, _P.BROKER),
    Rule("/api/v1/broker/user", _WRITE, _P.BROKER),
    Rule("/api/v1/broker/acl", _WRITE, _P.BROKER),
    Rule("/api/v1/cells", _READ, _P.COVERAGE, Reach.AREA),
    Rule("/api/v1/areas", _READ, _P.COVERAGE, Reach.AREA),
    Rule("/api/v1/grids", _READ, _P.COVERAGE, Reach.AREA),
    Rule("/api/v1/grids/import", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    Rule("/api/v1/roads/import", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    Rule("/api/v1/checkpoints/import", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    Rule("/api/v1/coverage", _READ, _P.COVERAGE, Reach.AREA, _of_the_past),
    Rule("/api/v1/indicators", _READ, _P.REPORTS, Reach.AREA, _always),
    Rule("/api/v1/plans", _READ, _P.RULES, Reach.CITY),
    Rule("/api/v1/plans", _WRITE, _P.RULES_EDIT, Reach.CITY),
    Rule("/api/v1/plans/history", _READ, _P.RULES, Reach.CITY),
    Rule("/api/v1/plans/trial", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    Rule("/api/v1/rules/kinds", _READ, _P.RULES, Reach.NONE),
    Rule("/api/v1/rules", _READ, _P.RULES, Reach.CITY),
    Rule("/api/v1/rules", _WRITE, _P.RULES_EDIT, Reach.CITY),
    Rule("/api/v1/rules/history", _READ, _P.RULES, Reach.CITY),
    Rule("/api/v1/rules/dry-run", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    Rule("/api/v1/calendar", _READ, _P.RULES, Reach.NONE),
    Rule("/api/v1/calendar", _WRITE, _P.RULES_EDIT, Reach.CITY),
    Rule("/api/v1/areas/{code}/owner", _WRITE, _P.RULES_EDIT, Reach.CITY),
    Rule("/api/v1/visits", _READ, _P.COVERAGE, Reach.AREA),
    Rule("/api/v1/events", _READ, _P.EVENTS, Reach.AREA),
    Rule("/api/v1/events/{key}", _READ, _P.EVENTS, Reach.AREA),
    Rule("/api/v1/media/{sha256}", _READ, _P.MEDIA, Reach.AREA),
    Rule("/api/v1/media/{sha256}", frozenset({"PUT"}), _P.MEDIA_SEND, Reach.AREA),
    Rule("/api/v1/refusals", _READ, _P.OPERATIONS, Reach.CITY),
    Rule("/api/v1/alerts", _READ, _P.ALERTS, Reach.AREA),
    Rule("/api/v1/alerts/{number}", _READ, _P.ALERTS, Reach.AREA),
    *(
        Rule(f"/api/v1/alerts/{{number}}/{step}", _WRITE, _P.ALERT_STEPS, Reach.AREA)
        for step in ("acknowledge", "assign", "snooze", "escalate", "close", "note")
    ),
    Rule("/api/v1/tasks", _READ, _P.ALERTS, Reach.AREA),
    Rule("/api/v1/duty-rosters", _READ, _P.PEOPLE, Reach.AREA),
    Rule("/api/v1/duty-rosters", _WRITE, _P.PEOPLE_EDIT, Reach.AREA),
    Rule("/api/v1/duty-rosters/{number}", frozenset({"DELETE"}), _P.PEOPLE_EDIT, Reach.AREA),
    Rule("/api/v1/units", _READ, _P.PEOPLE, Reach.AREA),
    Rule("/api/v1/officers", _READ, _P.PEOPLE, Reach.AREA),
    Rule("/api/v1/officers", _WRITE, _P.PEOPLE_EDIT),
    Rule("/api/v1/officers/{badge}", frozenset({"DELETE"}), _P.PEOPLE_EDIT),
    Rule("/api/v1/devices/{name}/officer", frozenset({"PUT"}), _P.PEOPLE_EDIT, Reach.AREA),
    Rule("/api/v1/bindings", _READ, _P.PEOPLE, Reach.AREA),
    Rule("/api/v1/shifts", _READ, _P.PEOPLE, Reach.AREA),
    Rule("/api/v1/shifts", _WRITE, _P.PEOPLE_EDIT, Reach.AREA),
    Rule("/api/v1/shifts/{number}", frozenset({"DELETE"}), _P.PEOPLE_EDIT, Reach.AREA),
    Rule("/api/v1/channels", _READ, _P.ALERTS, Reach.OWN),
    Rule("/api/v1/channels", _WRITE, _P.OPERATIONS, Reach.CITY),
    Rule("/api/v1/channels/{number}", frozenset({"PUT", "DELETE"}), _P.ALERTS, Reach.OWN),
    Rule("/api/v1/channels/{number}/test", _WRITE, _P.ALERTS, Reach.OWN),
    Rule("/api/v1/deliveries", _READ, _P.ALERTS, Reach.OWN),
    Rule("/api/v1/push/key", _READ, _P.ALERTS, Reach.NONE),
    Rule("/api/v1/push/subscriptions", _WRITE, _P.ALERTS, Reach.OWN),
    Rule("/api/v1/holds", _READ | _WRITE, _P.HOLDS, Reach.CITY),
    Rule("/api/v1/holds/{number}/release", _WRITE, _P.HOLDS, Reach.CITY),
    Rule("/api/v1/retention", _READ, _P.HOLDS, Reach.CITY),
    Rule("/api/v1/retention/{data}", frozenset({"PUT"}), _P.RETENTION_EDIT, Reach.CITY),
    Rule("/api/v1/assignments", _READ, _P.ALERTS, Reach.AREA),
    Rule("/api/v1/replay", _READ, _P.TRACKS, Reach.AREA, _always),
    Rule("/api/v1/presence", _WRITE, _P.TRACKS, Reach.AREA, _always),
    Rule("/api/v1/exports", _WRITE, _P.TRACKS, Reach.AREA, _always),
    Rule("/api/v1/stats", _READ, _P.REPORTS, Reach.AREA),
    Rule("/api/v1/audit", _READ, _P.AUDIT, Reach.CITY),
    Rule("/api/v1/me/record", _READ, _P.OWN_RECORD, Reach.OWN, _always),
    Rule("/api/v1/session/password", _WRITE, _P.SELF, Reach.NONE),
    Rule("/api/v1/session/everywhere", frozenset({"DELETE"}), _P.SELF, Reach.NONE),
    Rule("/api/v1/session/second-factor", _WRITE | {"DELETE"}, _P.SELF, Reach.NONE),
    Rule("/api/v1/session/second-factor/confirm", _WRITE, _P.SELF, Reach.NONE),
    Rule("/api/v1/accounts", _READ | _WRITE, _P.ACCOUNTS, Reach.CITY),
    Rule("/api/v1/accounts/{account}", frozenset({"GET", "PATCH"}), _P.ACCOUNTS, Reach.CITY),
    Rule("/api/v1/accounts/{account}/sign-out", _WRITE, _P.ACCOUNTS, Reach.CITY),
    Rule("/api/v1/tokens", _READ | _WRITE, _P.ACCOUNTS, Reach.CITY),
    Rule("/api/v1/tokens/{token}", frozenset({"DELETE"}), _P.ACCOUNTS, Reach.CITY),
)
_BY_ROUTE = {(method, rule.path): rule for rule in RULES for method in rule.methods}


def rule_for(method: str, template: str) -> Rule | None:
    """Find the rule of a route; None: there is none, the route is closed."""
    return _BY_ROUTE.get((method, template))


class Policy:
    """ASGI middleware that lets in or turns away; `scope["principal"]` says who came in."""

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
        """Let a request or websocket in, or answer it here."""
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
        """Refuse; what somebody known was refused is recorded first."""
        who, rule = scope.get("refused"), scope.get("rule")
        if who is not None and rule is not None:
            method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
            said = "look" if method == WEBSOCKET else rule.audited(method, QueryParams(scope["query_string"]))
            action = _refused_action(said, method, problem.status)
            if action is not None:
                try:
                    await self._recorder.put(_entry(scope, who, action, problem.status))
                except problems.NotReadyError as away:
                    problem = away
        await _refuse(scope, receive, send, problem)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered; of what takes long only so much for an account at once."""
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
        """Where an answer must go into the audit record: it waits until it is there."""
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
                    await problems.response(problem, scope["path"])(scope, receive, send)
            if not refused:
                await send(message)

        return recorded

    async def _admit(self, scope: Scope) -> Principal | None:
        headers = Headers(scope=scope)
        method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
        rule, problem = self._rule(method, scope["path"])
        scope["rule"] = rule
        if rule is not None and rule.permission is None:
            # Signing somebody in from a foreign page is an attack too; tools that send no Origin have no cookie.
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
        if method not in SAFE and principal.kind is Kind.SESSION:
            self._demand_same_origin(headers)
        return principal

    async def _who(self, headers: Headers) -> Principal | None:
        """Who shows a token, the name and password of a device, or else the cookie of a session."""
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return await self._by_bearer(shown.strip())
        if scheme.lower() == "basic":
            name, password = _basic(shown.strip())
            return await accounts.by_device(self._database.pool, self._config.device_key, name, password)
        return await self._by_cookie(headers)

    def _rule(self, method: str, path: str) -> tuple[Rule | None, problems.ProblemError | None]:
        """The rule of the route that will serve; without one, why there is none, for those who are signed in."""
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
        known = accounts.by_settings(token, self._config.api_token)
        return known or await accounts.by_token(self._database.pool, token, self._config.clock())

    async def _by_cookie(self, headers: Headers) -> Principal | None:
        token = browser.cookie(headers, self._cookie)
        return None if token is None else await accounts.by_session(self._database.pool, token, self._config.clock())

    def _demand_same_origin(self, headers: Headers) -> None:
        if not browser.same_origin(headers, secure=self._config.secure_cookies):
            raise problems.ProblemError(
                403,
                "The request does not come from a page of this server; tools send an API token instead of a cookie.",
            )


def _action(scope: Scope, rule: Rule, message: Message) -> str | None:
    """Under which name an answer goes into the audit record: as its route or rule says; a file is an export."""
    asked = QueryParams(scope["query_string"])
    said = scope.get("audit", {}).get("action") or rule.audited(scope["method"], asked)
    if message["status"] >= 400:
        return _refused_action(said, scope["method"], message["status"])
    is_file = MutableHeaders(raw=message["headers"]).get("content-disposition", "").startswith("attachment")
    return said or ("export" if is_file else None)


def _refused_action(said: str | None, method: str, status: int) -> str | None:
    """Looks and changes that were not allowed, and looks at what is not in sight, which may be somebody's search."""
    if status == 403:
        wanted = said or (None if method in SAFE | {WEBSOCKET} else "change")
        return None if wanted is None else f"{wanted}.refused"
    return "look.refused" if status == 404 and said == "look" else None


def _entry(scope: Scope, principal: Principal, action: str, status: int) -> audit_chain.Entry:
    asked = QueryParams(scope["query_string"])
    detail = {
        "method": scope.get("method", WEBSOCKET),
        "query": {name: ",".join(asked.getlist(name))[:MOST_OF_A_VALUE] for name in asked},
        "status": status,
        "role": principal.role,
        **({} if principal.areas is None else {"areas": sorted(principal.areas)}),
        **{name: value for name, value in scope.get("audit", {}).items() if name != "action"},
    }
    return audit.entry(principal.name, action, scope["path"], detail)


def _demand(principal: Principal, rule: Rule) -> None:
    if rule.permission not in principal.permissions:
        raise problems.ProblemError(403, f"The role {principal.role} may not do this; ask an administrator.")
    if rule.reach is Reach.CITY and principal.areas is not None:
        raise problems.ProblemError(403, "This is for accounts that see the whole city; ask an administrator.")


def _basic(shown: str) -> tuple[str, str]:
    """Name and password of a device; what cannot be read is of nobody."""
    try:
        name, _, password = base64.b64decode(shown, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return name, password


def _too_much() -> problems.ProblemError:
    said = f"You have {costs.AT_ONCE} questions under way that take long; wait for one of them, or stop it."
    return problems.ProblemError(429, said, headers={"Retry-After": str(costs.AGAIN_S)})


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
    if problem.status == 401 and browser.wants_page(scope):
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
