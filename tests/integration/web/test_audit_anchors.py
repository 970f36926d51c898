"""The record of access against its anchors: cut ends, torn files, copies elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from patrol.cli import errors
from patrol.cli.accounts import audit_head, audit_verify
from patrol.settings import settings
from runtime import db
from tests.integration.web.audited import OPENED, filled
from tests.support import web
from tests.support.sink import listening
from tests.support.waiting import until
from web.audit import anchoring, audit_check
from web.audit.anchoring import AnchorTask
from web.audit.audit_anchors import Anchors
from web.audit.audit_chain import Head
from web.audit.store import audit_log
from web.database import Database

if TYPE_CHECKING:
    from runtime.db import Connection

KEY = "k" * 40
MOVE_HEAD = "UPDATE audit_head SET (n, hash) = (SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1)"


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
    assert "7 entries are as they were written; 3 anchors match" in capsys.readouterr().out
    await asyncio.to_thread(audit_head.run, kept.given)
    printed = capsys.readouterr().out.strip()
    copy = tmp_path / "copy"
    copy.write_bytes(kept.anchors.file.read_bytes())
    await kept.verify(anchor=copy, heads=[printed])
    with pytest.raises(errors.SetupError, match="as `patrol audit head` printed it"):
        await kept.verify(heads=["7:abcd"])
    with pytest.raises(errors.SetupError, match="cannot be proven complete"):
        await kept.verify(heads=[f"7:{'00' * 32}"])


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
        sender = anchoring.AnchorSender(sink.url)
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
