"""The audit record on a real database: what goes into it, and that nobody can take anything out unseen."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from websockets.exceptions import InvalidStatus

from patrol.cli import errors
from patrol.cli.accounts import audit_head, audit_verify
from patrol.settings import settings
from runtime import db
from runtime.clock import wall_clock
from tests.integration.web.conftest import store_fixes
from tests.support import web
from tests.support.sink import listening
from tests.support.waiting import until
from web.audit import anchoring, audit_check
from web.audit.anchoring import AnchorTask
from web.audit.audit_anchors import Anchors
from web.audit.audit_chain import Head
from web.audit.recorder import Recorder
from web.audit.store import audit_log
from web.auth.store import tokens
from web.database import Database

if TYPE_CHECKING:
    from runtime.db import Connection

OPENED = "ALTER TABLE audit DISABLE TRIGGER USER"


async def filled(conn: "Connection", n: int = 6) -> None:
    """Put entries into the record."""
    for k in range(n):
        await audit_log.record(conn, "anna", "test", f"thing-{k}", {"k": k, "name": "安娜"})


async def entries(conn: "Connection") -> list[Any]:
    """The record as it stands."""
    return await conn.fetch("SELECT actor, action, object, detail FROM audit ORDER BY n")


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


KEY = "k" * 40


@dataclass(frozen=True)
class Kept:
    """A record with its anchors, as the web process keeps them."""

    given: settings.Settings
    anchors: Anchors
    anchoring_task: AnchorTask
    pool: db.Pool

    async def anchored(self, conn: "Connection") -> None:
        """Write three anchors over the record, and the newest head."""
        for _ in range(3):
            await filled(conn, 2)
            self.anchors.append(await audit_log.head_of(conn))
        await filled(conn, 1)
        await self.anchoring_task.step(self.pool)

    async def verify(self, **options: Any) -> None:
        """Run the command."""
        await asyncio.to_thread(audit_verify.run, self.given, **{"anchor": None, **options})


@pytest.fixture
async def kept(database_url: str, tmp_path: Path) -> "AsyncIterator[Kept]":
    """Files beside the database, and the command's settings."""
    database = Database(database_url)
    await database.open()
    given = settings.Settings(database_url=database_url, data_dir=tmp_path, device_key=KEY)  # type: ignore[arg-type]
    anchors = Anchors(given.anchor_file, KEY)
    yield Kept(given, anchors, AnchorTask(anchors, database, None), database.pool)
    await database.close()


async def test_verify_command_says_that_all_fits(
    kept: Kept, conn: "Connection", capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With the anchors of the settings, with a copy of them, and with a head that was printed."""
    await kept.anchored(conn)
    capsys.readouterr()
    await kept.verify()
    assert "7 rows are as they were written; 3 anchors fit" in capsys.readouterr().out
    await asyncio.to_thread(audit_head.run, kept.given)
    printed = capsys.readouterr().out.strip()
    copy = tmp_path / "copy"
    copy.write_bytes(kept.anchors.file.read_bytes())
    await kept.verify(anchor=copy, heads=[printed])
    with pytest.raises(errors.SetupError, match="as `patrol audit head` printed it"):
        await kept.verify(heads=["7:abcd"])
    with pytest.raises(errors.SetupError, match="cannot be proven complete"):
        await kept.verify(heads=[f"7:{'00' * 32}"])


MOVE_HEAD = "UPDATE audit_head SET (n, hash) = (SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1)"


@pytest.mark.parametrize("cut", range(7))
async def test_end_that_was_cut_with_its_head_is_found(kept: Kept, conn: "Connection", cut: int) -> None:
    """Also what came after the last anchor: the newest head has it. A web process that runs does not go along."""
    await kept.anchored(conn)
    await conn.execute(OPENED)
    await conn.execute("ALTER TABLE audit_head DISABLE TRIGGER USER")
    await conn.execute("DELETE FROM audit WHERE n > $1", cut)
    await conn.execute(MOVE_HEAD if cut else "UPDATE audit_head SET n = 0, hash = ''")
    with pytest.raises(errors.SetupError, match="cannot be proven complete"):
        await kept.verify()
    await kept.anchoring_task.step(kept.pool)
    assert await asyncio.to_thread(kept.anchors.newest) != await audit_log.head_of(conn)


@pytest.mark.parametrize("gone", ["", ".head", "both"])
async def test_record_without_its_anchors_is_not_proven(
    kept: Kept, conn: "Connection", gone: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing anchors fail; only who asks for the chain alone gets an answer for it, which says so."""
    with pytest.raises(errors.SetupError, match="cannot be proven complete"):
        await kept.verify()  # an empty record is one that was emptied, if nothing says otherwise
    await kept.anchored(conn)
    for ending in ("", ".head") if gone == "both" else (gone,):
        kept.anchors.file.with_name(kept.anchors.file.name + ending).unlink()
    with pytest.raises(errors.SetupError, match="cannot be proven complete"):
        await kept.verify()
    await kept.verify(chain_only=True)
    assert "anchors were not checked" in capsys.readouterr().out
    with pytest.raises(errors.SetupError, match="cannot be proven complete"):
        await kept.verify(anchor=kept.anchors.file.with_name("none"))


async def test_torn_anchors_stop_nothing(database_url: str, conn: "Connection", tmp_path: Path) -> None:
    """A line that a crash tore: the web process goes on, writes the next anchor behind it, and it is read."""
    await filled(conn)
    file = tmp_path / "anchors"
    file.write_bytes(b'{"n": 1, "ha')
    async with web.serving(database_url, device_key=KEY, audit_anchor=file) as server:
        await asyncio.wait_for(server.hub.ready.wait(), 20)
        anchors = Anchors(file, KEY)

        async def written() -> bool:
            return await asyncio.to_thread(anchors.newest) == await audit_log.head_of(conn)

        await until(written, "the head is written down")
        async with server.client() as client:
            assert (await client.get("/api/v1/devices")).status_code == 200
    assert (await audit_check.examine(conn, anchors)).faults == []


async def test_anchors_are_sent_to_another_machine(database_url: str, conn: "Connection", tmp_path: Path) -> None:
    """Each by itself; one that could not be sent is sent again."""
    await filled(conn)
    async with listening() as sink:
        sink.then = [503]
        sender = anchoring.Sender(sink.url)
        database = Database(database_url)
        await database.open()
        running = asyncio.create_task(sender.run())
        try:
            await AnchorTask(Anchors(tmp_path / "anchors", KEY), database, sender).step(database.pool)

            async def told() -> bool:
                return len(sink.taken) == 2

            await until(told, "the anchor was sent again", within=30)
        finally:
            running.cancel()
            await database.close()
    sent = sink.bodies()
    assert sent[0] == sent[1]
    assert sent[0]["n"] == 6
    assert (await audit_check.verify(conn, [Head(6, bytes.fromhex(sent[0]["hash"]))])).faults == []


def test_moments_of_the_record_are_exact() -> None:
    """What is hashed is what comes back from the database: microseconds, no more."""
    made = audit_log.entry("a", "b", "c\0d\ud800")
    assert made.at.microsecond == made.at.microsecond // 1
    assert made.object == "c␀d?"
    assert db.millis(made.at) > 0
