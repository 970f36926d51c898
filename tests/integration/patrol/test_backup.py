"""The commands of docs/backup.md on a real server: restore to a moment between two commits; a dump into a copy."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from patrol.checks import database
from patrol.checks.findings import CheckResult, CheckStatus
from patrol.services import access, migrate, postgres
from patrol.services.postgres import EmbeddedPostgres
from runtime import db
from tests.integration.tracking.test_fix_store import fixes
from tests.support import waiting
from tests.support.database import TestServer
from tests.support.missing import OPTIONAL
from tracking.store.tracks import fix_store
from web.health import gauges

DOCS = (Path(__file__).parents[3] / "docs/backup.md").read_text()
BLOCKS = dict(re.findall(r"<!-- run: ([\w-]+) -->\n```bash\n(.*?)```", DOCS, re.DOTALL))
ARCHIVE = re.search(r"archive_command = '(.*)'$", DOCS, re.MULTILINE)
START = 1_760_000_000_000

Rows = dict[str, tuple[int, str]]


def run_block(block: str, programs: Path, **env: str) -> None:
    """Run a block of the page with PostgreSQL's programs of a folder."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", BLOCKS[block]],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Site:
    """A server that archives its WAL, and a folder for backups that its user may write."""

    def __init__(self, folder: Path) -> None:
        assert ARCHIVE is not None
        self.backup = folder / "backup"
        for name in ("wal", "base", "dump"):
            (self.backup / name).mkdir(parents=True)
        user = access.database_user()
        if user is not None:
            access.let_pass(user, self.backup / "wal" / "x")
            shutil.chown(self.backup / "wal", user, user)
        command = ARCHIVE[1].replace("/backup", str(self.backup))
        self.settings = {"archive_mode": "on", "archive_timeout": "60", "archive_command": command}
        self.server = EmbeddedPostgres(folder / "server", settings=self.settings)

    def run(self, block: str, **env: str) -> None:
        """Run a block of the page as it stands there."""
        given = {"BACKUP": str(self.backup), "DATABASE_URL": self.server.url}
        run_block(block, Path(postgres._program("psql")).parent, **(given | env))

    async def archived(self, conn: db.Connection) -> None:
        """Wait until the WAL so far is in the archive."""
        await conn.execute("SELECT pg_logical_emit_message(true, 'test', 'so that the segment is not empty')")
        segment: str = await conn.fetchval("SELECT pg_walfile_name(pg_switch_wal())")
        path = self.backup / "wal" / segment

        async def there() -> bool:
            return path.exists()

        await waiting.until(there, f"{segment} is archived")


@pytest.fixture
async def site(own_folder: Callable[[], Path]) -> AsyncIterator[Site]:
    """The server with its tables."""
    made = Site(own_folder())
    await made.server.start()
    await migrate.migrate(made.server.url)
    yield made
    made.server.stop()


async def rows(url: str) -> Rows:
    """Of each table how many rows, and one digest over all of them to the last column."""
    conn = await asyncpg.connect(url)
    try:
        tables = await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        assert len(tables) > 30
        found: Rows = {}
        for (table,) in tables:
            digest = "coalesce(md5(string_agg(r::text, E'\\n' ORDER BY r::text)), '')"
            query = f"SELECT count(*), {digest} FROM {table} r"  # noqa: S608 - names from the catalogue
            row = await conn.fetchrow(query)
            assert row is not None
            found[table] = (row[0], row[1])
        return found
    finally:
        await conn.close()


async def store(conn: db.Connection, device: int, first: int, n: int) -> None:
    """Store fixes in a transaction, as a worker does."""
    times = [START + 1_000 * k for k in range(first, first + n)]
    async with conn.transaction():
        await fix_store.insert(conn, fixes(device, times))


async def _device(conn: db.Connection) -> int:
    number: int = await conn.fetchval("INSERT INTO devices (name, unit) VALUES ('cam-1', 'team') RETURNING id")
    return number


async def _store_during(site: Site, block: str, conn: db.Connection, device: int, n: int) -> int:
    """Store fixes from number `n` on while a block of the page runs; returns the number of the next."""
    running = asyncio.create_task(asyncio.to_thread(site.run, block))
    while not running.done():
        await store(conn, device, n, 10)
        n += 10
        await asyncio.sleep(0.01)
    await running
    return n


