"""Officers, who carries which device, and shifts over REST; what anybody limited to a street may not do is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

from runtime import db
from tests.support import web
from web.auth.access import Role
from web.auth.store import tokens


def day(n: int, hour: int = 8) -> str:
    """A time of a day to come."""
    at = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=n)
    return at.isoformat().replace("+00:00", "Z")


async def _items(client: Any, path: str) -> list[Any]:
    answer = await client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_an_officer_is_bound_to_one_device_at_a_time(server: web.WebServer) -> None:
    """Carrying another device frees the first, nobody frees both, and the history keeps each with who made it."""
    async with server.client() as client:
        for badge, name in (("HC1", "甲"), ("HC2", "乙"), ("HC1", "甲甲")):
            given = {"badge": badge, "name": name, "unit": "team-1"}
            assert (await client.post("/api/v1/officers", json=given)).status_code == 204
        steps: list[tuple[str, str | None]] = [("cam-1", "HC1"), ("cam-2", "HC1"), ("cam-2", "HC2"), ("cam-2", None)]
        for device, bound in steps:
            answer = await client.put(f"/api/v1/devices/{device}/officer", json={"badge": bound})
            assert answer.status_code == 204, answer.text
            carried = {one["badge"]: one["device"] for one in await _items(client, "officers")}
            assert carried == {"HC1": None, "HC2": None} | ({bound: device} if bound else {})
        history = await _items(client, "bindings")
        assert [(one["device"], one["badge"], one["name"]) for one in history] == [
            ("cam-2", "HC2", "乙"),
            ("cam-2", "HC1", "甲甲"),
            ("cam-1", "HC1", "甲甲"),
        ]
        assert all(one["to"] is not None and one["made_by"] != "device" for one in history)
        assert len(await _items(client, "bindings?badge=HC2&device=cam-2")) == 1
        assert [one["code"] for one in await _items(client, "units")] == ["team-1"]
        for path, body, status in (
            ("devices/nobody/officer", {"badge": "HC1"}, 404),
            ("devices/cam-1/officer", {"badge": "HC9"}, 422),
            ("devices/cam-1/officer", {}, 422),
        ):
            assert (await client.put(f"/api/v1/{path}", json=body)).status_code == status, path


async def test_who_leaves_service_carries_nothing_and_has_no_shift_to_come(server: web.WebServer) -> None:
    """The device is free, shifts to come are gone, and the badge comes back with a new name."""
    async with server.client() as client:
        given = {"badge": "HC1", "name": "甲", "unit": "team-1"}
        assert (await client.post("/api/v1/officers", json=given)).status_code == 204
        assert (await client.put("/api/v1/devices/cam-1/officer", json={"badge": "HC1"})).status_code == 204
        shift = {"badge": "HC1", "starts": day(1), "ends": day(1, 16)}
        assert (await client.post("/api/v1/shifts", json={"shifts": [shift]})).json() == {"added": 1}
        (officer,) = await _items(client, "officers")
        assert (officer["device"], officer["shift_starts"]) == ("cam-1", shift["starts"])
        assert (await client.delete("/api/v1/officers/HC1")).status_code == 204
        assert (await client.delete("/api/v1/officers/HC1")).status_code == 404
        assert await _items(client, "officers") == await _items(client, "shifts") == []
        assert (await _items(client, "bindings"))[0]["to"] is not None
        assert (await client.post("/api/v1/officers", json=given | {"name": "丙"})).status_code == 204
        assert [(one["name"], one["device"]) for one in await _items(client, "officers")] == [("丙", None)]


async def test_shifts_are_planned_all_or_none(server: web.WebServer, cell: str) -> None:
    """A fault in one plans none and names it; planned again they are not doubled; one can be removed."""
    assert cell
    async with server.client() as client:
        await client.post("/api/v1/officers", json={"badge": "HC1", "name": "甲", "unit": "team-1"})
        good = {"badge": "HC1", "area": "44130200101", "starts": day(1), "ends": day(1, 16), "kind": "post"}
        for wrong, where in (
            ({"ends": day(0)}, "ends"),
            ({"badge": "HC9"}, "badge"),
            ({"area": "nowhere"}, "area"),
        ):
            answer = await client.post("/api/v1/shifts", json={"shifts": [good, good | wrong]})
            assert (answer.status_code, answer.json()["errors"][0]["where"]) == (422, f"body.shifts.1.{where}")
        assert await _items(client, "shifts") == []
        both = {"shifts": [good, good | {"starts": day(2), "ends": day(2, 16)}]}
        assert [(await client.post("/api/v1/shifts", json=both)).json()["added"] for _ in range(2)] == [2, 0]
        listed = await _items(client, "shifts")
        assert [(one["name"], one["area"], one["kind"], one["starts"]) for one in listed] == [
            ("甲", "44130200101", "post", day(n)) for n in (1, 2)
        ]
        number = listed[0]["id"]
        assert [(await client.delete(f"/api/v1/shifts/{number}")).status_code for _ in range(2)] == [204, 404]


async def test_a_street_plans_and_binds_its_own_people_only(
    server: web.WebServer, conn: "db.Connection", cell: str, devices: dict[str, int]
) -> None:
    """A supervisor of one street binds its officers to its devices; those of another unit are not there."""
    assert cell
    assert devices
    await conn.execute("UPDATE units SET area = '441302001' WHERE code = 'team-1'")
    async with server.client() as client:
        for badge, unit in (("HC1", "team-1"), ("HC2", "team-2")):
            given = {"badge": badge, "name": badge, "unit": unit}
            assert (await client.post("/api/v1/officers", json=given)).status_code == 204
    token = await tokens.create_token(server.hub.database.pool, "street", Role.SUPERVISOR, None, areas=("441302001",))
    async with server.client(token=token) as client:
        assert [one["badge"] for one in await _items(client, "officers")] == ["HC1"]
        assert (await client.put("/api/v1/devices/cam-1/officer", json={"badge": "HC1"})).status_code == 204
        assert (await client.put("/api/v1/devices/cam-1/officer", json={"badge": "HC2"})).status_code == 422
        shift = {"badge": "HC2", "starts": day(1), "ends": day(1, 16)}
        assert (await client.post("/api/v1/shifts", json={"shifts": [shift]})).status_code == 422
        new = {"badge": "HC3", "name": "x", "unit": "team-1"}
        assert (await client.post("/api/v1/officers", json=new)).status_code == 403
        assert (await client.delete("/api/v1/officers/HC2")).status_code == 403
