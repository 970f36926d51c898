"""Who is judged is read again at each change, and only then."""

from collections.abc import Awaitable, Callable

import pytest

from alerts.officers.thresholds import RULE_KIND
from alerts.store.officers import roster
from runtime import db
from tests.integration.alerts.conftest import Town, at
from tracking.store.city import people_store, rule_store
from tracking.store.tracks import device_store


async def enrolled(conn: db.Connection) -> None:
    """A device more."""
    await device_store.enrol(conn, {"xjk-04": "xjk"})


async def revoked(conn: db.Connection) -> None:
    """A device is shut out."""
    await conn.execute("UPDATE devices SET revoked_at = now()")


async def moved(conn: db.Connection) -> None:
    """The unit is given an area."""
    await conn.execute("UPDATE units SET area = (SELECT min(code) FROM areas)")


async def bound(conn: db.Connection) -> None:
    """Somebody carries a device."""
    ids = await people_store.add_officers(conn, [("B1", "王伟", "xjk")])
    await people_store.bind(conn, 1, ids["B1"], at(-600), "test")


async def on_shift(conn: db.Connection) -> None:
    """Somebody without a device is on duty."""
    ids = await people_store.add_officers(conn, [("B1", "王伟", "xjk")])
    await people_store.add_shifts(conn, [(ids["B1"], None, at(0), at(480), "patrol")])


async def ruled(conn: db.Connection) -> None:
    """Other thresholds hold."""
    await rule_store.append(conn, RULE_KIND, "city", {"still_s": 900}, at(0), "test")


@pytest.mark.parametrize("change", [enrolled, revoked, moved, bound, on_shift, ruled])
async def test_roster_is_made_anew_by_a_change_alone(
    town: Town, conn: db.Connection, change: Callable[[db.Connection], Awaitable[None]]
) -> None:
    """Of the same sources come the same columns; of others what a reader without memory gets."""
    assert town
    first = await roster.load(conn, at(1))
    again = await roster.load(conn, at(2), first)
    assert again.at == at(2)
    assert again.columns is first.columns
    await change(conn)
    after, fresh = await roster.load(conn, at(3), again), await roster.load(conn, at(3))
    assert after.columns is not first.columns
    assert (after.members, after.areas) == (fresh.members, fresh.areas)
