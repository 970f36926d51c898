"""Rules as data over REST: what they may say, versions, refusals that name the value, and the dry run."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest

from alerts.coverage import arrival, warning_rules
from alerts.life.model import GAP
from alerts.rulebook import rulebook
from alerts.store import life_store
from alerts.store.notify import queue
from alerts.store.officers import roster
from runtime import db
from schemas import rest
from schemas import rules as models
from tests.support import observed, web
from tests.support.waiting import until
from tracking.coverage.coverage import DUE_SOON_SHARE
from tracking.store.city import city, rule_store
from web.store import coverage

if TYPE_CHECKING:
    from runtime.db import Connection


def ahead(minutes: float) -> str:
    """A time to come."""
    return rest.rfc3339(datetime.now(UTC) + timedelta(minutes=minutes))


async def test_kinds_say_what_may_be_given(server: web.WebServer) -> None:
    """Every kind is described, and its defaults are within its bounds."""
    assert set(rulebook.KINDS) == set(get_args(models.Kind))
    async with server.client() as client:
        items = (await client.get("/api/v1/rules/kinds")).json()["items"]
    assert [item["name"] for item in items] == list(rulebook.KINDS)
    for item in items:
        body = {field["name"]: field["default"] for field in item["fields"]}
        assert rulebook.faults(rulebook.KINDS[item["name"]], "city", body) == []
        assert all(field["zh"] and field["en"] for field in item["fields"])


async def test_a_rule_is_appended_and_the_one_before_ends(server: web.WebServer) -> None:
    """The first holds from now on, the second from its beginning; both are in the history, and null ends them."""
    async with server.client() as client:
        first = await client.post(
            "/api/v1/rules", json={"kind": "warning", "scope": "city", "values": {"early_chance": 0.8}}
        )
        assert first.status_code == 201, first.text
        later = {"kind": "warning", "scope": "city", "values": {"early_chance": 0.7}, "valid_from": ahead(60)}
        made = await client.post("/api/v1/rules", json=later)
        assert made.status_code == 201, made.text
        assert (await client.post("/api/v1/rules", json=later)).status_code == 409
        found = [
            (await client.get("/api/v1/rules", params={"kind": "warning", **at})).json()["items"]
            for at in ({}, {"at": ahead(61)})
        ]
        assert [rows[0]["values"]["early_chance"] for rows in found] == [0.8, 0.7]
        history = (await client.get("/api/v1/rules/history", params={"kind": "warning", "limit": 1})).json()
        assert [row["id"] for row in history["items"]] == [made.json()["id"]]
        more = await client.get("/api/v1/rules/history", params={"kind": "warning", "cursor": history["next"]})
        assert more.json()["items"][0]["valid_to"] == made.json()["valid_from"]
        ended = {"kind": "warning", "scope": "city", "values": None, "valid_from": ahead(120)}
        assert (await client.post("/api/v1/rules", json=ended)).status_code == 201
        gone = await client.get("/api/v1/rules", params={"kind": "warning", "at": ahead(121)})
        assert gone.json()["items"] == []
        assert (await client.get("/api/v1/rules", params={"kind": "officer"})).json()["items"] == []


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"kind": "weather", "scope": "city", "values": {}}, "body.kind"),
        ({"kind": "warning", "scope": "planet", "values": {"hold_s": 1}}, "body.scope"),
        ({"kind": "warning", "scope": "class:harbour", "values": {"hold_s": 1}}, "body.scope"),
        ({"kind": "escalation", "scope": "class:business", "values": {"answer_min": 5}}, "body.values"),
        ({"kind": "warning", "scope": "city", "values": {}}, "body.values"),
        ({"kind": "warning", "scope": "city", "values": {"early": 0.5}}, "body.values.early"),
        ({"kind": "warning", "scope": "city", "values": {"early_chance": 1.5}}, "body.values.early_chance"),
        ({"kind": "warning", "scope": "city", "values": {"early_chance": True}}, "body.values.early_chance"),
        ({"kind": "warning", "scope": "city", "values": {"hold_s": 1.5}}, "body.values.hold_s"),
        ({"kind": "warning", "scope": "class:business", "values": {"crowd_cells": 5}}, "body.values.crowd_cells"),
        ({"kind": "warning", "scope": "city", "values": {"hours": 5}}, "body.values.hours"),
        (
            {"kind": "warning", "scope": "city", "values": {"hours": [{"hours": [["11:00", "13:00"]]}]}},
            "body.values.hours.0",
        ),
        (
            {"kind": "warning", "scope": "city", "values": {"hours": [{"hours": [["11:00", "99:00"]], "hold_s": 1}]}},
            "body.values.hours.0.hours.0.1",
        ),
        (
            {"kind": "warning", "scope": "city", "values": {"hours": [{"hours": [["11:00", "13:00"]], "x": 1}]}},
            "body.values.hours.0.x",
        ),
        ({"kind": "officer", "scope": "city", "values": {"late_s": 2000, "absent_s": 1000}}, "body.values.late_s"),
        ({"kind": "officer", "scope": "city", "values": {"away_s": 1900}}, "body.values.away_s"),
        ({"kind": "officer", "scope": "unit:nobody", "values": {"away_s": 60}}, "body.scope"),
        ({"kind": "escalation", "scope": "city", "values": {"orange_min": [5, 0]}}, "body.values.orange_min"),
        (
            {"kind": "escalation", "scope": "city", "values": {"orange_min": list(range(1, 20))}},
            "body.values.orange_min",
        ),
        ({"kind": "notification", "scope": "city", "values": {"grace_s": "120"}}, "body.values.grace_s"),
        (
            {"kind": "warning", "scope": "city", "values": {"hold_s": 1}, "valid_from": "2026-01-01T00:00:00Z"},
            "body.valid_from",
        ),
        (
            {"kind": "warning", "scope": "city", "values": {"hold_s": 1}, "valid_to": "2026-01-01T00:00:00Z"},
            "body.valid_to",
        ),
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused_where_it_is_wrong(
    server: web.WebServer, conn: "Connection", given: dict[str, Any], where: str
) -> None:
    """The problem names the value, and nothing is stored."""
    async with server.client() as client:
        refused = await client.post("/api/v1/rules", json=given)
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
    assert where in [error["where"] for error in refused.json()["errors"]]
    assert await rule_store.history(conn, "warning") == []


async def test_every_kind_that_is_stored_can_be_read_by_the_rules(server: web.WebServer, conn: "Connection") -> None:
    """Values at both bounds are taken by the API and by what uses them."""
    lowest: dict[str, Any]
    async with server.client() as client:
        for kind in rulebook.KINDS.values():
            ordered = {name for pair in kind.values.ordered for name in pair}
            lowest = {
                field.name: [int(field.least)] if field.several else field.least
                for field in kind.fields()
                if field.name not in ordered
            }
            made = await client.post("/api/v1/rules", json={"kind": kind.name, "scope": "city", "values": lowest})
            assert made.status_code == 201, made.text
    now = db.millis(datetime.now(UTC)) + 1000
    assert (await life_store.escalation_rule(conn, now)).orange_min == (1,)
    assert (await queue.notification_rule(conn, now)).grace_s == 0
    assert (await roster.load(conn, now)).members is not None
    place = await city.load(conn)
    held = await rule_store.current(conn, "warning", now)
    chosen = warning_rules.WarningRules(held, place.plans.sites).at(now, place.calendar)
    assert chosen.crowd.most == 0
    (version,) = await rule_store.current(conn, "arrival", now)
    assert arrival.rule_of(version.body or {}).speed_mps == 0.3


async def test_due_soon_on_the_map_is_what_the_rule_of_warnings_says(conn: "Connection", cell: str) -> None:
    """The share that a rule gives counts for the colours of cells as it counts for alerts."""
    assert cell
    now = db.millis(datetime.now(UTC))
    place = await coverage.load_place(conn)
    assert (await coverage.read_inputs(conn, place, now))[0].soon_share == DUE_SOON_SHARE
    await rule_store.append(conn, "warning", "city", {"soon_share": 0.8}, now - 1000, "test")
    basis, _ = await coverage.read_inputs(conn, place, now)
    assert np.all(basis.soon_share == 0.8)


async def test_a_dry_run_says_what_other_values_would_have_told(
    server: web.WebServer, conn: "Connection", cell: str
) -> None:
    """A cell that waits beyond its limit: told before by the rules in force, and not by values that forbid it."""
    assert cell

    async def judged() -> bool:
        return server.hub.judging.place is not None

    await until(judged, "the city is loaded")
    now = datetime.now(UTC)
    begin = now - timedelta(hours=6)
    await conn.execute("DELETE FROM stays")
    await observed.observed(conn, db.millis(begin), db.millis(now))
    period = {"from": rest.rfc3339(begin), "to": rest.rfc3339(now - timedelta(seconds=1))}
    async with server.client() as client:
        answers = []
        for values in (
            None,
            {"horizon_s": 0, "most_share": 0, "last_chance": 1, "near_chance": 1, "early_chance": 1},
            {"horizon_s": 7200},
        ):
            given = {"kind": "warning", "scope": "city", "values": values, **period}
            answer = await client.post("/api/v1/rules/dry-run", json=given)
            assert answer.status_code == 200, answer.text
            answers.append(answer.json())
    for answer in answers:
        assert answer["in_force"]["breaches"] >= 1
        assert answer["in_force"]["pre_warnings"] >= answer["in_force"]["breaches"]
        assert answer["recorded"] == 0
        assert str(answer["in_force"]["pre_warnings"]) in answer["text_zh"]
    assert answers[0]["given"] == answers[0]["in_force"]
    assert answers[2]["given"]["lead_min"] > answers[2]["in_force"]["lead_min"]
    assert await conn.fetchval("SELECT count(*) FROM alerts WHERE kind = $1", GAP) == 0


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"to": ahead(60)}, "body.to"),
        ({"to": "2020-01-01T00:00:00Z"}, "body.to"),
        ({"from": "2020-01-01T00:00:00Z"}, "body.to"),
        ({"kind": "escalation"}, "body.kind"),
        ({"values": {"nothing": 1}}, "body.values.nothing"),
    ],
)
async def test_a_dry_run_that_cannot_be_is_refused(server: web.WebServer, change: dict[str, Any], where: str) -> None:
    """Only of the past, a day at most, of kinds that can be tried, with values that could be stored."""
    given = {"kind": "warning", "values": {"hold_s": 60}, "from": ahead(-120), "to": ahead(-60), **change}
    async with server.client() as client:
        refused = await client.post("/api/v1/rules/dry-run", json=given)
    assert refused.status_code == 422
    assert where in [error["where"] for error in refused.json()["errors"]]
