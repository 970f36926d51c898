"""Runs in the database, and the silences that are read from them."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tracking.presence.stays import Run, RunChange
from tracking.store.presence import run_store

if TYPE_CHECKING:
    from runtime import db

T0 = 1_790_000_000_000
MINUTE = 60_000


def run(device: int, first: int, last: int, lat: float = 23.0) -> RunChange:
    """A run from minute to minute."""
    made = Run(
        device=device, t_first=T0 + first * MINUTE, lat_first=lat, lon_first=114.0,
        t_last=T0 + last * MINUTE, lat_last=lat + 0.1, lon_last=114.1, open=False,
    )  # fmt: skip
    return RunChange(device=device, t_first=made.t_first, run=made)


async def minutes(conn: "db.Connection", now: int) -> list[tuple[int, int, bool]]:
    """Silences at a minute as (from, to, heard again)."""
    found = await run_store.silences_before(conn, T0 + now * MINUTE)
    spans = zip(found.t_from.tolist(), found.t_to.tolist(), np.isnan(found.lat_to).tolist(), strict=True)
    return sorted(((a - T0) // MINUTE, (b - T0) // MINUTE, not still) for a, b, still in spans)


async def test_runs_are_put_replaced_and_removed(conn: "db.Connection", device: int) -> None:
    """One row for each first fix, however often it is told."""
    await run_store.apply(conn, [run(device, 0, 5), run(device, 0, 9), run(device, 20, 30)], T0)
    await run_store.apply(conn, [RunChange(device=device, t_first=T0 + 20 * MINUTE, run=None)], T0)
    assert await run_store.load(conn, device, T0, T0 + 60 * MINUTE) == [run(device, 0, 9).run]


async def test_silence_is_what_lies_between_runs(conn: "db.Connection", device: int) -> None:
    """Between two runs, and after the last one up to now; a gap of two minutes is none."""
    await run_store.apply(conn, [run(device, 0, 9), run(device, 20, 30), run(device, 32, 40)], T0)
    assert await minutes(conn, 50) == [(9, 20, True), (40, 50, False)]
    assert await minutes(conn, 41) == [(9, 20, True)]


async def test_silence_is_judged_as_of_the_moment_asked_about(conn: "db.Connection", device: int) -> None:
    """At minute 15 nobody knew that the device would be heard again at 20."""
    await run_store.apply(conn, [run(device, 0, 9), run(device, 20, 30)], T0)
    assert await minutes(conn, 15) == [(9, 15, False)]
    assert await minutes(conn, 25) == [(9, 20, True)]


async def test_a_silence_counts_for_a_shift_at_most(conn: "db.Connection", device: int) -> None:
    """Who has not been heard for longer than eight hours is on no patrol."""
    await run_store.apply(conn, [run(device, 0, 9)], T0)
    assert await minutes(conn, 1000) == [(9, 489, False)]


async def test_who_signed_off_hides_nothing(conn: "db.Connection", device: int) -> None:
    """A device that said goodbye ended its patrol; the next run begins another."""
    await run_store.apply(conn, [run(device, 0, 9), run(device, 200, 210)], T0)
    await run_store.sign_off(conn, [(device, T0 + 9 * MINUTE)], T0)
    await run_store.sign_off(conn, [(device, T0 + 9 * MINUTE)], T0)
    assert await minutes(conn, 300) == [(210, 300, False)]


async def test_runs_going_on_are_told_by_unit(conn: "db.Connection", device: int) -> None:
    """Only those that nothing has ended."""
    ended, still = run(device, 0, 9), run(device, 20, 30)
    assert still.run is not None
    await run_store.apply(conn, [ended, replace(still, run=replace(still.run, open=True))], T0)
    assert await run_store.going_on(conn, None) == [(device, T0 + 30 * MINUTE)]
    assert await run_store.going_on(conn, ["no such unit"]) == []
