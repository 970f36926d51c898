"""Timelines of events: what was logged in a cell counts as path, whenever it comes in."""

import pytest

from tests.unit.tracking import timelines as tl
from tracking.presence import engine, points, stays
from tracking.presence.stays import StayKind

STAND = tl.stand((150, 150), begin=0, seconds=600)
LOGGED = tl.logged(305, 150, 150)


def kinds(store: tl.Store) -> list[StayKind]:
    """What the stays are worth, in order."""
    return [stay.kind for _, stay in sorted(store.known.items())]


def test_an_event_counts_as_path() -> None:
    """Ten minutes on one spot are no visit; with an event logged there they are."""
    silent, telling = tl.Store(tl.engine()), tl.Store(tl.engine())
    silent.receive(tl.track(STAND))
    telling.receive(tl.track(STAND), [LOGGED])
    for store in (silent, telling):
        store.settle()
    assert (kinds(silent), kinds(telling)) == ([StayKind.SHORT], [StayKind.VISIT])


def test_a_visit_by_an_event_is_told_while_it_goes_on() -> None:
    """The first mark of the stay after the event tells the visit; the officer need not leave first."""
    store = tl.Store(tl.engine())
    store.receive(tl.track(STAND[:30]), [LOGGED])
    assert [(stay.kind, stay.open) for stay in store.known.values()] == [(StayKind.SHORT, True)]
    store.receive(tl.track(STAND[30:45]))
    assert [(stay.kind, stay.open) for stay in store.known.values()] == [(StayKind.VISIT, True)]


def test_a_late_event_makes_the_stay_a_visit_with_the_reason() -> None:
    """An event that comes hours after its stay was told amends that stay and no other."""
    store = tl.Store(tl.engine())
    store.receive(tl.track(STAND + tl.stand((450, 150), begin=1_000, seconds=600)))
    store.settle()
    store.reasons.clear()
    store.receive(tl.track([]), [LOGGED])
    store.settle()
    assert kinds(store) == [StayKind.VISIT, StayKind.SHORT]
    assert store.reasons == ["late"]


@pytest.mark.parametrize(
    "logged",
    [tl.logged(305, 450, 150), tl.logged(305, 150, -900), tl.logged(700, 150, 150), tl.logged(305, 150, 150, device=2)],
    ids=["in another cell", "outside every cell", "after the stay", "by another device"],
)
def test_an_event_elsewhere_is_no_path(logged: points.Logged) -> None:
    """It must be of the same device, in the cell, and during the stay."""
    store = tl.Store(tl.engine())
    store.receive(tl.track(STAND), [logged])
    store.settle()
    assert kinds(store) == [StayKind.SHORT]


def test_an_event_is_no_dwell() -> None:
    """A minute in a cell is no visit, whatever was logged in it."""
    store = tl.Store(tl.engine())
    store.receive(tl.track(STAND[:7]), [tl.logged(30, 150, 150)])
    store.settle()
    assert kinds(store) == [StayKind.SHORT]


def test_an_event_makes_no_patrol_of_a_drive() -> None:
    """Who drives through and logs something on the way has driven through."""
    store = tl.Store(tl.engine())
    store.receive(tl.track(tl.walk((10, 150), (890, 150), begin=0, speed=8, every=5)), [tl.logged(55, 450, 150)])
    store.settle()
    assert StayKind.VISIT not in kinds(store)


def test_events_ahead_of_their_fixes_are_bounded() -> None:
    """However many events come before their fixes, memory is bounded, and the visit is found all the same."""
    of = tl.engine()
    store = tl.Store(of)
    ahead = [tl.logged(300 + n / 100, 150, 150) for n in range(3 * engine.MOST_LOGGED)]
    for each in ahead:
        store.receive(tl.track([]), [each])
    assert sum(len(one._logged) for one in of._walks if one is not None) <= engine.MOST_LOGGED
    store.receive(tl.track(STAND))
    store.settle()
    assert kinds(store) == [StayKind.VISIT]


def test_an_event_before_any_fix_waits_for_them() -> None:
    """The first word of a device may be an event: nothing is told of it until its fixes come."""
    of = tl.engine()
    assert of.log([LOGGED]) == []
    assert not of.settle(tl.T0 + 10**9)
    found: dict[tuple[int, int], stays.Stay] = tl.run(of, tl.track(STAND))
    assert [stay.kind for stay in found.values()] == [StayKind.VISIT]
