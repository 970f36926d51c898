"""Suspect intervals: what is marked, what must be computed again, and what sightings hide."""

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tracking import timelines as tl
from tests.unit.tracking.presence.test_engine import round_in
from tracking.presence import silence, suspects
from tracking.store.presence import sighting_store

MINUTE = 60_000


def test_suspect_fixes_carry_no_presence() -> None:
    """The suspect interval is as if nothing had come; what lies around it counts, and another device too."""
    points = round_in(1, 0)
    spans = {1: [(tl.T0 + 100_000, tl.T0 + 400_000)]}
    kept = [point for point in points if not 100 <= point[0] <= 400]
    marked = suspects.marked(tl.track(points), spans)
    assert tl.run(tl.engine(), marked) == tl.run(tl.engine(), tl.track(kept))
    assert len(marked) == len(points)
    other = tl.track(points, device=2)
    assert suspects.marked(other, spans) is other


def test_late_fixes_of_a_suspect_interval_change_nothing() -> None:
    """In order or late, marked fixes give the same."""
    points = round_in(1, 0)
    marked = suspects.marked(tl.track(points), {1: [(tl.T0 + 100_000, tl.T0 + 400_000)]})
    store = tl.Store(tl.engine())
    for part in (slice(30, None), slice(0, 12), slice(12, 30)):
        store.receive(marked.take(part))
    store.settle()
    assert store.known == tl.run(tl.engine(), marked)


def test_only_what_came_or_went_is_computed_again() -> None:
    """Spans that both know are left alone."""
    before, after = {1: [(0, 5)], 2: [(0, 5)]}, {1: [(0, 5)], 2: [(0, 9)], 3: [(1, 2)]}
    assert suspects.changed(before, after) == {2: [(0, 5), (0, 9)], 3: [(1, 2)]}
    assert suspects.changed(after, after) == {}


def test_a_sighting_hides_a_visit_as_long_as_itself_and_two_minutes() -> None:
    """Of three minutes, one is enough, for a fix may lack on both sides."""
    seen = silence.Sightings(
        cell=np.array([0, 1, 1]), t_from=np.array([0, 0, 100 * MINUTE]),
        t_to=np.array([59_000, MINUTE, 110 * MINUTE]),
    )  # fmt: skip
    hidden = silence.sighted_visits(seen, np.full(2, 3 * MINUTE))
    ends = zip(hidden.cell.tolist(), hidden.first.tolist(), hidden.last.tolist(), strict=True)
    assert list(ends) == [(1, MINUTE, MINUTE), (1, 103 * MINUTE, 110 * MINUTE)]
    possible = silence.later(np.array([7, 8]), hidden)
    assert possible.tolist() == [7, 110 * MINUTE]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(0, 3_600_000)), max_size=40), st.randoms())
def test_sightings_do_not_depend_on_how_messages_are_batched(said: list[tuple[int, int, int]], random: object) -> None:
    """Slots of any batches connect to the same stretches, which hold every fix and lie two minutes apart."""
    device, cell, at = (np.array([each[part] for each in said], dtype=np.int64) for part in range(3))
    ahead = tl.track([(0, 0, 0)] * len(said))
    ahead.device[:], ahead.received[:] = device, at
    slots = sighting_store.by_slot(ahead, cell.astype(np.int32))
    order = np.arange(len(said))
    random.shuffle(order)  # type: ignore[attr-defined]
    again = sighting_store.by_slot(ahead.take(order), cell[order].astype(np.int32))

    def stretches(of: dict[tuple[int, int, int], list[int]]) -> list[sighting_store.Seen]:
        return sighting_store.merged((d, c, min(ts), max(ts)) for (d, c, _), ts in sorted(of.items()))

    assert stretches(slots) == stretches(again)
    for each_device in (1, 2):
        mine = stretches({key: at for key, at in slots.items() if key[0] == each_device})
        for _, c, t in (each for each in said if each[0] == each_device):
            assert any(of == c and first <= t <= last for of, first, last in mine)
        for one, other in itertools.pairwise(mine):
            assert one[0] != other[0] or other[1] - one[2] > 120_000
