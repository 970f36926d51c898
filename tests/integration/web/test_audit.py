"""The audit record on a real database: what goes into it, and that nobody can take anything out unseen."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from websockets.exceptions import InvalidStatus

from runtime import db
from runtime.clock import wall_clock
from tests.integration.web.audited import OPENED, entries, filled
from tests.integration.web.conftest import store_fixes
from tests.support import web
from tests.support.waiting import until
from web.audit import audit_check
from web.audit.recorder import Recorder
from web.audit.store import audit_log
from web.auth.store import tokens
from web.database import Database

if TYPE_CHECKING:
    from runtime.db import Connection


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'x' WHERE n = 2", "DELETE FROM audit WHERE n = 2", "TRUNCATE audit",
     "DELETE FROM audit_head", "TRUNCATE audit_head"],
)  # fmt: skip
async def test_record_refuses_to_be_changed(conn: "Connection", statement: str) -> None:
    """The database itself refuses, whoever asks."""
    await filled(conn)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
        await conn.execute(statement)
    assert (await audit_check.verify(conn, [])).faults == []


TAMPERED = {
    "changed": "UPDATE audit SET object = 'other' WHERE n = 3",
    "backdated": "UPDATE audit SET at = at - interval '1 ms' WHERE n = 3",
    "deleted": "DELETE FROM audit WHERE n = 3",
    "swapped": "UPDATE audit SET n = CASE n WHEN 3 THEN -4 ELSE -3 END WHERE n IN (3, 4);"
    "UPDATE audit SET n = -n WHERE n < 0",
    "cut": "DELETE FROM audit WHERE n > 4",
    "emptied": "DELETE FROM audit",
    "inserted": "INSERT INTO audit SELECT 7, at, actor, action, object, detail, hash FROM audit WHERE n = 6",
}


@pytest.mark.parametrize("how", TAMPERED)
async def test_tampering_is_found(conn: "Connection", how: str) -> None:
    """One row changed, deleted, swapped, added, or the end cut off, by somebody who switched the triggers off."""
    await filled(conn)
    assert (await audit_check.verify(conn, [])).rows == 6
    await conn.execute(OPENED)
    await conn.execute(TAMPERED[how])
    assert (await audit_check.verify(conn, [])).faults != []


async def test_writers_that_come_together_make_one_chain(database_url: str) -> None:
    """Transactions and group commits of several processes at once: no gap, no fork, nothing lost."""
    database, other = Database(database_url), Database(database_url)
    await asyncio.gather(database.open(), other.open())
    recorders = [Recorder(database), Recorder(other)]
    running = [asyncio.create_task(recorder.run()) for recorder in recorders]
    try:
        async with asyncio.TaskGroup() as group:
            for n in range(200):
                group.create_task(recorders[n % 2].put(audit_log.entry("a", "look", f"o{n}")))
            for n in range(20):
                group.create_task(_record(database, n))
        async with database.pool.acquire() as conn:
            verdict = await audit_check.verify(conn, [])
            assert (verdict.rows, verdict.faults) == (220, [])
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(database.close(), other.close())


async def _record(database: Database, n: int) -> None:
    async with database.pool.acquire() as conn, conn.transaction():
        await audit_log.record(conn, "b", "change", f"c{n}")


async def test_change_that_is_taken_back_leaves_no_record(conn: "Connection") -> None:
    """The entry is in the transaction it tells of."""
    transaction = conn.transaction()
    await transaction.start()
    await audit_log.record(conn, "anna", "account.disable", "bert")
    await transaction.rollback()
    assert await entries(conn) == []


async def test_every_look_at_a_track_is_recorded_before_it_is_answered(
    server: web.WebServer, conn: "Connection", devices: dict[str, int]
) -> None:
    """Track, visits of one device, positions: who, what and with which question; cells are nobody's track."""
    await store_fixes(conn, devices["cam-1"], [wall_clock() - 60_000])
    token = await tokens.create_token(server.hub.database.pool, "anna", "supervisor", None)
    async with server.client(token=token) as client:
        paths = ("/devices/cam-1/track?format=csv", "/visits?device=cam-1", "/coverage", "/devices", "/visits",
                 "/devices/cam-1", "/visits?d%65vice=cam-1")  # fmt: skip
        for path in paths:
            assert (await client.get(f"/api/v1{path}")).status_code == 200
        assert (await client.get("/api/v1/devices/none/track")).status_code == 404
    found = [(row["actor"], row["action"], row["object"]) for row in await entries(conn)]
    looked = ("devices/cam-1/track", "visits", "devices", "devices/cam-1", "visits")
    refused = ("anna", "look.refused", "/api/v1/devices/none/track")
    assert found == [*(("anna", "look", f"/api/v1/{path}") for path in looked), refused]
    assert json.loads((await entries(conn))[-2]["detail"])["query"] == {"device": "cam-1"}
    detail = json.loads((await entries(conn))[0]["detail"])
    assert detail == {"method": "GET", "query": {"format": "csv"}, "role": "supervisor", "status": 200}


