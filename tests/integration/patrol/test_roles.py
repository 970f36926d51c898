"""The server's database role: it does all the server does, and can alter neither the audit record nor a table."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from ingest.run import passes
from patrol.checks import privileges
from patrol.checks.findings import CheckStatus
from patrol.cli import errors
from patrol.cli.database.migrate import bring_up_to_date
from patrol.services import roles
from patrol.settings import settings
from runtime.clock import wall_clock
from tests.support import web
from tests.support.database import TestServer
from tests.support.waiting import until
from web.audit import audit_check
from web.audit.store import audit_log

if TYPE_CHECKING:
    from runtime.db import Connection

PASSWORD = "it's a \\ password: 100% @home/#1"


@pytest.fixture
async def server_url(postgres: TestServer) -> AsyncIterator[tuple[str, str]]:
    """Addresses of a database as its owner and as the server's role, prepared by `patrol migrate`."""
    owner = await postgres.create(migrated=False)
    role = f"server_{owner.rsplit('_', 1)[-1]}"
    url = roles.server_url(owner, PASSWORD, role)
    given = settings.Settings(database_url=url, owner_database_url=owner)
    assert await bring_up_to_date(given, url, print)
    assert await bring_up_to_date(given, url, print) == []
    yield owner, url
    conn = await asyncpg.connect(owner)
    await conn.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    await conn.close()
    await postgres.drop(owner)


@pytest.fixture
async def owner(server_url: tuple[str, str]) -> AsyncIterator["Connection"]:
    """A connection as the owner."""
    conn = await asyncpg.connect(server_url[0])
    yield conn
    await conn.close()


@pytest.fixture
async def server(server_url: tuple[str, str]) -> AsyncIterator["Connection"]:
    """A connection as the server."""
    conn = await asyncpg.connect(server_url[1])
    yield conn
    await conn.close()


HOSTILE = (
    "UPDATE audit SET actor = 'x'",
    "UPDATE audit SET hash = hash WHERE n = 1",
    "DELETE FROM audit WHERE n > 1",
    "TRUNCATE audit",
    "TRUNCATE audit_head, audit CASCADE",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head (one, n, hash) VALUES (true, 0, '') ON CONFLICT (one) DO UPDATE SET n = 0",
    "UPDATE audit_head SET n = 1, hash = (SELECT hash FROM audit WHERE n = 1)",
    "UPDATE audit_head SET n = 99, hash = ''",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "ALTER TABLE audit_head DISABLE TRIGGER USER",
    "ALTER TABLE audit OWNER TO CURRENT_USER",
    "ALTER TABLE audit RENAME TO other",
    "ALTER TABLE audit ADD x int",
    "DROP TABLE audit",
    "DROP TRIGGER audit_kept ON audit",
    "DROP FUNCTION audit_is_kept CASCADE",
    "CREATE OR REPLACE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "CREATE TRIGGER mine BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept()",
    "CREATE RULE mine AS ON INSERT TO audit DO INSTEAD NOTHING",
    "CREATE TABLE mine (n int)",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine SUPERUSER",
    "SET session_replication_role = replica",
    "SET ROLE patrol",
    "SET SESSION AUTHORIZATION patrol",
    "COPY audit FROM PROGRAM 'true'",
    "COPY audit TO '/tmp/access-audit'",
    "UPDATE schema_migrations SET sha256 = ''",
    "DELETE FROM schema_migrations",
    "ALTER SCHEMA public RENAME TO other",
    "GRANT ALL ON audit TO CURRENT_USER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "LOCK TABLE audit IN ACCESS EXCLUSIVE MODE",
)


async def test_server_alters_nothing_of_the_record(server: "Connection", owner: "Connection") -> None:
    """Row by row, by the table, by its triggers, by becoming somebody else; appending goes on."""
    for n in range(3):
        await audit_log.record(server, "anna", "look", f"thing-{n}")
    before = await owner.fetch("SELECT * FROM audit ORDER BY n")
    # A table of the session's own that is found before the real one must fool no trigger.
    await server.execute("CREATE TEMPORARY TABLE shadow (n bigint, hash bytea); INSERT INTO shadow VALUES (1, '')")
    await server.execute("ALTER TABLE shadow RENAME TO audit; SET search_path = pg_temp, public")
    with pytest.raises(asyncpg.PostgresError):
        await server.execute("UPDATE public.audit_head SET n = 1, hash = ''")
    await server.execute("DROP TABLE pg_temp.audit; RESET search_path")
    for statement in HOSTILE:
        # Told that it granted nothing, which is a warning, is refused, too.
        try:
            await server.execute(statement)
        except asyncpg.PostgresError:
            continue
        assert statement.startswith("GRANT"), statement
    assert await owner.fetch("SELECT * FROM audit ORDER BY n") == before
    await audit_log.record(server, "anna", "look", "thing-3")
    assert (await audit_check.verify(owner, [])).faults == []
    assert await roles.ways_to_alter_the_audit(server) == []


