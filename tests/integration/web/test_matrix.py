"""Every route × every role × inside and outside the area, from the route table: nothing of the other street is told."""

import json
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.integration.web import matrix_city, matrix_requests, matrix_street
from tests.integration.web.matrix_street import Street
from tests.integration.web.test_closed import route_table
from tests.support import web
from tests.support.waiting import until
from web.auth import route_rules
from web.auth.access import PERMISSIONS, Permission, Role
from web.auth.route_rules import Reach, RouteRule
from web.auth.store import tokens
from web.http.route_table import WEBSOCKET

if TYPE_CHECKING:
    from runtime import db

ROUTES = [(method, template) for method, template in route_table().entries() if method not in ("HEAD", WEBSOCKET)]
AREAS = {"street": ("441302001",), "grid": ("44130200101",), "district": ("441302",), "city": None}
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True)
class City:
    """The running server, its two streets, and a token for each role and area."""

    server: web.WebServer
    mine: Street
    other: Street
    tokens: dict[tuple[Role, str], str]


@pytest.fixture
async def city(database_url: str, conn: "db.Connection", tmp_path: Path) -> AsyncIterator[City]:
    """A server on the city of two streets."""
    mine, other = matrix_street.streets()
    await matrix_city.build(conn, mine, other)
    async with web.serving(database_url, device_key="k" * 64, media_dir=tmp_path / "media") as server:

        async def complete() -> bool:
            return server.hub.ready.is_set() and server.hub.judging.judged is not None

        await until(complete, "the event log is read and the city judged")
        pool = server.hub.database.pool
        shown = {
            (role, name): await tokens.create_token(pool, f"{role}-{name}", role, None, areas=areas)
            for role in Role
            for name, areas in AREAS.items()
        }
        async with server.client() as client:
            for street in (mine, other):
                stored = await client.put(f"/api/v1/media/{street.media}", content=street.picture)
                assert stored.status_code == 201, stored.text
        yield City(server, mine, other, shown)


def path_to(template: str, street: Street | None) -> str:
    """A concrete path: of the street's object, of none that exists, or of the template without parameters."""

    def value(found: re.Match[str]) -> str:
        if street is None:
            return matrix_requests.NOWHERE.get(found[1], "nothing")
        known = next((place for start, place in matrix_requests.OBJECTS.items() if template.startswith(start)), None)
        assert known is not None, f"tests/integration/web/matrix_requests.py: say in OBJECTS what {template} names"
        return filled(known, street)

    return template if "{path:path}" in template else _PARAMETER.sub(value, template)


def filled(text: str, street: Street) -> str:
    """Put the street's own names into a text."""
    for name, known in {
        "mark": street.mark,
        "event": street.event,
        "media": street.media,
        "unit": street.unit,
        "street": street.code,
        "grid_code": street.grid,
        **street.ids,
    }.items():
        text = text.replace("{" + name + "}", str(known))
    return text


def leaks(text: str, street: Street, *, asked: str = "") -> list[str]:
    """Marks of a street in an answer; what the caller asked for by name may be repeated."""
    plain = text.replace(asked, "") if asked else text
    read = letters(plain)
    return [mark for mark in street.marks() if mark in plain or (mark.isalpha() and mark in read)]


def letters(text: str) -> str:
    """Letters and digits of a text, JSON's escapes read, as somebody reads them who does not mind how it is written."""
    text = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
    return "".join(sign for sign in unicodedata.normalize("NFKD", text).casefold() if sign.isalnum())


async def ask(client: httpx2.AsyncClient, method: str, template: str, path: str, street: Street) -> httpx2.Response:
    """Send a request as its maker would."""
    if template == "/api/v1/media/{sha256}" and method == "PUT":
        return await client.put(path, content=street.picture)
    if method in ("POST", "PUT", "PATCH"):
        body = filled(json.dumps(matrix_requests.BODIES.get(template, {})), street)
        return await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    return await client.request(method, path)


def expected(rule: RouteRule, role: Role, area: str) -> str:
    """What the rule promises: open, answered, forbidden."""
    if rule.permission is None:
        return "open"
    if rule.permission not in PERMISSIONS[role] or (rule.reach is Reach.CITY and AREAS[area] is not None):
        return "forbidden"
    return "answered"