async def test_restore_to_a_moment_brings_back_exactly_what_was_committed_then(site: Site) -> None:
    """Written before, during and after the base backup; then somebody ruins it. The moment before is restored whole."""
    conn = await asyncpg.connect(site.server.url)
    device = await _device(conn)
    await store(conn, device, 0, 500)
    n = await _store_during(site, "base", conn, device, 500)
    await store(conn, device, n, 500)
    wanted = await rows(site.server.url)
    moment: datetime = await conn.fetchval("SELECT clock_timestamp()")
    assert wanted["fixes"][0] == n + 500
    await store(conn, device, n + 500, 100)
    await conn.execute("DELETE FROM fixes WHERE t < to_timestamp($1)", (START + 400_000) / 1000)
    await conn.execute("DROP TABLE stay_growth")
    await site.archived(conn)
    await conn.close()
    site.server.stop()

    restored = _restore(site, moment)
    await restored.start()
    try:
        there = await asyncpg.connect(restored.url)

        async def promoted() -> bool:
            return not await there.fetchval("SELECT pg_is_in_recovery()")

        await waiting.until(promoted, "the restored server has promoted", within=40)
        assert await rows(restored.url) == wanted
        epoch = await there.fetchval("SELECT value FROM meta WHERE key = 'epoch'")
        site.run("after", DATABASE_URL=restored.url)
        assert await there.fetchval("SELECT value FROM meta WHERE key = 'epoch'") != epoch
        assert await migrate.migrate(restored.url) == []
        await store(there, device, n + 500, 100)  # it takes writes, and knows what it has
        assert await there.fetchval("SELECT count(*) FROM fixes") == n + 600
        assert not await _faults(there)
        await there.close()
    finally:
        restored.stop()


def _restore(site: Site, moment: datetime) -> EmbeddedPostgres:
    folder = site.server.folder.parent / "restored"
    folder.mkdir()
    shutil.copy(site.server.folder / "address.json", folder / "address.json")
    site.run("restore", DATA=str(folder / "data"), MOMENT=moment.isoformat())
    user = access.database_user()
    if user is not None:
        subprocess.run(["chown", "-R", f"{user}:{user}", str(folder / "data")], check=True)
    return EmbeddedPostgres(folder, settings={"archive_mode": "off"})


async def _faults(conn: db.Connection) -> list[CheckResult]:
    return [one for one in await database.examine(conn) if one.status is CheckStatus.BAD]


async def test_archive_that_fails_is_told_and_old_wal_goes(site: Site) -> None:
    """Sound it is no fault; with its folder gone it is one, in the check and for Prometheus, until it is back."""
    conn = await asyncpg.connect(site.server.url)
    device = await _device(conn)
    for n in range(3):
        await store(conn, device, 100 * n, 100)
        await site.archived(conn)
        await asyncio.to_thread(site.run, "base")
        await asyncio.sleep(1.1)  # base backups are named by the second
    await site.archived(conn)
    before = len(list((site.backup / "wal").iterdir()))
    site.run("expire")
    assert 0 < len(list((site.backup / "wal").iterdir())) < before
    assert await _figure(conn, "patrol_wal_archive_failing") == 0
    assert 0 <= await _figure(conn, "patrol_wal_archive_age_seconds") < 600
    assert {one.what: one for one in await database.examine(conn)}["archive_mode"].status is CheckStatus.OK

    (site.backup / "wal").rename(site.backup / "away")
    await conn.execute("SELECT pg_switch_wal() FROM pg_logical_emit_message(true, 'test', 'something to archive')")

    async def told() -> bool:
        return any(one.what == "WAL archive 归档" for one in await _faults(conn))

    await waiting.until(told, "the check finds that archiving fails", within=60, every=0.2)
    assert await _figure(conn, "patrol_wal_archive_failing") == 1
    (site.backup / "away").rename(site.backup / "wal")

    async def mended() -> bool:
        return not await told()

    await waiting.until(mended, "archiving goes on", within=90, every=0.5)
    await conn.close()


async def _figure(conn: db.Connection, name: str) -> float:
    lines = (await gauges.stored(conn)).decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(name + " ")))


