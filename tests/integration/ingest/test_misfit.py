"""What the database does not take, and for whose sake: one message's, or because it takes none at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from ingest.decoding.message import DeviceMessage
from ingest.run.config import WorkerConfig
from ingest.run.path.assembly import make_pipeline
from ingest.run.path.intake import Intake
from ingest.run.path.pipeline import BatchLimits, Pipeline
from runtime import retry
from tests.integration.ingest.conftest import T0
from tests.support import lattice
from tracking.store.city import grid_store
from tracking.store.tracks import refusal_store

if TYPE_CHECKING:
    from runtime import db

EVENT = {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "type": "05.01"}
ROUTED = """
CREATE FUNCTION route() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.seq = 13 THEN EXECUTE {statement}; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER route BEFORE INSERT ON fixes FOR EACH ROW EXECUTE FUNCTION route();
"""
BY_CONTENT = {
    "42P01": "'INSERT INTO fixes_of_' || NEW.seq || ' VALUES (1)'",
    "42601": "'nonsense ' || NEW.seq",
    "42501": "'SET LOCAL ROLE pg_monitor; INSERT INTO fixes_of_nobody VALUES (' || NEW.seq || ')'",
    "P0001": "'DO $x$ BEGIN RAISE EXCEPTION ''not ' || NEW.seq || '''; END $x$'",
    "XX000": "'DO $x$ BEGIN RAISE EXCEPTION USING ERRCODE = ''XX000''; END $x$ --' || NEW.seq",
}
MISFITS = {
    "no table of fixes": "ALTER TABLE fixes RENAME TO fixes_old",
    "no table of refusals": "ALTER TABLE refusals RENAME TO refusals_old",
    "no table of the event log": "ALTER TABLE lane RENAME TO lane_old",
    "no table of windows": "ALTER TABLE dirty_windows RENAME TO windows_old",
    "no table of stays": "ALTER TABLE stays RENAME TO stays_old",
    "no column": "ALTER TABLE fixes RENAME COLUMN acc TO accuracy",
    "a column of a later release": """
        ALTER TABLE fixes ADD COLUMN later int NOT NULL DEFAULT 0; ALTER TABLE fixes ALTER later DROP DEFAULT""",
    "no right to store": "REVOKE INSERT ON fixes FROM small",
    "no right to compute": "REVOKE INSERT, UPDATE ON stays FROM small",
    "a trigger that takes nothing": """
        CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never'; END $$;
        CREATE TRIGGER never BEFORE INSERT ON fixes FOR EACH ROW EXECUTE FUNCTION never();""",
}
ROLE = """
CREATE ROLE {role};
GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role};
"""


@pytest.fixture
async def role(conn: "db.Connection") -> AsyncIterator[str]:
    """A role that owns nothing and may do everything with what is there."""
    name = f"small_{await conn.fetchval('SELECT current_database()')}"
    await conn.execute(ROLE.format(role=name))
    yield name
    await conn.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@asynccontextmanager
async def made(url: str, role: str | None = None) -> AsyncIterator[Pipeline]:
    """A pipeline that stands still."""
    config = WorkerConfig(database_url=url, mqtt_url="", auto_enrol=True, limits=BatchLimits(upkeep_s=30.0))
    settings = {} if role is None else {"role": role}
    async with asyncpg.create_pool(url, min_size=1, max_size=4, server_settings=settings) as pool:
        pipeline = await make_pipeline(config, pool, Intake(), lambda _topic, _payload: None)
        await pipeline.step()
        yield pipeline


def put(pipeline: Pipeline, kind: str, payload: Any, acknowledged: list[bytes], device: str = "cam-1") -> None:
    """Let a message arrive."""
    body, topic = json.dumps(payload).encode(), f"patrol/v1/team-1/{device}/{kind}"
    pipeline.intake.put([DeviceMessage(topic, body, False, T0 + 10**7, 1, b"\x00\x01", acknowledged.append)])


def fix(seq: int) -> dict[str, Any]:
    """A fix of a walk through the lattice, a second and a metre after the one before."""
    place = {"lat": lattice.SOUTH + lattice.STEP / 2, "lon": lattice.WEST + (seq + 5) * lattice.STEP / 200}
    return {"t": T0 + 1000 * seq, **place, "acc": 5, "seq": seq, "boot": "b1"}


@pytest.mark.parametrize("statement", BY_CONTENT.values(), ids=BY_CONTENT)
async def test_message_that_fails_for_what_it_says_is_refused_alone(
    conn: "db.Connection", database_url: str, statement: str
) -> None:
    """Whatever the database calls it: the others are stored, all are acknowledged, its number need not come again."""
    await conn.execute(ROUTED.format(statement=statement))
    heard: list[bytes] = []
    async with made(database_url) as pipeline:
        for seq in range(20):
            put(pipeline, "fix", fix(seq), heard)
        async with asyncio.timeout(60):
            await pipeline.step()
    assert len(heard) == 20
    assert await conn.fetchval("SELECT array_agg(seq ORDER BY seq) FROM fixes") == [*range(13), *range(14, 20)]
    assert await refusal_store.counts(conn) == {"out_of_range": 1}
    assert json.loads(await conn.fetchval("SELECT payload FROM refusals"))["seq"] == 13
    assert await conn.fetchval("SELECT settled @> 13::bigint FROM boots") is True


@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS)
async def test_database_that_takes_no_message_ends_the_worker(
    conn: "db.Connection", database_url: str, role: str, change: str
) -> None:
    """Nothing is refused, and what is acknowledged is stored: all else comes again when it is mended."""
    await grid_store.import_file(conn, lattice.encoded(lattice.collection(2, 1)))
    heard: list[bytes] = []
    async with made(database_url, role) as pipeline:
        put(pipeline, "status", {"online": True}, [])
        put(pipeline, "fix", fix(5_000), [], "cam-2")
        await pipeline.step()
        await conn.execute(change.replace("small", role))
        for seq in range(0, 390, 5):
            put(pipeline, "fix", fix(seq), heard)
        put(pipeline, "fix", fix(0), heard, "cam-2")  # late
        put(pipeline, "event", fix(200) | EVENT, heard)
        put(pipeline, "fix", {"t": "never"}, heard)
        async with asyncio.timeout(60):
            with pytest.raises(retry.MisfitError):
                await pipeline.step()
    found = await conn.fetchval("SELECT to_regclass('fixes')")
    stored = await conn.fetchval(f"SELECT count(*) FROM {found or 'fixes_old'}") - 1  # noqa: S608 - one of two names
    stored += await conn.fetchval("SELECT count(*) FROM events")
    assert len(heard) == stored
    assert await refusal_store.counts(conn) == {}


@asynccontextmanager
async def _two(url: str) -> AsyncIterator[tuple["db.Connection", "db.Connection"]]:
    one, other = await asyncpg.connect(url), await asyncpg.connect(url)
    yield one, other
    one.terminate()
    other.terminate()


async def _killed(one: "db.Connection", other: "db.Connection") -> None:
    pid = await one.fetchval("SELECT pg_backend_pid()")
    asleep = asyncio.create_task(one.execute("SELECT pg_sleep(60)"))
    await other.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
    await asleep


async def _locked(one: "db.Connection", other: "db.Connection") -> None:
    await other.execute("BEGIN; LOCK TABLE fixes")
    await one.execute("SET lock_timeout = '10ms'; SELECT * FROM fixes")


async def _slow(one: "db.Connection", _other: "db.Connection") -> None:
    await one.execute("SET statement_timeout = '10ms'; SELECT pg_sleep(60)")


async def _standby(one: "db.Connection", _other: "db.Connection") -> None:
    await one.execute("SET default_transaction_read_only = on")
    await one.execute("DELETE FROM fixes")


async def _raced(one: "db.Connection", other: "db.Connection") -> None:
    await one.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    await one.execute("SELECT * FROM meta")
    await other.execute("UPDATE meta SET value = 'x'")
    await one.execute("UPDATE meta SET value = 'y'")


async def _migrated(one: "db.Connection", other: "db.Connection") -> None:
    async with one.transaction():
        await one.fetch("SELECT * FROM meta")
    await other.execute("ALTER TABLE meta ADD COLUMN later int")
    async with one.transaction():
        await one.fetch("SELECT * FROM meta")


@pytest.mark.parametrize("trouble", [_killed, _locked, _slow, _standby, _raced, _migrated])
async def test_what_a_real_server_says_in_passing_is_waited_for(
    database_url: str, trouble: Callable[["db.Connection", "db.Connection"], Awaitable[None]]
) -> None:
    """Real errors of a real server, not those that we make up."""
    async with _two(database_url) as (one, other):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) as error:
            await trouble(one, other)
    assert retry.is_transient(error.value), repr(error.value)