async def test_matrix_of_roles_and_areas_leaks_nothing(city: City) -> None:
    """Whoever may not is told 403; whoever may sees the own street and never a mark of the other, in any answer."""
    asked = 0
    wrong: list[str] = []
    for role in Role:
        for area in ("street", "grid", "city"):
            async with city.server.client(token=city.tokens[role, area]) as client:
                for method, template in ROUTES:
                    path = path_to(template, city.mine)
                    for query in ("", *(matrix_requests.QUERIES.get(template, []) if area == "street" else [])):
                        answer = await ask(client, method, template, f"{path}?{query}" if query else path, city.mine)
                        asked += 1
                        faults = list(check(city, (role, area), (method, template), query, answer))
                        wrong += [f"{role} of the {area}, {method} {path}?{query}: {fault}" for fault in faults]
    assert wrong == []
    assert asked > len(Role) * 3 * len(ROUTES)


def check(
    city: City, who: tuple[Role, str], route: tuple[str, str], query: str, answer: httpx2.Response
) -> Iterator[str]:
    """What is wrong with an answer."""
    (role, area), rule, limited = who, route_rules.rule_for(*route), who[1] != "city"
    assert rule is not None, f"{route} has no rule"
    promised, told = expected(rule, role, area), f"{answer.status_code} {answer.text[:300]}"
    if answer.status_code == 500 or (answer.status_code == 401 and promised != "open"):
        yield told
    if promised == "forbidden" and answer.status_code != 403:
        yield f"should be forbidden, {told}"
    # A street may be planned for by those who see all of it.
    if promised == "answered" and answer.status_code == 403 and (route[0] == "GET" or area != "grid"):
        yield f"should be answered, {told}"
    named = next((name for name in ("quart-cam-1", "quart-team", "quart-account") if name in query), "")
    if limited and (found := leaks(answer.text, city.other, asked=named)):
        yield f"leaks {found} in {told}"
    sees_nobody = promised == "answered" and Permission.POSITIONS not in PERMISSIONS[role] and route[0] == "GET"
    sees_nobody &= rule.permission is not Permission.AUDIT  # the record names whom others looked at
    named_somebody = re.search(r"(hazel|quart)(cam|badge|officer)\d", letters(answer.text))
    if sees_nobody and named_somebody and "cam-1" not in str(answer.url):
        yield f"names a device in {told}"


async def test_object_outside_the_area_is_answered_like_one_that_does_not_exist(city: City) -> None:
    """404 in the very words of what was never there: nobody can find out what another street has."""
    met = 0
    async with city.server.client(token=city.tokens[Role.ADMINISTRATOR, "street"]) as client:
        for method, template in ROUTES:
            rule = route_rules.rule_for(method, template)
            if rule is None or rule.reach is not Reach.AREA or "{" not in template:
                continue
            outside, nowhere = path_to(template, city.other), path_to(template, None)
            answer = await ask(client, method, template, outside, city.other)
            never = await ask(client, method, template, nowhere, city.other)
            met += 1
            assert answer.status_code in (403, 404), f"{method} {outside}: {answer.status_code} {answer.text[:200]}"
            assert answer.status_code == never.status_code, f"{method} {outside}"
            here, there = outside.removeprefix("/api/v1/").split("/")[1], nowhere.removeprefix("/api/v1/").split("/")[1]
            assert re.sub(rf"\b{here}\b", "X", answer.text) == re.sub(rf"\b{there}\b", "X", never.text), outside
    assert met >= len(matrix_requests.OBJECTS)


async def test_own_street_is_seen_in_full_and_counted_alone(city: City) -> None:
    """The matrix cannot pass by showing nothing: what is of the street is there, and figures are of it alone."""
    async with city.server.client(token=city.tokens[Role.SUPERVISOR, "street"]) as client:
        got: dict[str, Any] = {}
        for name in ("devices", "visits", "events", "alerts", "areas", "coverage", "stats", "cells"):
            got[name] = (await client.get(f"/api/v1/{name}")).json()
        assert [device["id"] for device in got["devices"]["items"]] == ["hazel-cam-1", "hazel-cam-2"]
        assert sorted(str(visit["device"]) for visit in got["visits"]["items"]) == ["None", "hazel-cam-1"]
        assert sorted(str(event["device"]) for event in got["events"]["items"]) == [*3 * ["None"], *2 * ["hazel-cam-1"]]
        assert sorted(alert["kind"] for alert in got["alerts"]["items"]) == sorted(
            2 * ["coverage_gap", "sos", "understaffed"]
        )
        assert [area["code"] for area in got["areas"]["items"]] == ["441302001", "44130200101"]
        assert [cell["cell"] for cell in got["coverage"]["items"]] == [city.mine.cell]
        assert len(got["cells"]["features"]) == 1
        stats = got["stats"]
        assert (stats["devices"], stats["fixes_last_hour"], stats["visits_today"] <= 2) == (2, 20, True)
        assert (stats["alerts"], sum(stats["cells"].values()), stats["refusals"]) == ({"red": 6}, 1, {})
        for form in ("csv", "gpx", "geojson"):
            track = await client.get("/api/v1/devices/hazel-cam-1/track", params={"format": form})
            assert "23.111" in track.text
    async with city.server.client(token=city.tokens[Role.SUPERVISOR, "district"]) as client:
        assert len((await client.get("/api/v1/devices")).json()["items"]) == 7


