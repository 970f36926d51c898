"""Compares what was acknowledged with what is stored."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg
import httpx2

from bench.faults import hostile
from bench.faults.devices import Device
from bench.faults.record import Fix, Record
from runtime import db
from tracking.store.tracks import hour_store

WITHIN_S = 30.0
PATIENCE_S = 120.0
"""How long is waited to see whether it recovers at all."""
_STORED = """
SELECT d.name, f.t FROM fixes f JOIN devices d ON d.id = f.device
WHERE d.name = ANY ($1::text[]) AND f.t = ANY ($2::timestamptz[])
"""
_FORGED = """
SELECT count(*) FROM fixes f JOIN devices d ON d.id = f.device WHERE f.lat = $1 AND f.lon = $2 AND d.name <> $3
"""
_STEPS = "SELECT alert, n, step, facts ->> 'text' AS text FROM alert_steps"
_ALL_SENT = """
SELECT NOT EXISTS (SELECT FROM deliveries WHERE state IN ('waiting', 'sending'))
   AND NOT EXISTS (SELECT FROM events WHERE type = 'sos' AND 'sos:' || id NOT IN (SELECT key FROM alerts))
"""
_OPENED = "SELECT substr(key, 5) AS event, id FROM alerts WHERE key LIKE 'sos:%'"
_DOUBLED = """
SELECT (SELECT count(*) - count(DISTINCT (device, t)) FROM fixes) AS fixes,
       (SELECT abs(coalesce((SELECT sum(fixes) FROM device_hours), 0) - (SELECT count(*) FROM fixes))) AS counts,
       (SELECT count(*) - count(DISTINCT id) FROM events) AS events,
       (SELECT count(*) FROM (SELECT FROM alert_steps WHERE step = 'opened' GROUP BY alert HAVING count(*) > 1) x)
         AS openings,
       (SELECT count(*) FROM (SELECT FROM alert_steps WHERE facts ->> 'text' IS NOT NULL
                              GROUP BY alert, facts ->> 'text' HAVING count(*) > 1) y) AS remarks,
       (SELECT count(*) - count(DISTINCT key) FROM deliveries) AS deliveries
