"""A period of the past as lines of JSON: tracks, events, alerts, and coverage as changes from step to step.

Coverage is judged by the same functions as on the live map, step by step; each step is sent before the next is read, so
a replay starts at once, and no answer is held in memory as a whole.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from runtime import db
from schemas import rest
from tracking.store.tracks import event_store
from web.auth.access import Sight
from web.live.frames.cells import CellVersions
from web.store import clip_store, coverage

MOST_DEVICES = 200
"""Tracks of a clip; those of further devices are left out, and the end of the clip says how many."""
MOST_POINTS = 1_440
"""Points of one track: at most one for each 1,440th of the period."""
MOST_EVENTS = 5_000
MOST_ALERTS = 20_000

AT_ONCE = 2
_turns = asyncio.Semaphore(AT_ONCE)
"""Steps computed at a time by a process, some 25 ms of a core each: clips take turns."""

Lines = AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRequest:
    """Content of a clip; times in ms."""

    start: int
    end: int
    step: int
    devices: list[str] | None
    """Names; None: all, up to MOST_DEVICES."""
    then: bool = False
    """As was known at each moment; else as is known now."""

    @property
    def period(self) -> clip_store.Period:
        """Start and end, exclusive."""
        return db.moment(self.start), db.moment(self.end)

    def moments(self) -> range:
        """The steps, the last one at the end of the period."""
        first = self.start + (self.end - self.start) % self.step
        return range(first, self.end + 1, self.step)


async def lines(
    pool: db.Pool, clip: ClipRequest, see: Sight, devices: Sequence[Any], place: coverage.CityAt | None
) -> Lines:
    """Encode the clip of `devices` (of `clip_store`), one JSON object a line; the last one has the type `end`."""
    async with _turns, pool.acquire() as connection:
        place = await coverage.load_place(connection, place, clip.start, clip.start if clip.then else None)
        alerts = await _alerts(connection, clip, see, clip.period)
        events = await _events(connection, see, clip.period)
    # Nothing is sent within a turn, so slow readers do not delay others.
    yield _line(type="head", at=clip.start, until=clip.end, step=clip.step, devices=len(devices))
    yield _line(type="alerts", items=alerts)
    yield _line(type="events", items=events)
    states = _coverage(pool, clip, see, place)
    yield await anext(states)
    for row in devices[:MOST_DEVICES]:
        yield await _track(pool, row, clip)
    async for line in states:
        yield line
    yield _line(type="end", left_out=max(0, len(devices) - MOST_DEVICES))


async def _alerts(
    connection: db.Connection, clip: ClipRequest, see: Sight, period: clip_store.Period
) -> list[dict[str, Any]]:
    rows = await clip_store.alerts(connection, see, period, MOST_ALERTS)
    # Gaps that turned out not to be gaps are left out.
    kept = (row for row in rows if clip.then or row["state"] != "withdrawn")
    return [{**row, "steps": json.loads(row["steps"])} for row in kept]


async def _events(connection: db.Connection, see: Sight, period: clip_store.Period) -> list[Any]:
    rows = await clip_store.events(connection, see, period, MOST_EVENTS)
    return [event_store.to_rest(row).model_dump(mode="json") for row in rows]


async def _track(pool: db.Pool, device: Any, clip: ClipRequest) -> bytes:
    """A track as columns of differences: ms, and 1e-6 degrees."""
    bin_ms = max(1_000, (clip.end - clip.start) // MOST_POINTS)
    async with _turns, pool.acquire() as connection:
        rows = await clip_store.track(connection, device["id"], clip.period, bin_ms)
    return _line(
        type="track",
        device=device["name"],
        label=device["label"],
        unit=device["unit"],
        t=_differences([row["t"] for row in rows]),
        lat=_differences([round(row["lat"] * 1e6) for row in rows]),
        lon=_differences([round(row["lon"] * 1e6) for row in rows]),
    )


def _differences(values: list[int]) -> list[int]:
    return np.diff(np.array(values, dtype=np.int64), prepend=0).tolist()  # type: ignore[no-any-return]


async def _coverage(pool: db.Pool, clip: ClipRequest, see: Sight, place: coverage.CityAt) -> Lines:
    """Every cell at the first moment, then what changed from moment to moment; all of them with another division."""
    versions, held = CellVersions(), frozenset[int]()
    for at in clip.moments():
        before, known = versions.version, at if clip.then else None
        async with _turns:
            async with pool.acquire() as connection:
                place = await coverage.load_place(connection, place, at, known)
                rows = coverage.rows_seen(place, see.areas)
                seen = await coverage.read_inputs(connection, place, at, known, rows) if len(rows) else None
            if seen is not None:
                columns = coverage.columns(coverage.judge(place, *seen, at), rows)
                versions.update(at, columns, coverage.version(place, rows, see.areas))
        now = frozenset(place.where.cells.id[rows].tolist())
        ended, held = {"gone": sorted(held - now)} if held - now else {}, now
        yield _line(type="cells", at=at, changes=versions.rows(before), **ended)


def _line(**fields: Any) -> bytes:
    return msgspec.json.encode(fields, enc_hook=_plain) + b"\n"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rest.rfc3339(value)
    raise TypeError(f"a clip holds a {type(value).__name__}, which JSON cannot say")
