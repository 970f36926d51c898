"""Devices, events, refusals, dirty windows and the event log in a real database."""

import asyncio
from typing import TYPE_CHECKING

import asyncpg

from schemas import wire
from schemas.refusals import Refusal
from tracking.city import enrolment
from tracking.presence.stays import Window
from tracking.records import refused as refusals
from tracking.store.records import event_log
from tracking.store.tracks import device_store, event_store, refusal_store, window_store

if TYPE_CHECKING:
    from runtime import db

T0 = 1_790_000_000_000


async def test_enrol_tells_new_devices_once(conn: "db.Connection") -> None:
    """A device enrolled again keeps its unit and is not told again."""
    first = await device_store.enrol(conn, {"cam-1": "team-1", "cam-2": "team-1"})
    again = await device_store.enrol(conn, {"cam-2": "team-9", "cam-3": "team-1"})
    assert [body["id"] for _, body in first] == ["cam-1", "cam-2"]
    assert [body["id"] for _, body in again] == ["cam-3"]
    assert {device.name: device.unit for device in await device_store.all_devices(conn)}["cam-2"] == "team-1"


async def test_status_is_told_when_it_turns(conn: "db.Connection", device: int) -> None:
    """Going online is told, another battery level is stored only, an older status changes nothing."""

    def said(at: int, battery: float | None, *, online: bool) -> list[enrolment.StatusReport]:
        return [enrolment.StatusReport(device=device, online=online, at=at, battery=battery, by_itself=True)]

    assert [body["online"] for _, body in await device_store.store_statuses(conn, said(T0, 80.0, online=True))] == [
        True
    ]
    assert await device_store.store_statuses(conn, said(T0 + 1, 79.0, online=True)) == []
    assert await device_store.store_statuses(conn, said(T0 - 1, 10.0, online=False)) == []
    gone = await device_store.store_statuses(conn, said(T0 + 2, None, online=False))
    assert [(body["online"], body["battery"]) for _, body in gone] == [(False, 79.0)]


async def test_event_is_stored_once_by_its_id(conn: "db.Connection", device: int, cells: list[int]) -> None:
    """The second arrival, in the same batch or later, changes and tells nothing."""
    media = [wire.Media(sha256="a" * 64, mime="image/jpeg", bytes=5)]
    said = wire.Event(id="01ARZ3NDEKTSV4RRFFQ69G5FAV", t=T0, lat=1, lon=2, type="05.01", text="摆卖", media=media)
    event = event_store.StoredEvent(device=device, received=T0 + 5, content=said, lat=23.1, lon=114.4, cell=cells[0])
    told = await event_store.insert(conn, [event, event])
    assert [(kind, body["text"], body["cell"], body["lat"], body["media"][0]["bytes"]) for kind, body in told] == [
        ("event", "摆卖", "44130200100001", 23.1, 5)
    ]
    assert await event_store.insert(conn, [event]) == []
    assert await conn.fetchval("SELECT count(*) FROM events") == 1


async def test_refusals_are_counted_and_the_latest_kept(conn: "db.Connection") -> None:
    """Counts never shrink; of each reason only the latest are kept; texts no database can hold are made storable."""

    def refused(n: int, reason: Refusal = Refusal.MALFORMED) -> refusals.RefusalRecord:
        return refusals.RefusalRecord(at=T0 + n, reason=reason, topic="a\0\ud800", detail=str(n), payload=b"\0", n=2)

    await refusal_store.insert(conn, [refused(0, Refusal.EMPTY), *[refused(n) for n in range(1, 5)]], kept=3)
    await refusal_store.insert(conn, [refused(5)], kept=3)
    assert await refusal_store.counts(conn) == {"empty": 2, "malformed": 10}
    rows = await conn.fetch("SELECT detail, topic FROM refusals ORDER BY id")
    assert [row["detail"] for row in rows] == ["0", "3", "4", "5"]
    assert rows[0]["topic"] == "a\\0\\ud800"


async def test_windows_are_taken_by_unit_and_device_and_removed(conn: "db.Connection", device: int) -> None:
    """A worker sees those of its own units, one device's at a time, the longest waiting first."""
    other = await conn.fetchval("INSERT INTO devices (name, unit) VALUES ('other', 'team-1') RETURNING id")
    first, later, last = [
        Window(device=of, t_lo=T0 + n, t_hi=T0 + n + 5, received=T0 + 9) for n, of in enumerate((device, other, device))
    ]
    await window_store.insert(conn, [first, later, last])
    assert await window_store.waiting(conn, ["team-2"], 10) == []
    found = await window_store.waiting(conn, None, 10)
    assert [one for _, one in found] == [first, last]
    assert await window_store.waiting(conn, None, 1) == found[:1]
    assert [one for _, one in await window_store.waiting(conn, None, 10, [found[0][0]])] == [later]
    await window_store.remove(conn, [number for number, _ in found])
    assert [one for _, one in await window_store.waiting(conn, ["team-1"], 10)] == [later]


async def test_event_log_numbers_are_seen_in_order(database_url: str) -> None:
    """A second writer waits for the first one's commit, so nobody sees a number before the smaller ones."""
    first, second = [await asyncpg.connect(database_url) for _ in range(2)]
    transaction = first.transaction()
    await transaction.start()
    head = await event_log.append(first, [("grid", {"n": 1}), ("grid", {"n": 2})])

    async def write() -> int | None:
        async with second.transaction():
            return await event_log.append(second, [("grid", {"n": 3})])

    waiting = asyncio.create_task(write())
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    await transaction.commit()
    assert (await waiting or 0) > (head or 0)
    assert await event_log.head(first) == await waiting
    assert [row["body"] for row in await first.fetch("SELECT body FROM lane ORDER BY seq")] == [
        '{"n": 1}', '{"n": 2}', '{"n": 3}',
    ]  # fmt: skip
    await first.close()
    await second.close()
