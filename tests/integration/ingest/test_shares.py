"""Workers that share the units: they move without loss, nothing is counted twice, and who hangs is put out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from ingest.run import claim, loaded_city
from ingest.run.rebuild import RebuildCheck, RebuildResult, devices
from ingest.run.shares import LostUnitsError, Shares
from tests.integration.ingest.conftest import T0, Send, fix, working
from tests.support import waiting
from tracking.store.tracks import device_store, hour_store

if TYPE_CHECKING:
    from runtime import db
    from tests.support.mosquitto import Mosquitto

UNITS = ("team-1", "team-2", "team-3", "片区四")
SHARED = ("shared",)


@pytest.fixture
async def fleet(conn: "db.Connection") -> list[str]:
    """A device in each unit; their topics."""
    await device_store.enrol(conn, {f"cam-{n}": unit for n, unit in enumerate(UNITS)})
    return [f"patrol/v1/{unit}/cam-{n}/fix" for n, unit in enumerate(UNITS)]


async def held(conn: "db.Connection") -> dict[str, list[str]]:
    """Who says that he holds what."""
    rows = await conn.fetch("SELECT id, units FROM workers WHERE shares")
    return {row["id"]: sorted(row["units"]) for row in rows}


async def until_held(conn: "db.Connection", **counts: int) -> None:
    """Wait until each of the workers holds so many units, all of them together and none twice."""

    async def probe() -> bool:
        found = await held(conn)
        listed = sorted(unit for units in found.values() for unit in units)
        return {name: len(units) for name, units in found.items()} == counts and listed == sorted(UNITS)

    await waiting.until(probe, f"units are divided as {counts}", within=30)


async def say(send: Send, topics: Sequence[str], seconds: Sequence[int]) -> None:
    """Each device walks on, a fix a second."""
    for second in seconds:
        for topic in topics:
            await send(topic, fix(second * 1000, lat=23.1 + second * 1e-5))


async def test_units_move_when_workers_come_and_go(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, fleet: list[str], send: Send
) -> None:
    """One, then two, then the other alone, while fixes come: each is stored and counted once, in one run a device."""
    place = {"database_url": database_url, "mqtt_url": mosquitto.url, "units": SHARED}
    async with working(**place, worker_id="a"):
        await until_held(conn, a=4)
        await say(send, fleet, range(20))
        async with working(**place, worker_id="b"):
            moving = asyncio.create_task(say(send, fleet, range(20, 60)))
            await until_held(conn, a=2, b=2)
            await moving
    await say(send, fleet, range(60, 70))  # nobody is there: the sessions of the units keep them
    async with working(**place, worker_id="b"):
        await until_held(conn, b=4)
        await say(send, fleet, range(70, 80))

        async def stored() -> bool:
            return bool(await conn.fetchval("SELECT count(*) = 320 FROM fixes"))

        await waiting.until(stored, "all fixes are stored", within=30)

        async def worked_in() -> bool:
            return not await conn.fetchval("SELECT EXISTS (SELECT FROM dirty_windows)")

        await waiting.until(worked_in, "no window is left", within=30)
    await hour_store.fold(conn)
    assert await conn.fetchval("SELECT sum(fixes) FROM device_hours") == 320
    assert await conn.fetchval("SELECT count(*) FROM runs") == len(UNITS)  # nobody told a part of a run as a whole
    found, checker = RebuildResult(), RebuildCheck(await loaded_city.load(conn), T0 + 3_600_000)
    for device in await devices(conn, None):
        await checker.check(conn, device, T0, T0 + 3_600_000, found)
    assert (found.differences, found.waiting, found.fixes) == ([], 0, 320)


async def test_what_waits_for_a_worker_of_all_units_is_stored_by_its_successor(
    conn: "db.Connection", mosquitto: "Mosquitto", database_url: str, fleet: list[str], send: Send
) -> None:
    """Its session held fixes of units that are others' now: they are stored, and left to the others' engines."""
    place = {"database_url": database_url, "mqtt_url": mosquitto.url, "worker_id": "a"}
    async with working(**place):
        await say(send, fleet, [0])
    await say(send, fleet, [1])
    async with working(**place, units=("team-1",)):

        async def stored() -> bool:
            return bool(await conn.fetchval("SELECT count(*) = 8 FROM fixes"))

        await waiting.until(stored, "what waited is stored")
        await say(send, fleet, [2])

        async def newest() -> bool:
            return bool(await conn.fetchval("SELECT count(*) = 9 FROM fixes"))

        await waiting.until(newest, "its own unit's next fix is stored, and no other's")
        assert await held(conn) == {}  # who has a list of units has no part in an allotment
    misrouted = await conn.fetchval(
        "SELECT count(DISTINCT device) FROM dirty_windows w JOIN devices d ON d.id = w.device WHERE unit <> 'team-1'"
    )
    assert misrouted == 3


@dataclass(eq=False)
class Part:
    """A worker's part without its engine and its connections: what it was told to do."""

    shares: Shares = field(init=False)
    serving: list[str] = field(default_factory=list)
    listening: set[str] = field(default_factory=set)