async def test_what_was_refused_is_recorded(server: web.WebServer, conn: "Connection") -> None:
    """Looks and changes that a role may not do, over HTTP and the websocket; what is nobody's look is not."""
    token = await tokens.create_token(server.hub.database.pool, "anna", "officer", None)
    async with server.client(token=token) as client:
        for method, path in (("GET", "/devices/cam-1/track"), ("GET", "/replay"), ("POST", "/rules"), ("GET", "/cells"),
                             ("POST", "/accounts")):  # fmt: skip
            assert (await client.request(method, f"/api/v1{path}", json={})).status_code == 403
        with pytest.raises(InvalidStatus):
            async with server.live(headers={"Authorization": f"Bearer {token}"}):
                pass
    found = [(row["action"], row["object"].removeprefix("/api/v1")) for row in await entries(conn)]
    assert found == [
        ("look.refused", "/devices/cam-1/track"), ("look.refused", "/replay"), ("change.refused", "/rules"),
        ("change.refused", "/accounts"), ("look.refused", "/live"),
    ]  # fmt: skip
    assert json.loads(await conn.fetchval("SELECT detail FROM audit WHERE n = 1"))["status"] == 403


async def test_look_that_cannot_be_recorded_is_not_answered(
    server: web.WebServer, conn: "Connection", devices: dict[str, int]
) -> None:
    """Without the record there is no track: 503, and nothing of it."""
    await store_fixes(conn, devices["cam-1"], [wall_clock() - 60_000])
    await conn.execute("ALTER TABLE audit_head RENAME TO away")
    async with server.client() as client:
        answer = await client.get("/api/v1/devices/cam-1/track")
        assert answer.status_code == 503
        assert "23.1" not in answer.text
        assert (await client.get("/api/v1/coverage")).status_code == 200


async def test_who_watched_whom_live_is_recorded_from_when_to_when(server: web.WebServer, conn: "Connection") -> None:
    """Begin, each selection and the end, with the area and the devices' names."""
    token = await tokens.create_token(server.hub.database.pool, "anna", "supervisor", None)

    async def told(action: str) -> bool:
        return any(row["action"] == action for row in await entries(conn))

    look: dict[str, Any] = {"bbox": web.HUIZHOU, "zoom": 11}
    async with server.live(headers={"Authorization": f"Bearer {token}"}) as viewer:
        await viewer.send(json.dumps({"type": "subscribe", **look, "selected": ["cam-2", "nobody"]}))
        await until(lambda: told("live.watch"), "the selection is recorded")
        await viewer.send(json.dumps({"type": "view", **look, "selected": ["cam-1", "cam-3"]}))
        await until(lambda: told("live.unwatch"), "the next selection is recorded")

    await until(lambda: told("live.end"), "the end is recorded")
    found = [(row["actor"], row["action"], row["object"]) for row in await entries(conn)]
    assert found == [
        ("anna", "live.begin", "the whole city"),
        ("anna", "live.watch", "cam-2"),
        ("anna", "live.unwatch", "cam-2"),
        ("anna", "live.watch", "cam-1, cam-3"),
        ("anna", "live.unwatch", "cam-1, cam-3"),
        ("anna", "live.end", "the whole city"),
    ]
    assert json.loads((await entries(conn))[-1]["detail"])["seconds"] > 0


async def test_auditor_reads_the_record_and_nobody_else(server: web.WebServer, conn: "Connection") -> None:
    """Newest first, by page, filtered by who and what; hashes are shown."""
    await filled(conn, 5)
    pool = server.hub.database.pool
    token = await tokens.create_token(pool, "auditor", "auditor", None)
    async with server.client(token=token) as client:
        first = (await client.get("/api/v1/audit", params={"limit": 3})).json()
        assert [item["n"] for item in first["items"]] == [5, 4, 3]
        then = (await client.get("/api/v1/audit", params={"limit": 3, "cursor": first["next"]})).json()
        assert [item["n"] for item in then["items"]] == [2, 1]
        assert then["next"] is None
        (one,) = (await client.get("/api/v1/audit", params={"actor": "anna", "object": "thing-2"})).json()["items"]
        assert (one["action"], one["detail"], len(one["hash"])) == ("test", {"k": 2, "name": "安娜"}, 64)
        assert (await client.get("/api/v1/audit", params={"action": "none"})).json()["items"] == []
        assert (await client.get("/api/v1/devices")).status_code == 403
    for role in ("commander", "supervisor", "analyst", "officer"):
        async with server.client(token=await tokens.create_token(pool, role, role, None)) as client:
            assert (await client.get("/api/v1/audit")).status_code == 403


def test_moments_of_the_record_are_exact() -> None:
    """What is hashed is what comes back from the database: microseconds, no more."""
    made = audit_log.entry("a", "b", "c\0d\ud800")
    assert made.at.microsecond == made.at.microsecond // 1
    assert made.object == "c␀d?"
    assert db.millis(made.at) > 0