async def test_analyst_sees_cells_and_figures_but_no_person(city: City) -> None:
    """Visits and events stand without names; alerts about persons are not there; the whole city makes no difference."""
    for area in ("street", "city"):
        async with city.server.client(token=city.tokens[Role.ANALYST, area]) as client:
            for name in ("visits", "events", "alerts", "stats", "coverage"):
                answer = await client.get(f"/api/v1/{name}")
                assert answer.status_code == 200
                assert re.findall(r"-cam-|-badge-|-officer-|\"sos\"", answer.text) == [], name
            assert (await client.get("/api/v1/devices")).status_code == 403
            assert (await client.get("/api/v1/stats")).json()["devices"] == 0


async def test_what_somebody_else_was_sent_is_not_shown_again(city: City) -> None:
    """A browser keeps the cells and asks whether they are the same: for whoever reads other names they are not."""
    tags: dict[Role, str] = {}
    for role in (Role.COMMANDER, Role.ANALYST):
        async with city.server.client(token=city.tokens[role, "city"]) as client:
            answer = await client.get("/api/v1/cells", headers={"If-None-Match": tags.get(Role.COMMANDER, "x")})
            assert answer.status_code == 200
            tags[role] = answer.headers["etag"]
            assert (await client.get("/api/v1/cells", headers={"If-None-Match": tags[role]})).status_code in (200, 304)
    assert len(set(tags.values())) == 2


async def test_rights_that_change_hold_from_the_next_request_on(city: City, conn: "db.Connection") -> None:
    """An area taken from a token, a unit given to another street: both are seen within a second."""
    async with city.server.client(token=city.tokens[Role.SUPERVISOR, "street"]) as client:
        await conn.execute("UPDATE units SET area = '441302002' WHERE code = 'hazel-team'")

        async def gone() -> bool:
            return not (await client.get("/api/v1/devices")).json()["items"]

        await until(gone, "the devices of the unit are gone", within=3)
        assert (await client.get("/api/v1/devices/hazel-cam-1/track")).status_code == 404
        await conn.execute("UPDATE api_tokens SET areas = '{441302002}' WHERE name = 'supervisor-street'")
        cells = (await client.get("/api/v1/coverage")).json()["items"]
        assert [cell["cell"] for cell in cells] == [city.other.cell]


async def test_names_of_accounts_cannot_be_found_out_by_putting_them_on_a_roster(
    city: City, conn: "db.Connection"
) -> None:
    """Who sees one street is told the same of accounts of the whole city, of others, and of names nobody has."""
    await conn.execute(
        """INSERT INTO accounts (name, password_hash, role, areas)
        VALUES ('hazel-chief', 'x', 'supervisor', '{441302001}'),
        ('district-chief', 'x', 'supervisor', '{441302}'), ('city-chief', 'x', 'commander', NULL),
        ('quart-chief', 'x', 'supervisor', '{441302002}')"""
    )
    duty = json.loads(filled(json.dumps(matrix_requests.BODIES["/api/v1/duty-rosters"]), city.mine))
    async with city.server.client(token=city.tokens[Role.SUPERVISOR, "street"]) as client:

        async def told(name: str) -> tuple[int, str]:
            answer = await client.post("/api/v1/duty-rosters", json={**duty, "account": name})
            return answer.status_code, answer.text.replace(name, "X")

        assert (await told("hazel-chief"))[0] == 201
        nobody = await told("nobody")
        assert nobody[0] == 404
        for name in ("district-chief", "city-chief", "quart-chief", "admin", "hazel-account-2"):
            assert await told(name) == nobody, name
