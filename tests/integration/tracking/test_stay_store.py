"""Stays keep every version; what is asked as of a moment is what was known then."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tracking.presence.stays import Stay, StayChange, StayKind
from tracking.records.reasons import Cause, Reason
from tracking.store.presence import between_store, stay_store

if TYPE_CHECKING:
    from runtime import db

T0 = 1_790_000_000_000
NOW = T0 + 600_000
LATE = Reason(kind=Cause.LATE, device="cam-1", received=NOW).encoded()


def stay(device: int, cell: int, t_in: int = T0) -> Stay:
    """An open stay that is not yet a visit."""
    return Stay(
        device=device, cell=cell, t_in=t_in, t_out=t_in + 60_000, dwell_ms=60_000, path_m=80.5, fixes=7,
        kind=StayKind.SHORT, open=True,
    )  # fmt: skip


def put(new: Stay, reason: str | None = None) -> StayChange:
    """The change that puts `new` where it belongs."""
    return StayChange(device=new.device, t_in=new.t_in, stay=new, reason=reason)


async def test_stay_grows_in_place_and_is_told_when_it_becomes_a_visit(
    conn: "db.Connection", device: int, cells: list[int]
) -> None:
    """One row grows; viewers hear of it when it becomes a visit and when it ends, not at every step."""
    short = stay(device, cells[0])
    visit = replace(short, t_out=T0 + 300_000, dwell_ms=300_000, kind=StayKind.VISIT)
    grown, ended = replace(visit, t_out=T0 + 360_000), replace(visit, t_out=T0 + 400_000, open=False)
    told = [await stay_store.apply(conn, [put(one)], NOW) for one in (short, visit, grown, ended)]
    assert [len(items) for items in told] == [0, 1, 0, 1]
    kind, body = told[3][0]
    assert (kind, body["device"], body["cell"], body["kind"], body["open"]) == (
        "stay", "cam-1", "44130200100001", "visit", False,
    )  # fmt: skip
    assert await stay_store.load(conn, device, T0, T0) == [ended]
    assert await conn.fetchval("SELECT count(*) FROM stays") == 1


async def test_amended_stay_keeps_its_earlier_version(conn: "db.Connection", device: int, cells: list[int]) -> None:
    """A change with a reason closes the old version; as of before, the old one is still the answer."""
    visit = replace(stay(device, cells[0]), kind=StayKind.VISIT, open=False)
    await stay_store.apply(conn, [put(visit)], NOW)
    elsewhere = replace(visit, cell=cells[1])
    told = await stay_store.apply(conn, [put(elsewhere, LATE)], NOW + 5000)
    assert [(body["cell"], body["known_to"] is None) for _, body in told] == [
        ("44130200100001", False),
        ("44130200100002", True),
    ]
    now = await stay_store.listed(conn, stay_store.StayFilter(), limit=10)
    then = await stay_store.listed(conn, stay_store.StayFilter(known_at=NOW + 4999), limit=10)
    assert ([one.cell for one in now], [one.cell for one in then]) == (["44130200100002"], ["44130200100001"])
    assert then[0].reason is not None
    assert (then[0].reason.kind, then[0].reason.device) == ("late", "cam-1")
    assert now[0].cause == then[0].reason


async def test_withdrawn_stay_is_closed_only(conn: "db.Connection", device: int, cells: list[int]) -> None:
    """Nothing takes the place of a stay that was not one, and a stay that was not stored is nothing to withdraw."""
    await stay_store.apply(conn, [put(stay(device, cells[0]))], NOW)
    gone = StayChange(device=device, t_in=T0, stay=None, reason=LATE)
    other = StayChange(device=device, t_in=T0 + 1, stay=None, reason=LATE)
    assert await stay_store.apply(conn, [gone, other], NOW + 1) == []
    assert await stay_store.load(conn, device, T0, T0) == []
    assert await conn.fetchval("SELECT count(*) FROM stays WHERE known_to IS NOT NULL") == 1


async def test_last_of_several_changes_of_one_key_counts(conn: "db.Connection", device: int, cells: list[int]) -> None:
    """A whole offline track in one batch leaves each stay as it ended."""
    steps = [replace(stay(device, cells[0]), fixes=n, open=n < 3) for n in range(1, 4)]
    await stay_store.apply(conn, [put(step) for step in steps], NOW)
    assert [(one.fixes, one.open) for one in await stay_store.load(conn, device, T0, T0)] == [(3, False)]


async def test_listed_pages_by_cursor(conn: "db.Connection", device: int, cells: list[int]) -> None:
    """Pages follow one another without gap or overlap, newest first, by each filter."""
    stays = [stay(device, cells[n % 2], T0 + 60_000 * n) for n in range(7)]
    await stay_store.apply(conn, [put(one) for one in stays], NOW)
    seen: list[int] = []
    after: tuple[int, int] | None = None
    while page := await stay_store.listed(conn, stay_store.StayFilter(device="cam-1"), limit=3, after=after):
        seen += [round(one.t_in.timestamp() * 1000) for one in page]
        after = (seen[-1], page[-1].id)
    assert seen == [one.t_in for one in reversed(stays)]
    by_cell = await stay_store.listed(conn, stay_store.StayFilter(cell="44130200100002"), limit=10)
    assert len(by_cell) == 3
    middle = stay_store.StayFilter(t_from=T0 + 150_000, t_to=T0 + 240_000)
    assert len(await stay_store.listed(conn, middle, limit=10)) == 2


async def test_time_between_two_cells_is_kept_like_a_stay(conn: "db.Connection", device: int, cells: list[int]) -> None:
    """Both cells are named, and what was known of it before it grew is the answer as of then."""
    first = replace(stay(device, cells[0]), kind=StayKind.BETWEEN, other=cells[1])
    longer = replace(first, t_out=T0 + 300_000, dwell_ms=300_000, other=None)
    for number, each in enumerate((first, longer)):
        assert not await stay_store.apply(conn, [put(each)], NOW + number * 5000)
    assert await stay_store.load(conn, device, T0, T0) == [longer]
    now, then = [
        await stay_store.listed(conn, stay_store.StayFilter(kind=StayKind.BETWEEN, known_at=known), limit=10)
        for known in (None, NOW + 1000)
    ]
    assert [(one.kind, one.other, one.dwell_s) for one in now] == [("between", None, 300.0)]
    assert [(one.kind, one.other, one.dwell_s) for one in then] == [("between", "44130200100002", 60.0)]
    for known, ends in ((None, [T0 + 300_000]), (NOW + 1000, [T0 + 60_000]), (NOW - 1, [])):
        hidden = await between_store.read(conn, {cells[0]: 0}, T0, T0 + 900_000, known)
        assert hidden.last.tolist() == ends
    await stay_store.apply(conn, [StayChange(device=device, t_in=T0, stay=None)], NOW + 20_000)
    assert not await stay_store.load(conn, device, T0, T0)
    assert not len((await between_store.read(conn, {cells[0]: 0}, T0, T0 + 900_000)).cell)
