"""The verdict of the fault suite can fail: each kind of loss and of doubling is found in a real database."""

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bench import bench_faults
from bench.faults import run, verdict
from bench.faults.record import Fix, Record
from runtime import db
from tracking.store.tracks import device_store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T0 = 1_780_000_000_000
CALL = "01J0000000000000000000000A"


@dataclass(frozen=True, slots=True)
class Here:
    """Where the verdict looks."""

    database_url: str
    url: str = "http://127.0.0.1:1"


@pytest.fixture
async def record(conn: "db.Connection") -> Record:
    """Promises that were all kept: ten fixes, one call for help, its alert with a remark, and each step was sent."""
    await device_store.enrol(conn, {"cam-1": "team-1"})
    device = await conn.fetchval("SELECT id FROM devices")
    made = Record()
    fixes: list[Fix] = [("cam-1", T0 + n * 1_000) for n in range(10)]
    made.note(made.broker_has, fixes[:5])
    made.note(made.server_has, fixes[5:])
    await conn.executemany(
        "INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags) VALUES ($1, $2, $2, 23, 114, 0, 0, 0)",
        [(device, db.moment(t)) for _, t in fixes],
    )
    await conn.execute("INSERT INTO device_hours VALUES ($1, $2, 10, 0, 0, 0)", device, db.moment(T0))
    await conn.execute(
        "INSERT INTO events (id, device, t, received, lat, lon, type) VALUES ($1, $2, now(), now(), 23, 114, 'sos')",
        CALL,
        device,
    )
    made.events[CALL] = time.monotonic()
    alert = await conn.fetchval(
        "INSERT INTO alerts (key, kind, level, device, opened_at, updated_at, state, facts) "
        "VALUES ($1, 'sos', 'red', $2, now(), now(), 'open', '{}') RETURNING id",
        f"sos:{CALL}",
        device,
    )
    for n, (step, facts) in enumerate((("opened", {}), ("noted", {"text": "r1"})), start=1):
        await conn.execute(
            "INSERT INTO alert_steps (alert, n, at, step, actor, level, facts) "
            "VALUES ($1, $2, now(), $3, 'x', 'red', $4)",
            alert,
            n,
            step,
            json.dumps(facts),
        )
        made.received[alert, n] = {f"message-{n}"}
    made.acts[alert, "r1"] = time.monotonic()
    return made


async def missed(url: str, record: Record) -> list[str]:
    """What the suite says of it, word by word as it would print it."""
    found = await verdict.compare(verdict.Checker(Here(url), record), await verdict.steps(url), broker_lost=False)
    return list(bench_faults.misses(run.Result(seed=1, outcomes=[], verdict=found, seconds=0.0, sent=10)))


async def test_kept_promises_are_kept(database_url: str, record: Record) -> None:
    """Nothing is missed where nothing is wrong."""
    assert await missed(database_url, record) == []


async def _lose_fix(conn: "db.Connection", _record: Record) -> None:
    await conn.execute("DELETE FROM fixes WHERE t = $1", db.moment(T0 + 7_000))
    await conn.execute("UPDATE device_hours SET fixes = 9")


async def _double_fix(conn: "db.Connection", _record: Record) -> None:
    await conn.execute("ALTER TABLE fixes DROP CONSTRAINT fixes_pkey")
    await conn.execute("INSERT INTO fixes SELECT * FROM fixes LIMIT 1")
    await conn.execute("UPDATE device_hours SET fixes = 11")


async def _count_fix_twice(conn: "db.Connection", _record: Record) -> None:
    await conn.execute("UPDATE device_hours SET fixes = 11")


async def _lose_call(_conn: "db.Connection", record: Record) -> None:
    record.events["01J0000000000000000000000B"] = time.monotonic()


async def _lose_alert(conn: "db.Connection", _record: Record) -> None:
    await conn.execute("UPDATE alerts SET key = 'sos:another'")


async def _lose_step(_conn: "db.Connection", record: Record) -> None:
    (alert, _), *_ = record.acts
    record.acts[alert, "r2"] = time.monotonic()


async def _double_step(conn: "db.Connection", record: Record) -> None:
    await conn.execute(
        "INSERT INTO alert_steps (alert, n, at, step, actor, level, facts) "
        "SELECT alert, 3, at, step, actor, level, facts FROM alert_steps WHERE n = 2"
    )
    (alert, _), *_ = record.received
    record.received[alert, 3] = {"message-3"}


async def _send_nothing(_conn: "db.Connection", record: Record) -> None:
    record.received.pop(next(iter(record.received)))


async def _send_twice(_conn: "db.Connection", record: Record) -> None:
    record.received[next(iter(record.received))].add("message-9")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_lose_fix, "1 fixes lost"),
        (_double_fix, "1 fixes doubled"),
        (_count_fix_twice, "1 counts doubled"),
        (_lose_call, "1 calls for help lost"),
        (_lose_alert, "1 steps of alerts lost"),
        (_lose_step, "1 steps of alerts lost"),
        (_double_step, "1 remarks doubled"),
        (_send_nothing, "1 steps not sent"),
        (_send_twice, "1 steps sent under two ids"),
    ],
)
async def test_each_broken_promise_is_found(
    conn: "db.Connection",
    database_url: str,
    record: Record,
    spoil: "Callable[[db.Connection, Record], Awaitable[None]]",
    said: str,
) -> None:
    """One thing is spoilt at a time, and exactly that is said."""
    await spoil(conn, record)
    found = await missed(database_url, record)
    assert [line for line in found if not line.startswith(said)] == []
    assert len(found) == 1


@pytest.mark.parametrize("took", [None, 31.0])
def test_slow_recovery_is_missed(took: float | None) -> None:
    """Not at all, or too late: both are said, with the fault's name."""
    outcome = run.Outcome(number=4, name="worker killed", kinds=["worker killed"], loses_broker=False, recovered_s=took)
    found = verdict.Verdict(
        promised=0, lost=[], lost_by_broker=0, doubled={}, calls=0, calls_lost=[], calls_lost_by_broker=0, steps=0,
        steps_lost=[], unsent=[], sent_twice=[],
    )  # fmt: skip
    result = run.Result(seed=1, outcomes=[outcome], verdict=found, seconds=0.0, sent=0)
    assert [line.split(":")[0] for line in bench_faults.misses(result)] == ["fault 4, worker killed"]
