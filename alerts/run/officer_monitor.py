"""Reads the data of officers for each evaluation, in bounded queries, and evaluates the alerts about them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.life.model import Change, OpenAlert
from alerts.officers import doubles, evaluate, steps
from alerts.officers.memory import Memory, StoredFixes
from alerts.officers.situation import BREAK, DUTY, FRESH_MS, TASK, DeviceStatuses, Subjects
from alerts.officers.tracks import BUCKET_MS, KEPT_MS, NONE
from alerts.store.officers import observed, roster
from runtime import db
from schemas import wire
from tracking.city.people import Sign
from tracking.presence.fixes import Int
from tracking.store.city import city
from tracking.store.tracks import finding_store

ROSTER_MS = 15_000
"""Interval of reading roster, areas and thresholds."""
LATE_OVERLAP_MS = 120_000
"""Time for which late windows are read again, since transactions may commit out of order."""
DAY_MS = 86_400_000
_TOGETHER = 200
"""Devices whose last hour is read at once at the start."""
_AT_ONCE = 2_000
"""Devices whose new fixes are read at once, to bound memory."""
_MOST_LATE = 500
"""Late windows processed in one evaluation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorState:
    """Data of one evaluation."""

    subjects: Subjects
    seen: evaluate.StoredState


class OfficerMonitor:
    """Reads the data of officers for each evaluation; rebuilds itself for another city."""

    def __init__(self) -> None:
        self._memory: Memory | None = None
        self._city: city.City | None = None
        self._roster: roster.Roster | None = None
        self._late: dict[int, int] = {}
        """Processed late windows: number → receipt."""
        self._late_from: int | None = None

    async def look(self, conn: db.Connection, where: city.City, now: int, opened: Sequence[OpenAlert]) -> MonitorState:
        """Read the data of one evaluation; to be called within one snapshot."""
        memory, who = await self._prepare(conn, where, now)
        await self._feed(conn, memory, who.columns.device[who.columns.device != NONE], now)
        subjects = await self._subjects(conn, memory, who, now)
        return MonitorState(subjects=subjects, seen=await _seen(conn, now, opened, memory))

    async def _prepare(self, conn: db.Connection, where: city.City, now: int) -> tuple[Memory, roster.Roster]:
        fresh = self._roster is not None and self._roster.at > now - ROSTER_MS and self._city is where
        if fresh and self._memory is not None and self._roster is not None:
            return self._memory, self._roster
        before, who = self._roster, await roster.load(conn, now, self._roster)
        codes = {code for pair in who.areas.values() for code in pair if code is not None}
        known = memory = self._memory
        if memory is None or self._city is not where:
            memory = self._memory = Memory(where.grid, await roster.zones(conn, where, codes))
            self._city, self._late_from = where, now - LATE_OVERLAP_MS
            self._late.clear()
        elif not codes <= memory.zones.index.keys():
            memory.draw(await roster.zones(conn, where, codes))
        if memory is not known or before is None or who.areas is not before.areas:
            # In a thread: a new fleet takes a second.
            await asyncio.to_thread(memory.place, who.areas)
        self._roster = who
        return memory, who

    async def _feed(self, conn: db.Connection, memory: Memory, devices: Int, now: int) -> None:
        horizon = now + wire.MAX_AHEAD_MS
        unread = devices[~memory.loaded(devices)]
        for part in _parts(unread, _TOGETHER):
            lo, hi = [db.moment(now - KEPT_MS)] * len(part), [db.moment(horizon)] * len(part)
            await _take(memory, await observed.thinned(conn, part.tolist(), lo, hi))
        memory.note_loaded(unread)
        for part in _parts(devices, _AT_ONCE):
            after = memory.cursor(part, now - KEPT_MS)
            await _take(memory, await observed.new_fixes(conn, part.tolist(), after, horizon))
        await self._feed_late(conn, memory, now)

    async def _feed_late(self, conn: db.Connection, memory: Memory, now: int) -> None:
        since = self._late_from if self._late_from is not None else now - LATE_OVERLAP_MS
        rows = await observed.late_windows(conn, since, now - KEPT_MS)
        loaded = memory.loaded(np.array([row["device"] for row in rows], dtype=np.int64)).tolist()
        of_loaded = (row for row, known in zip(rows, loaded, strict=True) if known)
        new = [row for row in of_loaded if row["id"] not in self._late][:_MOST_LATE]
        earliest = db.moment(now - KEPT_MS)
        # From the start of a bucket, to find its earliest fix.
        lo = [max(db.moment(db.millis(row["t_lo"]) // BUCKET_MS * BUCKET_MS), earliest) for row in new]
        hi = [row["t_hi"] for row in new]
        await _take(memory, await observed.thinned(conn, [row["device"] for row in new], lo, hi))
        self._late.update({row["id"]: db.millis(row["received"]) for row in new})
        if len(new) < _MOST_LATE:
            self._late_from = max(since, now - LATE_OVERLAP_MS)
            self._late = {number: at for number, at in self._late.items() if at > self._late_from}

    async def _subjects(self, conn: db.Connection, memory: Memory, who: roster.Roster, now: int) -> Subjects:
        row = memory.rows(who.columns.device)
        status = await observed.statuses(conn)
        statuses = await asyncio.to_thread(_said, status, memory, who.columns.device, row)
        # A device without a known carrier is on duty while it is heard.
        unlisted = (statuses.heard > now - FRESH_MS) & (statuses.signed_off < statuses.fix_t)
        nobody, on_shift = who.columns.officer == NONE, who.columns.starts != NONE
        return Subjects(
            now=now,
            members=who.members,
            made=who.columns,
            row=row,
            statuses=statuses,
            tracks=memory.tracks,
            on_shift=np.where(nobody, unlisted & np.isin(statuses.duty, [DUTY, TASK, BREAK]), on_shift),
            pausing=statuses.duty == BREAK,
            on_task=statuses.duty == TASK,
            findings=await finding_store.lately(conn, now),
            events=await observed.logged(conn, now - KEPT_MS, now),
        )


def judge(view: MonitorState) -> list[Change]:
    """Decide what changes. Pure."""
    return evaluate.evaluate(view.subjects, view.seen)


async def _seen(conn: db.Connection, now: int, opened: Sequence[OpenAlert], memory: Memory) -> evaluate.StoredState:
    rows = await observed.events(conn, now - KEPT_MS, now - DAY_MS, now + wire.MAX_AHEAD_MS)
    x, y = memory.grid.xy(np.array([row["lat"] for row in rows]), np.array([row["lon"] for row in rows]))
    closed = await observed.closed_by_hand(conn, now - 2 * DAY_MS)
    known = await observed.known_event_alerts(conn, now - 2 * DAY_MS)
    deaf_ended = await observed.deaf_ended(conn, now - DAY_MS)
    return evaluate.StoredState(
        happenings=[
            steps.AlertEvent(
                id=row["id"], device=row["device"], t=db.millis(row["t"]), type=row["type"], case=row["case_id"],
                x=float(x[at]), y=float(y[at]), cell=row["cell"],
            )
            for at, row in enumerate(rows)
        ],
        signs=[
            Sign(device=row["device"], t=db.millis(row["t"]), badge=_badge(row))
            for row in rows
            if row["type"] in (wire.Signal.SIGN_IN, wire.Signal.SIGN_OUT)
            and db.millis(row["t"]) > now - doubles.LONGEST_MS
        ],
        opened=opened,
        closed=closed,
        known=known,
        deaf_ended=deaf_ended,
    )  # fmt: skip


def _badge(row: Any) -> str | None:
    """Badge that signs in; None: a sign-out."""
    return (row["text"] or "").strip() or None if row["type"] == wire.Signal.SIGN_IN else None


def _parts(devices: Int, n: int) -> Iterator[Int]:
    """Devices, `n` at a time."""
    return (devices[start : start + n] for start in range(0, len(devices), n))


async def _take(memory: Memory, heard: StoredFixes) -> None:
    # In a thread: the fixes of a large fleet would block other tasks for too long.
    await asyncio.to_thread(memory.take, heard)


def _said(status: Mapping[str, NDArray[Any]], memory: Memory, device: Int, row: NDArray[np.intp]) -> DeviceStatuses:
    """Messages of the devices of the members; `status` is in order of the device."""
    known, at = row >= 0, np.maximum(row, 0)
    numbers = status["device"]
    of = np.searchsorted(numbers, device)
    of = np.where(np.append(numbers, NONE)[of] == device, of, len(numbers))

    def column(name: str, absent: float) -> NDArray[Any]:
        # A device without a status finds the last entry, which is empty.
        return np.append(status[name], np.array(absent, status[name].dtype))[of]

    battery, by_fix = column("battery", np.nan), np.where(known, memory.battery[at], np.nan)
    return DeviceStatuses(
        heard=np.where(known, memory.heard[at], NONE),
        fix_t=np.where(known, memory.fix_t[at], NONE),
        duty=np.where(known, memory.duty[at], wire.DUTY_CODE[wire.Duty.OFF]).astype(np.int16),
        battery=np.where(np.isnan(by_fix), battery, by_fix),
        online=column("online", NONE).astype(np.int8),
        status_at=np.maximum(column("status_at", NONE), NONE),
        signed_off=np.maximum(column("signed_off", NONE), NONE),
    )
