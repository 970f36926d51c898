"""What people do with alerts over REST: each press is one step, and whoever comes second is told so."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alerts.life.model import GAP, Change, Level, Step
from alerts.store.store import apply_on
from runtime.clock import wall_clock
from tests.integration.alerts.test_store import FACTS
from tests.support import web
from tests.support.stored_facts import as_stored

if TYPE_CHECKING:
    from runtime import db


@pytest.fixture
async def alert(conn: "db.Connection", cell: str) -> int:
    """An orange alert of the cell that opened now."""
    number = await conn.fetchval("SELECT id FROM cells WHERE code = $1", cell)
    opened = Change(
        key="k1", kind=GAP, step=Step.OPENED, level=Level.ORANGE, cell=number, at=wall_clock(), facts=as_stored(FACTS)
    )
    return (await apply_on(conn, [opened]))[0].id


async def _post(client: Any, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return await client.post(f"/api/v1/{path}", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})


async def test_every_action_is_a_step_with_who_when_and_why(server: web.WebServer, alert: int) -> None:
    """The alert goes through its states, and tells its story in two languages."""
    async with server.client() as client:
        for action, body, state in (
            ("acknowledge", None, "acknowledged"),
            ("note", {"text": "正在联系"}, "acknowledged"),
            ("snooze", {"minutes": 30, "reason": "集市"}, "snoozed"),
            ("escalate", {"reason": "需要增援"}, "escalated"),
            ("assign", {"device": "cam-1"}, "assigned"),
            ("close", {"reason": "误报"}, "closed"),
        ):
            answer = await _post(client, f"alerts/{alert}/{action}", body)
            assert (answer.status_code, answer.json().get("state")) == (200, state), answer.text
            assert answer.headers["etag"] == f'"{answer.json()["version"]}"'
        shown = (await client.get(f"/api/v1/alerts/{alert}")).json()
        tasks = (await client.get("/api/v1/tasks", params={"alert": alert})).json()["items"]
    assert [step["step"] for step in shown["steps"]] == [
        "opened", "acknowledged", "noted", "snoozed", "escalated", "assigned", "closed",
    ]  # fmt: skip
    assert {step["actor"] for step in shown["steps"][1:]} == {shown["actor"]}
    assert shown["steps"][3]["text_zh"].endswith("：集市")
    assert "went on" in shown["steps"][4]["text_en"] or "nobody is on duty" in shown["steps"][4]["text_en"]
    assert [(task["device"], task["state"], task["cell"]) for task in tasks] == [
        ("cam-1", "cancelled", "44130200100101")
    ]


async def test_a_second_press_is_a_conflict_and_a_repeat_is_not(server: web.WebServer, alert: int) -> None:
    """Of two who act on the same version one wins; the same request again gives the same answer."""
    async with server.client() as client:
        presses = [
            _post(client, f"alerts/{alert}/snooze", {"minutes": 10 + n, "reason": "x"}, If_Match='"1"')
            for n in range(4)
        ]
        answers = await asyncio.gather(*presses)
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        problem = next(answer.json() for answer in answers if answer.status_code == 409)
        assert problem["why"] == "stale"
        assert problem["detail"].endswith("look at the alert again.")
        for _ in range(2):
            answer = await _post(client, f"alerts/{alert}/note", {"text": "x"}, Idempotency_Key="n1")
            assert (answer.status_code, answer.json()["version"]) == (200, 3)


async def test_a_list_holds_what_was_asked_for(server: web.WebServer, alert: int) -> None:
    """By state, states at once, level, kind, cell, device and street; what stood then takes level and cell."""
    found: dict[str, list[int] | int] = {}
    async with server.client() as client:
        assert (await _post(client, f"alerts/{alert}/acknowledge")).status_code == 200
        now = datetime.now(UTC).isoformat()
        for query in (
            "state=standing", "state=acknowledged", "state=open", "state=ended", "level=orange", "level=red",
            "kind=coverage_gap", "kind=sos", "device=cam-1", "area=441302009", "cell=44130200100101",
        ):  # fmt: skip
            answer = await client.get(f"/api/v1/alerts?{query}")
            assert answer.status_code == 200, answer.text
            found[query] = [item["id"] for item in answer.json()["items"]]
        for query in ("state=asleep", f"at={now}&kind=sos", f"at={now}&device=cam-1"):
            found[query] = (await client.get(f"/api/v1/alerts?{query.replace('+', '%2B')}")).status_code
    shown = ("state=standing", "state=acknowledged", "level=orange", "kind=coverage_gap", "cell=44130200100101")
    assert {query for query, ids in found.items() if ids == [alert]} == set(shown)
    assert [ids for query, ids in found.items() if query not in shown] == [[]] * 6 + [422] * 3


async def test_what_is_not_there_or_not_understood_is_said(server: web.WebServer, alert: int) -> None:
    """Unknown alerts and devices are 404, wrong values 422; nothing is a step."""
    async with server.client() as client:
        assert (await _post(client, f"alerts/{alert + 1}/acknowledge")).status_code == 404
        assert (await _post(client, f"alerts/{alert}/assign", {"device": "cam-99"})).status_code == 404
        for action, body in (
            ("snooze", {"minutes": 0, "reason": "x"}),
            ("snooze", {"minutes": 5, "reason": ""}),
            ("close", {"reason": "a\0b"}),
            ("note", {"text": "x" * 501}),
            ("close", {}),
        ):
            assert (await _post(client, f"alerts/{alert}/{action}", body)).status_code == 422, (action, body)
        assert (await _post(client, f"alerts/{alert}/acknowledge", If_Match="x")).status_code == 422
        assert (await client.get(f"/api/v1/alerts/{alert}")).json()["version"] == 1


async def test_duty_rosters_are_kept_by_people(server: web.WebServer, cell: str) -> None:
    """Put, put again with another end, listed, taken off; a stranger or a turned period is refused."""
    assert cell
    start = datetime.now(UTC).replace(microsecond=0)
    duty = {"account": "admin", "area": "441302001", "level": 1, "starts": start.isoformat()}
    async with server.client() as client:
        for hours in (8, 12):
            ends = (start + timedelta(hours=hours)).isoformat()
            answer = await client.post("/api/v1/duty-rosters", json={**duty, "ends": ends})
            assert answer.status_code == 201, answer.text
        (listed,) = (await client.get("/api/v1/duty-rosters")).json()["items"]
        assert listed["ends"] == (start + timedelta(hours=12)).isoformat().replace("+00:00", "Z")
        for wrong, status in (({"account": "nobody"}, 404), ({"area": "9"}, 404), ({"ends": duty["starts"]}, 422)):
            given = {**duty, "ends": (start + timedelta(hours=1)).isoformat(), **wrong}
            assert (await client.post("/api/v1/duty-rosters", json=given)).status_code == status
        for status in (204, 404):
            assert (await client.delete(f"/api/v1/duty-rosters/{listed['id']}")).status_code == status
