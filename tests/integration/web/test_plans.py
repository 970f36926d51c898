"""Plans, the calendar and owners over REST."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from runtime import db
from schemas import rest
from tests.support import observed, web
from tests.support.waiting import until

if TYPE_CHECKING:
    from runtime.db import Connection


def ahead(minutes: int) -> str:
    """A time to come."""
    return rest.rfc3339(datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes))


async def test_a_plan_is_appended_and_the_one_before_ends(server: web.WebServer, cell: str) -> None:
    """What holds now stays; from the new version's beginning on it holds, and both are in the history."""
    assert cell
    async with server.client() as client:
        before = {row["scope"]: row for row in (await client.get("/api/v1/plans")).json()["items"]}
        assert before["class:business"]["plan"]["limits"][0]["limit_s"] == 3600
        assert before["city"]["plan"]["duty"] == [{"days": [], "hours": [["00:00", "24:00"]]}]
        assert "duty" not in before["class:business"]["plan"], "what a plan does not say is not shown as if it did"
        given = {"scope": "class:business", "plan": {"limit_s": 1800}, "valid_from": ahead(60)}
        made = await client.post("/api/v1/plans", json=given)
        assert made.status_code == 201, made.text
        found = [(await client.get("/api/v1/plans", params=at)).json()["items"] for at in ({}, {"at": ahead(61)})]
        now, later = ({row["scope"]: row["plan"]["limit_s"] for row in rows} for rows in found)
        assert (now["class:business"], later["class:business"]) == (7200, 1800)
        assert made.json()["plan"] == {"limit_s": 1800}
        page = (await client.get("/api/v1/plans/history", params={"scope": "class:business", "limit": 1})).json()
        rest_of = await client.get("/api/v1/plans/history", params={"scope": "class:business", "cursor": page["next"]})
        assert [row["id"] for row in page["items"]] == [made.json()["id"]]
        assert rest_of.json()["items"][0]["valid_to"] == made.json()["valid_from"]
        assert (await client.post("/api/v1/plans", json=given)).status_code == 409


async def test_a_trial_says_what_would_be_overdue_and_changes_nothing(
    server: web.WebServer, cell: str, conn: "Connection"
) -> None:
    """A cell that nobody visited for two hours is overdue by the limit of an hour, not by that of a day."""
    now = datetime.now(UTC)
    await observed.observed(conn, db.millis(now - timedelta(hours=2)), db.millis(now))
    async with server.client() as client:

        async def tried(scope: str, hours: int) -> Any:
            answer = await client.post("/api/v1/plans/trial", json={"scope": scope, "plan": {"limit_s": 3600 * hours}})
            return answer.json() if answer.status_code == 200 else None

        async def one_overdue() -> bool:
            return bool(await tried(f"cell:{cell}", 1) == {"cells": 1, "overdue": 0, "would": 1})

        before = (await client.get("/api/v1/plans/history")).json()
        await until(one_overdue, "the cell was judged")
        assert await tried("class:residential", 24) == {"cells": 1, "overdue": 0, "would": 0}
        assert (await tried("class:business", 1))["cells"] == 0
        assert (await client.get("/api/v1/plans/history")).json() == before


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"scope": "planet", "plan": {"limit_s": 60}}, "body.scope"),
        ({"scope": "class:harbour", "plan": {"limit_s": 60}}, "body.scope"),
        ({"scope": "cell:44130200199999", "plan": {"limit_s": 60}}, "body.scope"),
        ({"scope": "city", "plan": None}, "body.plan"),
        ({"scope": "class:public", "plan": {"duty": [{"hours": []}]}}, "body.plan.duty"),
        ({"scope": "city", "plan": {"limit_s": 5}}, "body.plan.limit_s"),
        (
            {"scope": "city", "plan": {"visits": [{"hours": [["08:00", "25:00"]], "n": 1}]}},
            "body.plan.visits.0.hours.0.1",
        ),
        ({"scope": "city", "plan": {"limit_s": 60}, "valid_from": "2026-01-01T00:00:00Z"}, "body.valid_from"),
        ({"scope": "city", "plan": {"limit_s": 60}, "valid_from": "tomorrow"}, "body.valid_from"),
        ({"scope": "city", "plan": {"limit_s": 60}, "valid_to": "2026-01-01T00:00:00Z"}, "body.valid_to"),
        ({"scope": "city", "plan": {"limits": []}, "made_by": "me"}, "body.made_by"),
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused_where_it_is_wrong(
    server: web.WebServer, given: dict[str, Any], where: str
) -> None:
    """The problem names the place in the body, and nothing is stored."""
    async with server.client() as client:
        refused = await client.post("/api/v1/plans", json=given)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
        assert where in [error["where"] for error in refused.json()["errors"]]
        stored = (await client.get("/api/v1/plans/history")).json()["items"]
        assert {row["made_by"] for row in stored} == {"system"}