"""


class Place(Protocol):
    """Where the product is at the moment; a database that comes back may have moved."""

    @property
    def url(self) -> str:
        """Address of a web process."""
        ...

    @property
    def database_url(self) -> str:
        """Address of the database."""
        ...


@dataclass(eq=False)
class Checker:
    """Looks up promises in the database; one that was found is not looked up again until the end."""

    place: Place
    record: Record
    found: set[Fix] = field(default_factory=set)
    lacking: str = ""
    """What was not well at the last look; empty when all was."""
    lost_by_broker: set[Fix] = field(default_factory=set)
    """Promised by a broker that was then killed: what its answer is not worth (docs/durability.md)."""

    async def missing(self, fixes: Sequence[Fix]) -> set[Fix]:
        """Those that are not stored."""
        left = set(fixes) - self.found - self.lost_by_broker
        if not left:
            return left
        conn = await asyncpg.connect(self.place.database_url, timeout=5)
        try:
            names, times = sorted({name for name, _ in left}), sorted({t for _, t in left})
            for start in range(0, len(times), 2_000):
                part = [db.moment(t) for t in times[start : start + 2_000]]
                self.found.update((row["name"], db.millis(row["t"])) for row in await conn.fetch(_STORED, names, part))
        finally:
            await conn.close()
        return left - self.found

    def promised(self, before: float) -> list[Fix]:
        """Fixes promised before a moment, monotonic s."""
        both = (*self.record.broker_has.items(), *self.record.server_has.items())
        return [fix for fix, at in both if at < before and fix not in self.found]

    async def recover(self, gone: float, devices: Sequence[Device], *, loses_broker: bool) -> float | None:
        """Wait until all is well; returns the seconds since the cause was `gone`, None if it never was."""
        marks = {device.name: time.time_ns() // 1_000_000 for device in devices}
        while (now := time.monotonic()) < gone + PATIENCE_S:
            try:
                self.lacking = await self._lacking(gone, marks, loses_broker=loses_broker)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, httpx2.HTTPError, TimeoutError) as error:
                self.lacking = f"{type(error).__name__}: {error}"
            if not self.lacking:
                return time.monotonic() - gone
            await asyncio.sleep(max(0.0, now + 0.3 - time.monotonic()))
        return None

    async def _lacking(self, gone: float, marks: dict[str, int], *, loses_broker: bool) -> str:
        """What is not well yet; empty when all is."""
        async with httpx2.AsyncClient(timeout=3) as client:
            ready = await client.get(f"{self.place.url}/readyz")
        if ready.status_code != 200:
            return f"/readyz: {ready.status_code} {ready.text[:500]}"
        if silent := await self._silent(marks):
            return f"no new fix of {', '.join(silent)}"
        left = await self.missing(self.promised(gone))
        if left and loses_broker:
            # Every device has come through since, in order: what is not there now was lost with the broker's memory.
            lost = {fix for fix in left if fix in self.record.broker_has}
            self.lost_by_broker |= lost
            left -= lost
        return f"{len(left)} promised fixes of {', '.join(sorted({name for name, _ in left}))}" if left else ""

    async def _silent(self, marks: dict[str, int]) -> list[str]:
        """Devices of which no fix is stored that was taken after the cause was gone."""
        conn = await asyncpg.connect(self.place.database_url, timeout=5)
        try:
            rows = await conn.fetch(
                "SELECT name, (SELECT max(t) FROM fixes WHERE device = d.id) AS t FROM devices d WHERE name = ANY ($1)",
                list(marks),
            )
        finally:
            await conn.close()
        newest = {row["name"]: db.millis(row["t"]) for row in rows if row["t"] is not None}
        return sorted(name for name, mark in marks.items() if newest.get(name, 0) <= mark)


async def _counted(conn: db.Connection) -> None:
    """Add up what batches left to be counted; a worker may be at it, too."""
    while await conn.fetchval("SELECT EXISTS (SELECT FROM device_hour_parts)"):
        await hour_store.fold(conn)
        await asyncio.sleep(0.1)


async def all_sent(database_url: str) -> bool:
    """Whether every stored call has its alert, and nothing waits to be sent."""
    conn = await asyncpg.connect(database_url)
    try:
        return bool(await conn.fetchval(_ALL_SENT))
    finally:
        await conn.close()


@dataclass(kw_only=True)
class Verdict:
    """The whole comparison, in the end."""

    promised: int
    lost: list[Fix]
    lost_by_broker: int
    doubled: dict[str, int]
    calls: int
    calls_lost: list[str]
    calls_lost_by_broker: int
    steps: int
    steps_lost: list[str]
    """Remarks that were answered with 200, or alerts of stored calls, that are not there."""
    unsent: list[tuple[int, int]]
    """Steps that did not reach the receiver."""
    sent_twice: list[tuple[int, int]]
    """Steps that reached it under two ids."""
    forged: int = 0
    """Fixes that the hostile device sent in the name of others, and that are stored as theirs."""
    stays: str = ""
    """What `patrol rebuild --check` says."""
    stays_differ: bool = False


async def steps(database_url: str) -> set[tuple[int, int]]:
    """All steps of alerts, (alert, number)."""
    conn = await asyncpg.connect(database_url)
    try:
        return {(row["alert"], row["n"]) for row in await conn.fetch(_STEPS)}
    finally:
        await conn.close()


async def compare(checker: Checker, due: set[tuple[int, int]], *, broker_lost: bool) -> Verdict:
    """Compare everything; call it when all outboxes are empty.

    Args:
        checker: what was promised.
        due: steps that must have reached the receiver.
        broker_lost: whether a broker was killed.
    """
    record = checker.record
    checker.found.clear()  # what was there once must still be there
    conn = await asyncpg.connect(checker.place.database_url)
    try:
        lost = await checker.missing([*record.broker_has, *record.server_has])
        stored = {row["id"] for row in await conn.fetch("SELECT id FROM events")}
        calls_lost = sorted(set(record.events) - stored)
        opened = {row["event"]: row["id"] for row in await conn.fetch(_OPENED)}
        stored_steps = await conn.fetch(_STEPS)
        await _counted(conn)
        doubled = dict(await conn.fetchrow(_DOUBLED) or {})
        forged = await conn.fetchval(_FORGED, hostile.FORGED_LAT, hostile.FORGED_LON, hostile.NAME)
    finally:
        await conn.close()
    texts = {(row["alert"], row["text"]) for row in stored_steps}
    steps_lost = [f"remark {text} on alert {alert}" for alert, text in record.acts if (alert, text) not in texts]
    steps_lost += [f"no alert for the call {event}" for event in stored if event not in opened]
    return Verdict(
        promised=len(record.broker_has) + len(record.server_has),
        lost=sorted(lost),
        lost_by_broker=len(checker.lost_by_broker),
        doubled=doubled,
        calls=len(record.events),
        calls_lost=[] if broker_lost else calls_lost,
        calls_lost_by_broker=len(calls_lost) if broker_lost else 0,
        steps=len(stored_steps),
        steps_lost=steps_lost,
        unsent=sorted(due - record.received.keys()),
        sent_twice=sorted(step for step, ids in record.received.items() if len(ids) > 1),
        forged=forged,
    )
