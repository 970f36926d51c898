"""Access rules: one for each route and method. A route without a rule is closed.

How to add a route, in three lines:
1. `RULES` below: `Rule("/api/v1/things/{id}", _READ, Permission.COVERAGE, Reach.AREA)`.
2. Its parameter `see: Annotated[Sight, Depends(access.sight)]`; hand `see.cell_ids`, `see.device_ids`, … to the query
   (None: all), answer 404 for what is not in sight. Not yet so? `Reach.CITY`: only for those who see the whole city.
3. `tests/integration/web/matrix_city.py`: data of it for both streets. The matrix test finds the route by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from starlette.datastructures import QueryParams

from web.auth.access import Permission
from web.http.route_table import CATCH_ALL, WEBSOCKET

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_P = Permission
_LOOKS = frozenset({_P.POSITIONS, _P.TRACKS, _P.OWN_RECORD, _P.MEDIA})
_NOT_RECORDED = frozenset({None, _P.SELF, _P.BROKER, _P.ACCOUNTS, _P.HOLDS, _P.RETENTION_EDIT})
"""Routes that change nothing of the city, or that record their changes themselves with more detail."""


class Reach(Enum):
    """Part of the city that an answer covers."""

    NONE = "none"
    """Nothing of the city: the page, the documentation, one's own session."""
    AREA = "area"
    """The sight of the caller: the route takes a `Sight`."""
    CITY = "city"
    """All of it: only for those who see the whole city."""
    OWN = "own"
    """The caller's own person."""


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Rule of a route (its template) with these methods; `permission` None: it is public."""

    path: str
    methods: frozenset[str]
    permission: Permission | None
    reach: Reach = Reach.CITY
    costly: Callable[[QueryParams], bool] | None = None
    """Whether the request is expensive: `web.auth.costs` limits the concurrent ones of an account."""

    def audited(self, method: str, query: QueryParams) -> str | None:
        """Action in the audit record: accesses to persons, and changes."""
        if self.permission in _LOOKS or "device" in query:
            return "look"
        return "change" if method not in SAFE | {WEBSOCKET} and self.permission not in _NOT_RECORDED else None


def _always(_asked: QueryParams) -> bool:
    return True


def _of_the_past(query: QueryParams) -> bool:
    return "at" in query or "known" in query


def _checking(query: QueryParams) -> bool:
    return "check" in query


_READ = frozenset({"GET"})
_WRITE = frozenset({"POST"})
RULES: tuple[RouteRule, ...] = (
    RouteRule("/healthz", _READ, None, Reach.NONE),
    RouteRule("/readyz", _READ, None, Reach.NONE),
    RouteRule("/login", _READ | _WRITE, None, Reach.NONE),
    RouteRule("/login/login.css", _READ, None, Reach.NONE),
    RouteRule("/login/openid", _READ, None, Reach.NONE),
    RouteRule("/login/openid/callback", _READ, None, Reach.NONE),
    RouteRule("/api/v1/session", _WRITE, None, Reach.NONE),
    RouteRule("/api/v1/session", frozenset({"GET", "DELETE"}), _P.SELF, Reach.NONE),
    RouteRule("/", _READ, _P.SELF, Reach.NONE),
    RouteRule(CATCH_ALL, _READ, _P.SELF, Reach.NONE),
    RouteRule("/audit", _READ, _P.AUDIT, Reach.CITY, _checking),
    RouteRule("/own", _READ, _P.OWN_RECORD, Reach.OWN),
    RouteRule("/logout", _WRITE, _P.SELF, Reach.NONE),
    RouteRule("/password", _READ | _WRITE, _P.SELF, Reach.NONE),
    RouteRule("/api/v1/ground", _READ, _P.SELF, Reach.NONE),
    RouteRule("/basemap/ground.pmtiles", _READ, _P.SELF, Reach.NONE),
    RouteRule("/basemap/fonts/{path:path}", _READ, _P.SELF, Reach.NONE),
    RouteRule("/basemap/sprites/{path:path}", _READ, _P.SELF, Reach.NONE),
    RouteRule("/docs", _READ, _P.SELF, Reach.NONE),
    RouteRule("/openapi.json", _READ | {"HEAD"}, _P.SELF, Reach.NONE),
    RouteRule("/metrics", _READ, _P.OPERATIONS, Reach.CITY),
    RouteRule("/api/v1/live", frozenset({WEBSOCKET}), _P.COVERAGE, Reach.AREA),
    RouteRule("/api/v1/devices", _READ, _P.POSITIONS, Reach.AREA),
    RouteRule("/api/v1/devices/{name}", _READ, _P.POSITIONS, Reach.AREA),
    RouteRule("/api/v1/devices/{name}/track", _READ, _P.TRACKS, Reach.AREA, _always),
    RouteRule("/api/v1/devices", _WRITE, _P.DEVICES_EDIT),
    RouteRule("/api/v1/devices/{name}/password", _WRITE, _P.DEVICES_EDIT),
    RouteRule("/api/v1/devices/{name}/revoke", _WRITE, _P.DEVICES_EDIT),
    RouteRule("/api/v1/devices/{name}/restore", _WRITE, _P.DEVICES_EDIT),
    RouteRule("/api/v1/broker/authn", _WRITE, _P.BROKER),
    RouteRule("/api/v1/broker/authz", _WRITE, _P.BROKER),
    RouteRule("/api/v1/broker/user", _WRITE, _P.BROKER),
    RouteRule("/api/v1/broker/acl", _WRITE, _P.BROKER),
    RouteRule("/api/v1/cells", _READ, _P.COVERAGE, Reach.AREA),
    RouteRule("/api/v1/areas", _READ, _P.COVERAGE, Reach.AREA),
    RouteRule("/api/v1/grids", _READ, _P.COVERAGE, Reach.AREA),
    RouteRule("/api/v1/grids/import", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    RouteRule("/api/v1/roads/import", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    RouteRule("/api/v1/checkpoints/import", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    RouteRule("/api/v1/coverage", _READ, _P.COVERAGE, Reach.AREA, _of_the_past),
    RouteRule("/api/v1/indicators", _READ, _P.REPORTS, Reach.AREA, _always),
    RouteRule("/api/v1/plans", _READ, _P.RULES, Reach.CITY),
    RouteRule("/api/v1/plans", _WRITE, _P.RULES_EDIT, Reach.CITY),
    RouteRule("/api/v1/plans/history", _READ, _P.RULES, Reach.CITY),
    RouteRule("/api/v1/plans/trial", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    RouteRule("/api/v1/rules/kinds", _READ, _P.RULES, Reach.NONE),
    RouteRule("/api/v1/rules", _READ, _P.RULES, Reach.CITY),
    RouteRule("/api/v1/rules", _WRITE, _P.RULES_EDIT, Reach.CITY),
    RouteRule("/api/v1/rules/history", _READ, _P.RULES, Reach.CITY),
    RouteRule("/api/v1/rules/dry-run", _WRITE, _P.RULES_EDIT, Reach.CITY, _always),
    RouteRule("/api/v1/calendar", _READ, _P.RULES, Reach.NONE),
    RouteRule("/api/v1/calendar", _WRITE, _P.RULES_EDIT, Reach.CITY),
    RouteRule("/api/v1/areas/{code}/owner", _WRITE, _P.RULES_EDIT, Reach.CITY),
    RouteRule("/api/v1/visits", _READ, _P.COVERAGE, Reach.AREA),
    RouteRule("/api/v1/events", _READ, _P.EVENTS, Reach.AREA),
    RouteRule("/api/v1/events/{key}", _READ, _P.EVENTS, Reach.AREA),
    RouteRule("/api/v1/media/{sha256}", _READ, _P.MEDIA, Reach.AREA),
    RouteRule("/api/v1/media/{sha256}", frozenset({"PUT"}), _P.MEDIA_SEND, Reach.AREA),
    RouteRule("/api/v1/refusals", _READ, _P.OPERATIONS, Reach.CITY),
    RouteRule("/api/v1/alerts", _READ, _P.ALERTS, Reach.AREA),
    RouteRule("/api/v1/alerts/{number}", _READ, _P.ALERTS, Reach.AREA),
    *(
        RouteRule(f"/api/v1/alerts/{{number}}/{step}", _WRITE, _P.ALERT_STEPS, Reach.AREA)
        for step in ("acknowledge", "assign", "snooze", "escalate", "close", "note")
    ),
    RouteRule("/api/v1/tasks", _READ, _P.ALERTS, Reach.AREA),
    RouteRule("/api/v1/duty-rosters", _READ, _P.PEOPLE, Reach.AREA),
    RouteRule("/api/v1/duty-rosters", _WRITE, _P.PEOPLE_EDIT, Reach.AREA),
    RouteRule("/api/v1/duty-rosters/{number}", frozenset({"DELETE"}), _P.PEOPLE_EDIT, Reach.AREA),
    RouteRule("/api/v1/units", _READ, _P.PEOPLE, Reach.AREA),
    RouteRule("/api/v1/officers", _READ, _P.PEOPLE, Reach.AREA),
    RouteRule("/api/v1/officers", _WRITE, _P.PEOPLE_EDIT),
    RouteRule("/api/v1/officers/{badge}", frozenset({"DELETE"}), _P.PEOPLE_EDIT),
    RouteRule("/api/v1/devices/{name}/officer", frozenset({"PUT"}), _P.PEOPLE_EDIT, Reach.AREA),
    RouteRule("/api/v1/bindings", _READ, _P.PEOPLE, Reach.AREA),
    RouteRule("/api/v1/shifts", _READ, _P.PEOPLE, Reach.AREA),
    RouteRule("/api/v1/shifts", _WRITE, _P.PEOPLE_EDIT, Reach.AREA),
    RouteRule("/api/v1/shifts/{number}", frozenset({"DELETE"}), _P.PEOPLE_EDIT, Reach.AREA),
    RouteRule("/api/v1/channels", _READ, _P.ALERTS, Reach.OWN),
    RouteRule("/api/v1/channels", _WRITE, _P.OPERATIONS, Reach.CITY),
    RouteRule("/api/v1/channels/{number}", frozenset({"PUT", "DELETE"}), _P.ALERTS, Reach.OWN),
    RouteRule("/api/v1/channels/{number}/test", _WRITE, _P.ALERTS, Reach.OWN),
    RouteRule("/api/v1/deliveries", _READ, _P.ALERTS, Reach.OWN),
    RouteRule("/api/v1/push/key", _READ, _P.ALERTS, Reach.NONE),
    RouteRule("/api/v1/push/subscriptions", _WRITE, _P.ALERTS, Reach.OWN),
    RouteRule("/api/v1/holds", _READ | _WRITE, _P.HOLDS, Reach.CITY),
    RouteRule("/api/v1/holds/{number}/release", _WRITE, _P.HOLDS, Reach.CITY),
    RouteRule("/api/v1/retention", _READ, _P.HOLDS, Reach.CITY),
    RouteRule("/api/v1/retention/{data}", frozenset({"PUT"}), _P.RETENTION_EDIT, Reach.CITY),
    RouteRule("/api/v1/assignments", _READ, _P.ALERTS, Reach.AREA),
    RouteRule("/api/v1/replay", _READ, _P.TRACKS, Reach.AREA, _always),
    RouteRule("/api/v1/presence", _WRITE, _P.TRACKS, Reach.AREA, _always),
    RouteRule("/api/v1/exports", _WRITE, _P.TRACKS, Reach.AREA, _always),
    RouteRule("/api/v1/stats", _READ, _P.REPORTS, Reach.AREA),
    RouteRule("/api/v1/audit", _READ, _P.AUDIT, Reach.CITY),
    RouteRule("/api/v1/me/record", _READ, _P.OWN_RECORD, Reach.OWN, _always),
    RouteRule("/api/v1/session/password", _WRITE, _P.SELF, Reach.NONE),
    RouteRule("/api/v1/session/everywhere", frozenset({"DELETE"}), _P.SELF, Reach.NONE),
    RouteRule("/api/v1/session/second-factor", _WRITE | {"DELETE"}, _P.SELF, Reach.NONE),
    RouteRule("/api/v1/session/second-factor/confirm", _WRITE, _P.SELF, Reach.NONE),
    RouteRule("/api/v1/accounts", _READ | _WRITE, _P.ACCOUNTS, Reach.CITY),
    RouteRule("/api/v1/accounts/{account}", frozenset({"GET", "PATCH"}), _P.ACCOUNTS, Reach.CITY),
    RouteRule("/api/v1/accounts/{account}/sign-out", _WRITE, _P.ACCOUNTS, Reach.CITY),
    RouteRule("/api/v1/tokens", _READ | _WRITE, _P.ACCOUNTS, Reach.CITY),
    RouteRule("/api/v1/tokens/{token}", frozenset({"DELETE"}), _P.ACCOUNTS, Reach.CITY),
)
_BY_ROUTE = {(method, rule.path): rule for rule in RULES for method in rule.methods}


def rule_for(method: str, template: str) -> RouteRule | None:
    """Rule of a route; None: there is none, and the route is closed."""
    return _BY_ROUTE.get((method, template))
