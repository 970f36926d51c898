"""Whom the system would send where, on a real database."""

from alerts.life.model import GAP, Change, Level, Step
from alerts.store import store
from runtime import db
from runtime.clock import wall_clock
from tests.integration.web.conftest import store_fixes
from tests.support import web
from tests.support.stored_facts import as_stored

MINUTE = 60_000


async def test_nearest_eligible_officer_is_proposed_for_an_open_alert(
    server: web.WebServer, conn: db.Connection, devices: dict[str, int], cell: str
) -> None:
    """Of two officers the one near the cell is proposed, with way and time; one on a break is not."""
    now = wall_clock()
    for name, lon, duty in (("cam-1", 114.43, 0), ("cam-2", 114.406, 0), ("cam-3", 114.405, 2)):
        await store_fixes(conn, devices[name], [now - 20_000, now - 10_000], lon=[lon] * 2, duty=[duty] * 2)
    number = await conn.fetchval("SELECT id FROM cells WHERE code = $1", cell)
    due = web.rfc3339(now + 15 * MINUTE)
    facts = {"name": cell, "due": due, "gap_since": web.rfc3339(now - 60 * MINUTE), "limit_s": 4_800, "visited": True,
             "arrival_s": 300, "slack_s": 600, "officer": None}  # fmt: skip
    change = Change(
        key=f"{GAP}:{cell}:1",
        kind=GAP,
        step=Step.OPENED,
        level=Level.ORANGE,
        cell=number,
        at=now,
        facts=as_stored(facts),
    )
    await store.apply_on(conn, [change])
    async with server.client() as client:
        answer = await client.get("/api/v1/assignments")
        assert answer.status_code == 200, answer.text
        (proposal,) = answer.json()["items"]
        assert (proposal["cell"], proposal["device"], proposal["officer"]) == (cell, "cam-2", None)
        assert 60 < proposal["arrival_s"] < 600
        assert 0 < proposal["way_m"] < 1_000
