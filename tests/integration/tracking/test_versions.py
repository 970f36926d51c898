"""Earlier states are those whose time holds the moment, however short or long they lasted, by indexes alone."""

import json
import random
from typing import TYPE_CHECKING

import pytest

from runtime import db
from tracking.store.presence import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

T0 = 1_790_000_000_000
MINUTE = 60_000
_PUT = """
INSERT INTO run_history
SELECT n, 'epoch', 1, 1, 'epoch', 1, 1, true, known_from, known_to
FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS r (known_from, known_to, n)
"""
_HELD = f"SELECT device - 1 FROM run_history WHERE {versions.row_at('$1')}"  # noqa: S608 - our own texts


def spans() -> list[tuple[int | None, int]]:
    """Times of states, ms: of a moment up to hours, of three minutes to the ms, and known ever (None)."""
    rng = random.Random(5)  # noqa: S311 - test data
    lasted = [1, 3 * MINUTE - 1, 3 * MINUTE, 3 * MINUTE + 1, *(rng.randrange(1, 300 * MINUTE) for _ in range(60))]
    lasted += [rng.randrange(1, 4 * MINUTE) for _ in range(300)]
    begins = [T0 + rng.randrange(400) * MINUTE for _ in lasted]
    return [*((begin, begin + long) for begin, long in zip(begins, lasted, strict=True)), (None, T0 + 100 * MINUTE)]


async def check(conn: db.Connection) -> None:
    """Ask at each begin and end, and a ms before."""
    known = spans()
    await conn.execute(_PUT, [None if a is None else db.moment(a) for a, _ in known], [db.moment(b) for _, b in known])
    moments = {at - early for span in known for at in span if at is not None for early in (0, 1)}
    for at in sorted(moments):
        held = [n for n, (a, b) in enumerate(known) if (a is None or a <= at) and at < b]
        assert sorted(row[0] for row in await conn.fetch(_HELD, db.moment(at))) == held


async def test_states_of_a_moment_are_those_whose_time_holds_it(conn: db.Connection) -> None:
    """The begin belongs to the time, the end does not."""
    await check(conn)


@pytest.mark.timescale
async def test_states_of_a_moment_are_the_same_in_a_hypertable(timescale: db.Connection) -> None:
    """Over the border of a chunk, too."""
    broken = timescale.transaction()
    await broken.start()
    try:
        await timescale.execute("DELETE FROM run_history")
        await check(timescale)
    finally:
        await broken.rollback()


async def test_the_states_between_are_not_read(conn: db.Connection) -> None:
    """Short states are found by their end, long ones by their time; neither table is gone through."""
    await conn.execute("SET enable_seqscan = off")
    for table in ("run_history", "stay_growth"):
        query = f"EXPLAIN (FORMAT json) SELECT FROM {table} WHERE {versions.row_at('$1')}"
        (plan,) = json.loads(await conn.fetchval(query, db.moment(T0)))
        assert set(indexes(plan["Plan"])) == {f"{table}_until", f"{table}_lasting"}


def indexes(plan: dict[str, object]) -> "Iterator[str]":
    """Indexes that a plan reads."""
    if "Index Name" in plan:
        yield str(plan["Index Name"])
    for part in plan.get("Plans", []):  # type: ignore[attr-defined]
        yield from indexes(part)