@asynccontextmanager
async def part(
    url: str, name: str, broken: Callable[[], None] = lambda: None, **timing: Any
) -> AsyncIterator[tuple[Part, "asyncio.Task[None]"]]:
    """Share under a name until the body ends."""

    async def serve(units: Sequence[str]) -> None:
        made.serving = list(units)

    async def disconnect(unit: str) -> None:
        made.listening.discard(unit)

    made = Part()
    made.shares = Shares(
        database_url=url,
        worker=name,
        serve=serve,
        listen=made.listening.add,
        disconnect=disconnect,
        broken=broken,
        **timing,
    )
    task = asyncio.create_task(made.shares.run())
    try:
        yield made, task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_who_hangs_is_put_out_and_writes_no_more(database_url: str, fleet: list[str]) -> None:
    """It stops trusting its claims before another takes them; when it goes on, it learns that they are another's."""
    assert fleet
    async with part(database_url, "hung", every_s=2.0, trust_s=0.5) as (hung, task):
        await hung.shares.allotted.wait()
        assert hung.listening == set(UNITS)
        await hung.shares.wait()
        async with part(database_url, "next", every_s=0.1, stale_s=1.0) as (other, _):
            await waiting.until(_served(other), "the other serves all")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await hung.shares.wait()
            with pytest.raises(LostUnitsError):
                await task
            assert other.listening == set(UNITS)


async def test_claims_lost_with_the_database_are_taken_again(
    conn: "db.Connection", database_url: str, fleet: list[str]
) -> None:
    """The database ends the session; the worker takes the same units again, and its engine is made anew."""
    assert fleet
    broken = asyncio.Event()
    async with part(database_url, "a", broken.set, every_s=0.1) as (made, task):
        await waiting.until(_served(made), "it serves all")
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'patrol-units a'"
        )
        async with asyncio.timeout(20 * waiting.PATIENCE):
            await broken.wait()
            await made.shares.wait()
        assert not task.done()
        assert made.listening == set(UNITS)  # connections stay: messages wait, nothing moves


async def test_a_worker_of_all_units_keeps_sharers_out(
    conn: "db.Connection", database_url: str, fleet: list[str]
) -> None:
    """While one has the claim on all, those that share stand by; then they take over."""
    assert fleet
    assert await claim.take(conn, None)
    async with part(database_url, "a", every_s=0.05) as (made, _):
        await made.shares.allotted.wait()
        assert made.serving == []
        await claim.release(conn)
        await waiting.until(_served(made), "it serves all")
        other = await asyncpg.connect(database_url)
        assert not await claim.take(other, None)
        assert not await claim.take(other, ["team-1"])
        await other.close()


def _served(of: Part) -> Callable[[], Awaitable[bool]]:
    async def probe() -> bool:
        return of.shares.serving == set(UNITS) and of.serving == sorted(UNITS)

    return probe