async def test_dump_holds_one_moment_and_restores_into_an_empty_database(site: Site) -> None:
    """Made while fixes come in: every table as at one commit, nothing half; the copy is sound and goes on counting."""
    conn = await asyncpg.connect(site.server.url)
    device = await _device(conn)
    await store(conn, device, 0, 1_000)
    await _store_during(site, "dump", conn, device, 1_000)
    # As the page says: its owner restores it, who is no superuser.
    await conn.execute("CREATE ROLE owner LOGIN PASSWORD 'secret'")
    await conn.execute("CREATE DATABASE copy OWNER owner")
    parts = urlsplit(site.server.url)
    copy = parts._replace(netloc=f"owner:secret@{parts.hostname}:{parts.port}", path="/copy").geturl()
    await asyncio.to_thread(site.run, "undump", NEW_URL=copy)
    ours, theirs = await rows(site.server.url), await rows(copy)
    assert ours.keys() == theirs.keys()
    assert theirs["fixes"][0] % 10 == 0
    assert 1_000 <= theirs["fixes"][0] <= ours["fixes"][0]
    changed = {name for name in ours if ours[name] != theirs[name]}
    assert changed <= {"fixes", "meta"}
    there = await asyncpg.connect(copy)
    first = await there.fetch("SELECT * FROM fixes ORDER BY t LIMIT 1000")
    assert first == await conn.fetch("SELECT * FROM fixes ORDER BY t LIMIT 1000")
    assert await there.fetchval("INSERT INTO devices (name, unit) VALUES ('cam-2', 'team') RETURNING id") > device
    assert not await _faults(there)
    await there.close()
    await conn.close()


async def test_dump_of_hypertables_is_restored_by_a_superuser(postgres: TestServer, tmp_path: Path) -> None:
    """On a server with TimescaleDB: rows, owners, jobs and the columnstore are there again; its owner goes on."""
    programs = await _programs_beside(postgres.admin_url)
    parts = urlsplit(postgres.admin_url)
    owner = parts._replace(netloc=f"hyper_owner:secret@{parts.hostname}:{parts.port}")
    admin = await asyncpg.connect(postgres.admin_url)
    try:
        await admin.execute("CREATE ROLE hyper_owner LOGIN PASSWORD 'secret'")
        for name in ("hyper_old", "hyper_new"):
            await admin.execute(f"CREATE DATABASE {name} OWNER hyper_owner")
        old, new = (owner._replace(path=f"/{name}").geturl() for name in ("hyper_old", "hyper_new"))
        await migrate.migrate(old)
        conn = await asyncpg.connect(old)
        await store(conn, await _device(conn), 0, 1_000)
        await conn.execute("SELECT compress_chunk(c) FROM show_chunks('fixes') c")
        await conn.close()
        place = {"DATABASE_URL": old, "SUPER_URL": postgres.url("hyper_new"), "BACKUP": str(tmp_path)}
        for block in ("dump", "undump-timescale"):
            await asyncio.to_thread(run_block, block, programs, **place)
        changed = {name for name, told in (await rows(new)).items() if told != (await rows(old))[name]}
        assert changed <= {"meta"}
        there = await asyncpg.connect(new)
        assert await there.fetchval("SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed") == 1
        jobs = "SELECT count(*) FROM timescaledb_information.jobs WHERE owner::text = 'hyper_owner'"
        assert await there.fetchval(jobs) == 2
        await store(there, await there.fetchval("SELECT id FROM devices"), 1_000, 100)
        assert await migrate.migrate(new) == []
        await there.close()
    finally:
        for name in ("hyper_old", "hyper_new"):
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute("DROP ROLE IF EXISTS hyper_owner")
        await admin.close()


async def _programs_beside(url: str) -> Path:
    """Folder of pg_dump of the server's version; skips where the server has no TimescaleDB."""
    conn = await asyncpg.connect(url)
    try:
        if not await conn.fetchval("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')"):
            pytest.skip(f"{OPTIONAL}PATROL_TEST_DATABASE_URL names no server with TimescaleDB, as a superuser")
        major = conn.get_server_version().major
    finally:
        await conn.close()
    folders = [Path("/usr/lib/postgresql") / str(major) / "bin", Path(shutil.which("pg_dump") or "/nowhere").parent]
    return next(folder for folder in folders if (folder / "pg_dump").exists())