async def test_a_changed_plan_changes_coverage(server: web.WebServer, conn: "Connection", cell: str) -> None:
    """A plan of a cell, by its code of 14 digits, shows in its coverage; wider ones rule again when it is ended."""
    async with server.client() as client:
        assert (
            await client.post("/api/v1/plans", json={"scope": f"cell:{cell}", "plan": {"limit_s": 600}})
        ).status_code == 201
        # The clock moves on: what was to begin has begun.
        await conn.execute(
            "UPDATE rule_versions SET valid_from = valid_from - interval '1 h' WHERE scope LIKE 'cell:%'"
        )

        async def limit(wanted: float) -> bool:
            items = (await client.get("/api/v1/coverage")).json()["items"]
            return [row["limit_s"] for row in items] == [wanted]

        await until(lambda: limit(600), "the plan of the cell is in force")
        assert (await client.post("/api/v1/plans", json={"scope": f"cell:{cell}", "plan": None})).status_code == 201
        await conn.execute(
            "UPDATE rule_versions SET valid_to = now() - interval '1 s' WHERE scope LIKE 'cell:%' AND valid_to > now()"
        )
        await until(lambda: limit(14_400), "the plan of the class rules again")


async def test_the_calendar_is_imported_and_read(server: web.WebServer) -> None:
    """A year without a notice is provisional until its days are imported, in any of three forms."""
    async with server.client() as client:

        async def day(text: str) -> dict[str, Any]:
            answer = await client.get("/api/v1/calendar", params={"from": text, "to": "2027-12-31"})
            found: dict[str, Any] = answer.json()["items"][0]
            return found

        assert await day("2027-02-08") == {
            "day": "2027-02-08", "workday": True, "name": None, "provisional": True, "source": None
        }  # fmt: skip
        body = "day,workday,name\n2027-02-08,false,春节\n2027-02-06,true,\n"
        sent = await client.post("/api/v1/calendar", content=body.encode(), headers={"Content-Type": "text/csv"})
        assert sent.json() == {"done": True, "days": 2, "changed": 2}
        again = await client.post("/api/v1/calendar", json=[{"date": "2027-02-08", "isOffDay": True, "name": "春节"}])
        assert again.json() == {"done": True, "days": 1, "changed": 0}
        assert await day("2027-02-08") == {
            "day": "2027-02-08", "workday": False, "name": "春节", "provisional": False, "source": "api/csv"
        }  # fmt: skip
        assert (await day("2027-02-09"))["provisional"] is False
        wrong = await client.post("/api/v1/calendar", content=b"day\n", headers={"Content-Type": "text/csv"})
        assert (wrong.status_code, "line 1" in wrong.json()["detail"]) == (422, True)
        other = await client.post("/api/v1/calendar", content=b"x", headers={"Content-Type": "text/plain"})
        assert other.status_code == 415
        assert (
            await client.get("/api/v1/calendar", params={"from": "2027-01-01", "to": "2026-01-01"})
        ).status_code == 422


async def test_owners_are_set_at_every_level(server: web.WebServer, cell: str) -> None:
    """Who answers for a grid, a street or a district is said by code and shown with its coverage."""
    assert cell
    async with server.client() as client:
        for level, code in (("grid", "44130200101"), ("street", "441302001"), ("district", "441302")):
            done = await client.post(f"/api/v1/areas/{code}/owner", json={"owner": f"{level} 负责人"})
            assert done.status_code == 204
            areas = (await client.get("/api/v1/areas", params={"level": level})).json()["items"]
            assert areas[0]["owner"] == f"{level} 负责人"

            async def shown(level: str = level) -> bool:
                rows = (await client.get("/api/v1/coverage", params={"level": level})).json()["items"]
                return bool(rows) and rows[0]["owner"] == f"{level} 负责人"

            await until(shown, "coverage names the owner")
        assert (await client.post("/api/v1/areas/441302/owner", json={"owner": None})).status_code == 204
        assert (await client.post("/api/v1/areas/nowhere/owner", json={"owner": "x"})).status_code == 404
        assert (await client.post("/api/v1/areas/441302/owner", json={"owner": ""})).status_code == 422
