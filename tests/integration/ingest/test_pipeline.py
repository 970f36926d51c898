"""The pipeline on a real database: late fixes, poison, failures and commits of which nobody heard the end."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from ingest.decoding import batch
from ingest.decoding.decode import decode
from ingest.decoding.message import DeviceMessage
from ingest.run.config import WorkerConfig
from ingest.run.path.assembly import make_pipeline
from ingest.run.path.attempt import Attempt
from ingest.run.path.intake import Intake
from ingest.run.path.pipeline import BatchLimits, Pipeline
from runtime.clock import wall_clock
from tests.integration.ingest.conftest import T0
from tests.support import lattice, waiting
from tracking.store.city import grid_store
from tracking.store.tracks import refusal_store

if TYPE_CHECKING:
    from runtime import db

FIX = "patrol/v1/team-1/cam-1/fix"
EVENT = "patrol/v1/team-1/cam-1/event"
ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
STRIDE = lattice.STEP / 200  # degrees in about a metre


def message(topic: str, payload: Any, connection: int = 1) -> DeviceMessage:
    """A message that waits to be acknowledged."""
    return DeviceMessage(topic, json.dumps(payload).encode(), False, T0 + 10**7, connection, b"\x00\x01")


def walk(seconds: Iterable[int]) -> list[dict[str, Any]]:
    """Fixes of a walk eastwards at 1 m/s from the middle of the western edge of the lattice."""
    south = lattice.SOUTH + lattice.STEP / 2
    return [
        {"t": T0 + s * 1000, "lat": south, "lon": lattice.WEST + (s + 5) * STRIDE, "acc": 5.0, "spd": 1.0}
        for s in seconds
    ]


@asynccontextmanager
async def made(url: str, **settings: Any) -> AsyncIterator[Pipeline]:
    """A pipeline that stands still, without a broker."""
    config = WorkerConfig(database_url=url, mqtt_url="", auto_enrol=True, limits=BatchLimits(upkeep_s=0.1), **settings)
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool:
        yield await make_pipeline(config, pool, Intake(), lambda _topic, _payload: None)


@asynccontextmanager
async def running(url: str, **settings: Any) -> AsyncIterator[Pipeline]:
    """A pipeline at work."""
    async with made(url, **settings) as pipeline:
        task = asyncio.create_task(pipeline.run())
        try:
            yield pipeline
        finally:
            assert not task.done(), task
            task.cancel()
            await asyncio.wait([task])


async def attempted(pipeline: Pipeline, conn: "db.Connection", given: DeviceMessage) -> Attempt:
    """A batch of one message, ready to be written."""
    said = decode(given.topic, given.payload, retained=False, now=given.received)
    received = [batch.Received(given, said)]
    unenrolled = batch.unenrolled(received, batch.senders(received, pipeline.devices.by_name))
    await pipeline.devices.prepare(conn, unenrolled)
    return Attempt(batch.build(received, batch.senders(received, pipeline.devices.by_name)), 1)


async def taken(pipeline: Pipeline, *messages: DeviceMessage) -> None:
    """Hand messages over and return when all are acknowledged."""
    left, all_heard = len(messages), asyncio.Event()

    def heard(_number: bytes) -> None:
        nonlocal left
        left -= 1
        if not left:
            all_heard.set()

    for each in messages:
        each.acknowledge = heard
        pipeline.intake.put([each])
    await asyncio.wait_for(all_heard.wait(), 20 * waiting.PATIENCE)


@pytest.fixture
async def grid(conn: "db.Connection") -> None:
    """Two cells of about 200 m side by side."""
    assert isinstance(
        await grid_store.import_file(conn, lattice.encoded(lattice.collection(2, 1))), grid_store.GridImportResult
    )


async def stays(conn: "db.Connection") -> list[tuple[Any, ...]]:
    """Current stays as they are known now."""
    rows = await conn.fetch(
        "SELECT c.code, t_in, t_out, dwell_ms, path_m, fixes, kind, open FROM stays JOIN cells c ON c.id = cell "
        "WHERE known_to IS NULL ORDER BY t_in"
    )
    return [tuple(row) for row in rows]


def ended(conn: "db.Connection", n: int) -> "Callable[[], Any]":
    """A probe that gives the stays once there are n, all ended, and no late fix waits."""

    async def probe() -> list[tuple[Any, ...]] | None:
        waits = await conn.fetchval("SELECT count(*) FROM dirty_windows")
        found = await stays(conn)
        return found if not waits and len(found) == n and not any(stay[-1] for stay in found) else None

    return probe


@pytest.mark.usefixtures("grid")
@pytest.mark.parametrize("seed", range(3))
async def test_stays_do_not_depend_on_arrival(conn: "db.Connection", database_url: str, seed: int) -> None:
    """A track in order, and the same shuffled, repeated and cut in parts over restarts, give the same stays."""
    fixes = walk(range(0, 390, 5))
    async with running(database_url) as pipeline:
        await taken(pipeline, message(FIX, fixes))
        in_order = await waiting.until(ended(conn, 2), "two stays have ended")
    assert {stay[0] for stay in in_order} == {"441302010001001", "441302010001002"}
    await conn.execute("TRUNCATE fixes, stays, runs, dirty_windows, lane")
    rng = random.Random(seed)  # noqa: S311 - a test's own dice
    mess = fixes + rng.sample(fixes, 20)
    rng.shuffle(mess)
    for part in (mess[:40], mess[40:]):
        async with running(database_url) as pipeline:
            await taken(pipeline, *[message(FIX, part[at : at + 7]) for at in range(0, len(part), 7)])
    async with running(database_url):
        shuffled = await waiting.until(ended(conn, 2), "the same stays have ended")
    assert shuffled == in_order


@pytest.mark.usefixtures("grid")
async def test_late_fixes_amend_what_was_known(conn: "db.Connection", database_url: str) -> None:
    """A gap that is filled later makes one visit of it; what was known before is kept with the reason."""
    async with running(database_url) as pipeline:
        await taken(pipeline, message(FIX, walk([*range(0, 30, 5), *range(160, 390, 5)])))
        await waiting.until(ended(conn, 3), "the stays around the gap have ended")
        await taken(pipeline, message(FIX, walk(range(30, 160, 5))))
        found = await waiting.until(ended(conn, 2), "the gap is closed")
    assert found[0][3] == pytest.approx(195_000, abs=3000)
    rows = await conn.fetch("SELECT reason FROM stays WHERE reason IS NOT NULL")
    assert {(reason["kind"], reason["device"]) for reason in (json.loads(row["reason"]) for row in rows)} == {
        ("late", "cam-1")
    }


@pytest.mark.usefixtures("grid")
async def test_grid_imported_while_running_is_used(conn: "db.Connection", database_url: str) -> None:
    """A worker notices an import and judges by the new cells."""
    async with running(database_url) as pipeline:
        old = pipeline.host.version
        await grid_store.import_file(conn, lattice.encoded(lattice.collection(3, 1)))

        async def reloaded() -> bool:
            return pipeline.host.version != old

        await waiting.until(reloaded, "the worker has read the new cells")
        assert len(pipeline.host.city.cells) == 3


async def test_poisonous_message_is_refused_alone(conn: "db.Connection", database_url: str) -> None:
    """One message that the database will not hold costs itself; those beside it are stored, all are acknowledged."""
    await conn.execute("ALTER TABLE events ADD CHECK (type <> 'poison')")
    event = {**walk([0])[0], "id": ULID, "type": "05.01"}
    messages = [message(FIX, fix) for fix in walk(range(20))]
    messages.insert(7, message(EVENT, {**event, "id": ULID[:-1] + "W", "type": "poison"}))
    messages.insert(12, message(EVENT, event))
    async with running(database_url) as pipeline:
        await taken(pipeline, *messages)
    assert await conn.fetchval("SELECT count(*) FROM fixes") == 20
    assert [row["type"] for row in await conn.fetch("SELECT type FROM events")] == ["05.01"]
    assert await refusal_store.counts(conn) == {"out_of_range": 1}
    assert "events_type_check" in await conn.fetchval("SELECT detail FROM refusals")


@pytest.mark.usefixtures("grid")
async def test_fixes_are_stored_though_their_stays_cannot_be(conn: "db.Connection", database_url: str) -> None:
    """What follows from a fix must not cost the fix; the stays are made up for when it is possible again."""
    await conn.execute("ALTER TABLE stays ADD CONSTRAINT never CHECK (false)")
    async with running(database_url) as pipeline:
        await taken(pipeline, message(FIX, walk(range(0, 390, 5))))
    assert await conn.fetchval("SELECT count(*) FROM fixes") == 78
    assert await conn.fetchval("SELECT count(*) FROM dirty_windows") == 1
    await conn.execute("ALTER TABLE stays DROP CONSTRAINT never")
    async with running(database_url):
        await waiting.until(ended(conn, 2), "the stays are made up for")


@pytest.mark.usefixtures("grid")
async def test_commit_whose_end_nobody_heard_is_not_repeated(conn: "db.Connection", database_url: str) -> None:
    """Tried again after a commit that did happen, a batch changes nothing and tells nothing twice."""
    async with made(database_url) as pipeline:
        event = {**walk([0])[0], "id": ULID, "type": "05.01"}
        attempt = await attempted(pipeline, conn, message(EVENT, event))
        for _ in range(2):
            await pipeline.write(conn, attempt)
    assert attempt.events == 1
    kinds = [row["kind"] for row in await conn.fetch("SELECT kind FROM lane ORDER BY seq")]
    assert kinds == ["grid", "device", "event"]


@pytest.mark.usefixtures("grid")
async def test_batch_rolled_back_is_written_again_with_the_same_answer(
    conn: "db.Connection", database_url: str
) -> None:
    """After a transaction that did not happen the next one stores it all, though the engine went forward once only."""
    async with made(database_url) as pipeline:
        attempt = await attempted(pipeline, conn, message(FIX, walk(range(0, 390, 5))))
        transaction = conn.transaction()
        await transaction.start()
        await pipeline.write(conn, attempt)
        await transaction.rollback()
        assert await stays(conn) == []
        answer = attempt.advance
        await pipeline.write(conn, attempt)
        assert attempt.advance is answer
    assert await conn.fetchval("SELECT count(*) FROM fixes") == 78
    assert [(stay[0], stay[6]) for stay in await stays(conn)] == [("441302010001001", "short")]


async def test_fix_that_came_while_the_clock_was_back_is_stored_when_it_is_right_again(
    conn: "db.Connection", database_url: str
) -> None:
    """What is judged later than it came is judged by the time that it was then, not by what the clock said."""
    now = wall_clock()
    came = message(FIX, {"t": now, "lat": 23.1, "lon": 114.4})
    came.received, came.latest = now - 3_600_000, now
    async with running(database_url) as pipeline:
        await taken(pipeline, came)
    assert await conn.fetchval("SELECT count(*) FROM fixes") == 1
