"""Rules as data in the database: versions appended and ended, never changed."""

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from tracking.plans import rule_version
from tracking.store.city import rule_store

if TYPE_CHECKING:
    from runtime import db

T0 = 1_790_000_000_000
HOUR = 3_600_000


async def put(
    conn: "db.Connection", hour: int, limit: int | None, *, scope: str = "city", until: int | None = None
) -> rule_version.RuleVersion:
    """Append a version that begins at an hour."""
    body = None if limit is None else {"limit_s": limit}
    ends = None if until is None else T0 + until * HOUR
    return await rule_store.append(conn, "test", scope, body, T0 + hour * HOUR, "li", valid_to=ends)


async def held(conn: "db.Connection", hour: int) -> dict[str, int]:
    """What holds at an hour, by scope."""
    found = await rule_store.current(conn, "test", T0 + hour * HOUR)
    return {version.scope: version.body["limit_s"] for version in found if version.body is not None}


async def test_a_new_version_ends_the_one_before(conn: "db.Connection") -> None:
    """At each moment exactly one version of a scope holds, and the old one can still be read."""
    first = await put(conn, 0, 60)
    second = await put(conn, 10, 30)
    assert await held(conn, 9) == {"city": 60}
    assert await held(conn, 10) == {"city": 30}
    stored = await rule_store.history(conn, "test", "city")
    assert [version.id for version in stored] == [second.id, first.id]
    assert stored[1].body == {"limit_s": 60}
    assert stored[1].valid_to == T0 + 10 * HOUR
    assert stored[0].valid_to is None
    assert stored[0].made_by == "li"


async def test_scopes_and_kinds_are_apart(conn: "db.Connection") -> None:
    """A version of one scope ends none of another, of one kind none of another."""
    await put(conn, 0, 60)
    await put(conn, 1, 30, scope="class:business")
    await rule_store.append(conn, "warning", "city", {"limit_s": 1}, T0, "li")
    assert await held(conn, 2) == {"city": 60, "class:business": 30}


async def test_overlapping_is_refused(conn: "db.Connection") -> None:
    """A version cannot begin before or with one that is there; the error says when that begins."""
    await put(conn, 0, 60)
    await put(conn, 10, 30)
    for hour in (5, 10):
        with pytest.raises(rule_store.RuleOverlapError, match=r"2026-09-22T\d\d:13:20Z"):
            await put(conn, hour, 5)
    assert await held(conn, 9) == {"city": 60}
    assert len(await rule_store.history(conn, "test")) == 2


async def test_a_version_fits_before_one_to_come_when_it_ends_there(conn: "db.Connection") -> None:
    """What was decided for later stays; until then the inserted version holds."""
    await put(conn, 0, 60)
    await put(conn, 10, 30)
    await put(conn, 5, 45, until=10)
    assert [await held(conn, hour) for hour in (4, 5, 9, 10)] == [{"city": n} for n in (60, 45, 45, 30)]
    with pytest.raises(ValueError, match="valid_to"):
        await put(conn, 20, 5, until=20)


async def test_a_scope_without_a_rule_of_its_own_again(conn: "db.Connection") -> None:
    """A version without a body ends what holds, and says who did it."""
    await put(conn, 0, 60, scope="cell:1")
    ended = await put(conn, 5, None, scope="cell:1")
    assert await held(conn, 6) == {}
    assert ended.body is None
    assert await held(conn, 4) == {"cell:1": 60}


async def test_all_versions_of_a_stretch_are_read_at_once(conn: "db.Connection") -> None:
    """Those in force at its start and those that begin within, without its end."""
    for hour, limit in ((0, 60), (10, 30), (20, 15)):
        await put(conn, hour, limit)
    found = await rule_store.between(conn, "test", T0 + 5 * HOUR, T0 + 20 * HOUR)
    assert [version.body for version in found] == [{"limit_s": 60}, {"limit_s": 30}]


async def test_two_who_append_at_once_leave_one_version_in_force(conn: "db.Connection", database_url: str) -> None:
    """Whoever comes second is refused or follows; never do two hold."""
    others = [await asyncpg.connect(database_url) for _ in range(4)]
    try:
        made = await asyncio.gather(*(put(each, 1, 30) for each in others), return_exceptions=True)
    finally:
        for each in others:
            await each.close()
    assert sum(isinstance(one, rule_version.RuleVersion) for one in made) == 1
    assert len(await rule_store.current(conn, "test", T0 + 2 * HOUR)) == 1