async def test_server_works_as_that_role(server_url: tuple[str, str], server: "Connection", tmp_path: Path) -> None:
    """The web process answers and records; a night's pass drops what is old; the examination says that all is well."""
    async with web.serving(server_url[1], device_key="k" * 64, audit_anchor=tmp_path / "anchors") as running:
        await asyncio.wait_for(running.hub.ready.wait(), 20)

        async def made() -> bool:
            return bool(await server.fetchval("SELECT count(*) FROM accounts"))

        await until(made, "the first account is made")
        async with running.client() as client:
            given = {"name": "anna", "role": "supervisor"}
            assert (await client.post("/api/v1/accounts", json=given)).status_code == 201
            assert (await client.get("/api/v1/devices")).status_code == 200
            assert (await client.get("/readyz")).json()["checks"]["migrations"]["ok"] is True
    assert await passes.Pass(server, wall_clock(), media=tmp_path).run() is not None
    assert [one.status for one in await privileges.examine(server)] == [CheckStatus.OK]


WAYS = {
    "update": ("GRANT UPDATE ON audit TO {role}", "change rows"),
    "one column": ("GRANT UPDATE (actor) ON audit TO {role}", "change rows"),
    "for everybody": ("GRANT DELETE ON audit TO PUBLIC", "delete rows"),
    "truncate": ("GRANT TRUNCATE ON audit_head TO {role}", "delete rows"),
    "trigger": ("GRANT TRIGGER ON audit TO {role}", "triggers"),
    "member": ("GRANT {owner} TO {role}", "owner"),
    "owner": ("ALTER TABLE audit OWNER TO {role}", "owner"),
    "superuser": ("ALTER ROLE {role} SUPERUSER", "superuser"),
    "make roles": ("ALTER ROLE {role} CREATEROLE", "make roles"),
    "all data": ("GRANT pg_write_all_data TO {role}", "change rows"),
    "files": ("GRANT pg_write_server_files TO {role}", "write files"),
    "programs": ("GRANT pg_execute_server_program TO {role}", "run programs"),
}


@pytest.mark.parametrize("how", WAYS)
async def test_examination_says_how_the_record_could_be_altered(
    server_url: tuple[str, str], owner: "Connection", server: "Connection", how: str
) -> None:
    """Each way by itself; the owner is told of, too."""
    names = {
        "role": await server.fetchval("SELECT current_user"),
        "owner": await owner.fetchval("SELECT current_user"),
    }
    statement, said = WAYS[how]
    await owner.execute(statement.format(**names))
    try:
        (found,) = await privileges.examine(server)
        assert (found.status, said in found.detail) == (CheckStatus.WARN, True), found
        assert any("owns the record" in way for way in await roles.ways_to_alter_the_audit(owner))
    finally:
        await owner.execute(f"ALTER TABLE audit OWNER TO {names['owner']}; ALTER ROLE {names['role']} NOSUPERUSER")
        await owner.execute("REVOKE ALL ON audit FROM PUBLIC")
    if how not in ("superuser", "owner"):
        given = settings.Settings(database_url=server_url[1], owner_database_url=server_url[0])
        if how in ("member", "make roles", "all data", "files", "programs"):
            with pytest.raises(errors.SetupError, match="could alter the audit record"):
                await bring_up_to_date(given, server_url[1], print)
        else:
            await bring_up_to_date(given, server_url[1], print)
            assert await roles.ways_to_alter_the_audit(server) == []


async def test_triggers_that_were_switched_off_are_found(owner: "Connection", server: "Connection") -> None:
    """Also where they stand in the way of ordinary sessions only."""
    await owner.execute("ALTER TABLE audit ENABLE TRIGGER audit_kept")
    found, _ = await privileges.examine(server)
    assert (found.status, "audit_kept" in found.detail) == (CheckStatus.BAD, True)


async def test_addresses_that_name_the_owner_twice_are_refused(server_url: tuple[str, str]) -> None:
    """It says what to do; a new password of the role is taken over."""
    given = settings.Settings(database_url=server_url[0], owner_database_url=server_url[0])
    with pytest.raises(errors.SetupError, match="its own user"):
        await bring_up_to_date(given, server_url[0], print)
    role = server_url[1].split("//")[1].split(":")[0]
    other = roles.server_url(server_url[0], "another", role)
    await roles.prepare(server_url[0], other)
    await (await asyncpg.connect(other)).close()
