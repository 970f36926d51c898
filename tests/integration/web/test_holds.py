"""Legal holds and retention over REST and on the command line."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from patrol.cli import errors
from patrol.cli.database import hold as hold_command
from patrol.cli.database import retention as retention_command
from patrol.settings.settings import Settings
from tests.support import web
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2

    from runtime import db


@pytest.fixture
async def device(conn: "db.Connection") -> str:
    """A device to name."""
    await conn.execute("INSERT INTO devices (name, unit) VALUES ('cam-7', 'team')")
    return "cam-7"


def _reached(client: "httpx2.AsyncClient") -> "Callable[[], Awaitable[bool]]":
    async def asked() -> bool:
        return (await client.get("/api/v1/retention")).status_code == 200

    return asked


async def test_hold_is_placed_listed_and_released_with_who_did_it(
    database_url: str, conn: "db.Connection", device: str
) -> None:
    """Each step is answered, in the list, and in the audit record; a second release is refused."""
    async with web.serving(database_url) as server, server.client(token=web.TOKEN) as client:
        await until(_reached(client), "the database is reached")
        given = {"why": "复议 2026-12", "device": device, "from": "2026-05-01T00:00:00Z"}
        placed = await client.post("/api/v1/holds", json=given)
        assert (placed.status_code, placed.json()["holds"]) == (201, True)
        number = placed.json()["id"]
        assert [one["id"] for one in (await client.get("/api/v1/holds")).json()["items"]] == [number]
        released = await client.post(f"/api/v1/holds/{number}/release", json={"why": "decided"})
        assert (released.status_code, released.json()["holds"]) == (200, False)
        assert (await client.get("/api/v1/holds")).json()["items"] == []
        assert len((await client.get("/api/v1/holds?ended=true")).json()["items"]) == 1
        assert (await client.post(f"/api/v1/holds/{number}/release", json={"why": "x"})).status_code == 409
        assert (await client.post("/api/v1/holds/99/release", json={"why": "x"})).status_code == 404
        for wrong in ({"why": "x"}, {"why": "", "device": device}, {"why": "x", "device": "nobody"},
                      {"why": "x", "device": device, "case": "1"}, {"why": "x", "from": "today"}):  # fmt: skip
            assert (await client.post("/api/v1/holds", json=wrong)).status_code == 422, wrong
    actions = [row["action"] for row in await conn.fetch("SELECT action FROM audit WHERE object = $1", str(number))]
    assert actions == ["hold.place", "hold.release"]


async def test_retention_is_shown_and_set_within_the_law(database_url: str, conn: "db.Connection") -> None:
    """Seven classes, each with its reason; too short a time is refused in words."""
    async with web.serving(database_url) as server, server.client(token=web.TOKEN) as client:
        await until(_reached(client), "the database is reached")
        items = {one["data"]: one for one in (await client.get("/api/v1/retention")).json()["items"]}
        assert {data: one["days"] for data, one in items.items()} == {
            "fixes": 183, "visits": 1096, "history": 90, "events": 1827, "media": 183, "alerts": 1096, "audit": None,
        }  # fmt: skip
        put = await client.put("/api/v1/retention/fixes", json={"days": 90})
        assert (put.status_code, put.json()["days"]) == (200, 90)
        short = await client.put("/api/v1/retention/fixes", json={"days": 3})
        assert short.status_code == 422
        assert "30 days at least" in short.json()["detail"]
        assert (await client.put("/api/v1/retention/nothing", json={"days": 90})).status_code == 404
    assert await conn.fetchval("SELECT count(*) FROM audit WHERE action = 'retention.set'") == 1


async def test_command_line_does_the_same(
    database_url: str, conn: "db.Connection", device: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Placed for a local day, shown, released; set, counted and run; what cannot be says why in one line."""
    settings = Settings(database_url=database_url)

    async def do(command: Any, **options: Any) -> str:
        await asyncio.to_thread(command, settings, **options)
        return capsys.readouterr().out

    nothing = {"officer": None, "area": None, "case": None, "until": None}
    shown = await do(hold_command.add, why="case 1", device=device, start="2026-05-01", end="2026-05-01", **nothing)
    assert device in shown
    row = await conn.fetchrow("SELECT t_to - t_from AS held, made_by FROM legal_holds")
    assert row is not None
    assert (row["held"].total_seconds(), row["made_by"].startswith("cli")) == (86_400, True)
    assert "case 1" in await do(hold_command.listed, ended=False)
    await do(hold_command.release, number=1, why="over")
    assert "No hold" in await do(hold_command.listed, ended=False)
    with pytest.raises(errors.SetupError, match="no device nobody"):
        await do(hold_command.add, why="x", device="nobody", start=None, end=None, **nothing)
    with pytest.raises(errors.SetupError, match="30 days at least"):
        await do(retention_command.keep, data="fixes", days=5)
    assert "60" in await do(retention_command.keep, data="fixes", days=60)
    assert "fixes" in await do(retention_command.run, dry=True)
    await do(retention_command.run, dry=False)
    assert await conn.fetchval("SELECT floor IS NOT NULL FROM retention WHERE class = 'fixes'")
    assert "raw fixes" in await do(retention_command.show)
