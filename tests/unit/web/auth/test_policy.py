"""The policy's pure parts: rules, where to go after signing in, same origin."""

import pytest
from fastapi import APIRouter
from starlette.datastructures import Headers

from alerts.store.notify import recipient
from web import problems
from web.auth import route_rules
from web.auth.access import PERMISSIONS, Permission, Role
from web.http import browser
from web.http.route_table import RouteTable


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/map\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "map",
        "",
        None,
    ],
)
def test_safe_next_leads_nowhere_else(target: str | None) -> None:
    """Whatever could leave this server leads to the start page."""
    assert browser.safe_next(target) == "/"


@pytest.mark.parametrize("target", ["/map", "/replay/cam-1?from=2026-05-01T00:00:00Z", "/"])
def test_safe_next_keeps_our_own_addresses(target: str) -> None:
    """A path of ours is kept with its query."""
    assert browser.safe_next(target) == target


@pytest.mark.parametrize(
    ("headers", "secure", "expected"),
    [
        ({"host": "a:8000", "origin": "http://a:8000"}, False, True),
        ({"host": "a", "origin": "https://a"}, True, True),
        ({"host": "a:443", "origin": "https://a"}, True, True),
        ({"host": "a", "origin": "http://a"}, True, False),
        ({"host": "a:8000", "origin": "http://b:8000"}, False, False),
        ({"host": "a:8000", "origin": "http://a:9000"}, False, False),
        ({"host": "a", "origin": "null"}, False, False),
        ({"host": "a", "sec-fetch-site": "same-origin"}, False, True),
        ({"host": "a", "sec-fetch-site": "same-site"}, False, False),
        ({"host": "a", "sec-fetch-site": "cross-site"}, False, False),
        ({"host": "a"}, False, False),
        ({"host": "a", "origin": "null", "sec-fetch-site": "same-origin"}, False, True),
        ({"host": "a", "origin": "http://a", "sec-fetch-site": "cross-site"}, False, False),
        ({"host": "a", "origin": "http://b", "sec-fetch-site": "same-origin"}, False, False),
    ],
)
def test_same_origin_believes_only_the_browser(headers: dict[str, str], *, secure: bool, expected: bool) -> None:
    """Origin and Sec-Fetch-Site must not contradict; neither means no."""
    assert browser.same_origin(Headers(headers), secure=secure) is expected


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/metrics"), ("GET", "/"), ("GET", "/login/"), ("GET", "/api/v1/session"), ("POST", "/healthz"),
     ("GET", "/login/page.html"), ("DELETE", "/api/v1/session"), ("GET", "/LOGIN"), ("GET", "//healthz")],
)  # fmt: skip
def test_rule_for_what_is_not_named_is_closed(method: str, path: str) -> None:
    """Only the exact template with the exact method is public."""
    rule = route_rules.rule_for(method, path)
    assert rule is None or rule.permission is not None


async def _answer() -> None: ...


@pytest.fixture
def table() -> RouteTable:
    """Two resources, and the page that takes every other address."""
    routes = APIRouter()
    for method, path in (("GET", "/things"), ("POST", "/things"), ("GET", "/things/{id}"), ("GET", "/{path:path}")):
        routes.add_api_route(path, _answer, methods=[method])
    routes.add_api_websocket_route("/live", _answer)
    return RouteTable(routes.routes)


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [("GET", "/things", "/things"), ("POST", "/things", "/things"), ("GET", "/things/1", "/things/{id}"),
     ("GET", "/things/1/2", "/{path:path}"), ("GET", "/things/", "/{path:path}"), ("WEBSOCKET", "/live", "/live"),
     ("GET", "/live", "/{path:path}")],
)  # fmt: skip
def test_route_that_will_serve_is_found_by_its_template(
    table: RouteTable, method: str, path: str, template: str
) -> None:
    """The rule is that of the route the application will choose."""
    assert table.find(method, path) == template


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [("DELETE", "/things", 405, "GET, POST"), ("DELETE", "/nothing", 405, "GET"), ("WEBSOCKET", "/things", 404, None)],
)
def test_what_no_route_serves_is_told_without_asking_it(
    table: RouteTable, method: str, path: str, status: int, allow: str | None
) -> None:
    """Another method names those that are possible; a websocket is only where one is."""
    with pytest.raises(problems.ProblemError) as caught:
        table.find(method, path)
    assert caught.value.status == status
    assert caught.value.headers.get("Allow") == allow


def test_notifications_go_to_roles_that_may_look() -> None:
    """What is told by message is no more than what the page would show."""
    assert {role for role in Role if Permission.ALERTS in PERMISSIONS[role]} == recipient.MAY_SEE
    assert {
        role for role in recipient.MAY_SEE if Permission.POSITIONS in PERMISSIONS[Role(role)]
    } == recipient.SEE_PEOPLE
