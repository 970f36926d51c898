"""Roads walked and checkpoints passed, by timelines and against slow independent answers."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from schemas import wire
from tests.unit.tracking import timelines
from tests.unit.tracking.timelines import T0, stand, track, walk
from tracking.presence.fixes import FixColumns
from tracking.routes import pieces
from tracking.routes.model import FOR_EVER, Hour, PatrolRoutes, VersionedPlaces

HOUR = 3_600_000
GRID = timelines.row_of_cells()
Metres = list[tuple[float, float]]


def stored(places: Metres) -> VersionedPlaces:
    """Things in force from ever on at (x, y) m."""
    degrees = np.array([timelines.degrees(*place) for place in places]).reshape(-1, 2)
    n = len(places)
    return VersionedPlaces(
        id=np.arange(n), lat=degrees[:, 0], lon=degrees[:, 1], valid_from=np.zeros(n, dtype=np.int64),
        valid_to=np.full(n, FOR_EVER),
    )  # fmt: skip


def routes(roads: Metres, checkpoints: Metres = []) -> PatrolRoutes:  # noqa: B006 - never changed
    """Patrol routes over the four cells, with the middles of pieces and the places of checkpoints in m."""
    return PatrolRoutes(
        GRID, pieces=stored(roads), length_m=np.full(len(roads), 20.0), checkpoints=stored(checkpoints),
        codes=tuple(f"c{n}" for n in range(len(checkpoints))),
    )  # fmt: skip


def done(
    of: PatrolRoutes, fixes: FixColumns, start: int = T0, end: int = T0 + HOUR
) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Pieces walked, and passes as (checkpoint, seconds in, seconds out)."""
    made = of.hour(fixes, start, end)
    assert made.walked is not None
    passes = [] if made.passes is None else list(
        zip(made.passes.checkpoint.tolist(), ((made.passes.t_in - T0) // 1000).tolist(),
            ((made.passes.t_out - T0) // 1000).tolist(), strict=True)
    )  # fmt: skip
    return made.walked.piece.tolist(), passes


STREET: Metres = [(10.0 + 20 * n, 150.0) for n in range(30)]
"""A street through the first two cells, in pieces of 20 m."""


def test_pieces_beside_the_way_are_walked_and_no_others() -> None:
    """A walk of 200 m on a street, 12 m beside its axis: ten pieces, and one at its end that lies within 20 m."""
    fixes = track(walk((0, 162), (200, 162), begin=0))
    assert done(routes([*STREET, (100, 185)]), fixes)[0] == list(range(11))


def test_when_a_piece_was_walked_is_when_the_device_was_nearest() -> None:
    """There and back: first and last time, to the 16 s that the 20 m beside it take."""
    there = walk((0, 150), (250, 150), begin=0)
    back = walk((250, 150), (0, 150), begin=there[-1][0])
    made = routes(STREET).hour(track(there + back[1:]), T0, T0 + HOUR).walked
    assert made is not None
    assert abs(int(made.first[3]) - T0 - 70 / 1.25 * 1000) <= 16_000
    assert abs(int(made.last[3]) - T0 - (250 + 180) / 1.25 * 1000) <= 16_000


def test_nothing_is_walked_in_a_gap_nor_by_fixes_that_are_no_presence() -> None:
    """A silence of three minutes, a jump there and back, mocked fixes and fixes of 150 m accuracy walk nothing."""
    of = routes(STREET)
    silent = [*stand((10, 150), begin=0, seconds=30), *stand((400, 150), begin=210, seconds=30)]
    assert done(of, track(silent))[0] == [0, 1, 19, 20]
    jump = [
        *stand((10, 150), begin=0, seconds=90),
        (95, 9000, 150),
        (100, 9010, 150),
        *stand((10, 150), begin=105, seconds=60),
    ]
    assert done(routes([*STREET, (9005, 150)]), track(jump))[0] == [0, 1]
    way = track(walk((0, 150), (200, 150), begin=0))
    mocked = FixColumns.from_columns(len(way), t=way.t, lat=way.lat, lon=way.lon, flags=[wire.FixFlag.MOCK] * len(way))
    assert done(of, mocked)[0] == []
    assert done(of, track(walk((0, 150), (200, 150), begin=0), acc=150.0))[0] == []


def test_an_hour_has_the_steps_that_end_in_it() -> None:
    """What was walked before the hour is not of it, however the fixes before are needed."""
    of, fixes = routes(STREET), track(walk((0, 150), (500, 150), begin=-200))
    before, _ = done(of, fixes, T0 - HOUR, T0)
    after, _ = done(of, fixes)
    assert before == list(range(13))
    assert after[0] == 11
    assert sorted({*before, *after}) == list(range(26))


@pytest.mark.parametrize(("seconds", "passed"), [(29, False), (30, True)])
def test_a_checkpoint_is_passed_by_thirty_seconds(seconds: float, *, passed: bool) -> None:
    """Within 30 m for 30 s, no less."""
    stay = [(0.0, 100.0, 150.0), (seconds, 110.0, 150.0), (seconds + 5, 200.0, 150.0)]
    assert bool(done(routes(STREET, [(100, 175)]), track(stay))[1]) is passed


def test_a_bad_fix_reaches_farther_and_another_place_ends_the_stretch() -> None:
    """An accuracy of 60 m reaches a checkpoint at 50 m; two stretches of 20 s make none of 40 s; nor does a gap."""
    of = routes(STREET, [(100, 200)])
    assert done(of, track(stand((100, 150), begin=0, seconds=61), acc=60.0))[1] == [(0, 0, 60)]
    assert done(of, track(stand((100, 150), begin=0, seconds=61)))[1] == []
    near, far = (100.0, 190.0), (100.0, 120.0)
    parts = [*stand(near, begin=0, seconds=21), *stand(far, begin=30, seconds=1), *stand(near, begin=40, seconds=21)]
    assert done(of, track(parts))[1] == []
    assert done(of, track([*stand(near, begin=0, seconds=21), *stand(near, begin=200, seconds=21)]))[1] == []


def test_a_stretch_over_the_full_hour_is_seen_from_both() -> None:
    """Ten seconds before and thirty after it: the later hour has all of it, the earlier none."""
    fixes = track(stand((100, 150), begin=-10, seconds=41))
    of = routes(STREET, [(100, 160)])
    assert done(of, fixes, T0 - HOUR, T0)[1] == []
    assert done(of, fixes)[1] == [(0, -10, 30)]


@st.composite
def ways(draw: st.DrawFn) -> list[tuple[float, float, float]]:
    """A possible way of up to forty fixes, with gaps: (s, x m, y m)."""
    x, y, s, made = 300.0, 150.0, 0.0, []
    for _ in range(draw(st.integers(2, 40))):
        made.append((s, x, y))
        dt = draw(st.sampled_from([1.0, 5.0, 10.0, 60.0, 120.0, 121.0, 400.0]))
        x += draw(st.floats(-1, 1)) * min(2.5 * dt, 90)
        y += draw(st.floats(-1, 1)) * min(2.5 * dt, 90)
        s += dt
    return made


MESH: Metres = [(float(x), float(y)) for x in range(0, 600, 17) for y in range(0, 300, 19)]


def to_xy(fixes: FixColumns) -> list[tuple[float, float]]:
    """Where fixes are, m."""
    x, y = GRID.xy(fixes.lat, fixes.lon)
    return list(zip(x.tolist(), y.tolist(), strict=True))


@given(way=ways())
@settings(max_examples=60, deadline=None)
def test_walked_is_what_the_union_of_buffers_holds(way: list[tuple[float, float, float]]) -> None:
    """Against len(∪ buffer(track, 20 m) ∩ roads) drawn by shapely, for all pieces not on the very edge of it."""
    of, fixes = routes(MESH), track(way)
    places = to_xy(fixes)
    steps = [(places[n - 1], places[n]) for n in range(1, len(way)) if way[n][0] - way[n - 1][0] <= 120]
    area = shapely.union_all([shapely.LineString(step).buffer(20.0, quad_segs=64) for step in steps])
    middles = shapely.points(*GRID.xy(of.pieces.lat, of.pieces.lon))
    edge = shapely.distance(area.boundary, middles) if steps else np.full(len(MESH), np.inf)
    inside = shapely.contains(area, middles) if steps else np.zeros(len(MESH), dtype=np.bool_)
    got = np.isin(np.arange(len(MESH)), done(of, fixes, T0, T0 + 10 * HOUR)[0])
    assert (got == inside)[edge > 0.1].all()


def slowly(way: list[tuple[float, float, float]], at: tuple[float, float]) -> list[tuple[int, int]]:
    """Stretches within 30 m for 30 s, fix by fix."""
    found: list[tuple[int, int]] = []
    begun: float | None = None
    before: float | None = None
    for s, x, y in [*way, (1e9, 1e9, 1e9)]:
        near = (x - at[0]) ** 2 + (y - at[1]) ** 2 <= 30.0**2
        broken = before is not None and s - before > 120
        if begun is not None and before is not None and (not near or broken):
            if before - begun >= 30:
                found.append((round(begun), round(before)))
            begun = None
        if near and begun is None:
            begun = s
        before = s
    return found


@given(way=ways(), at=st.tuples(st.floats(200, 400), st.floats(50, 250)))
@settings(max_examples=100, deadline=None)
def test_passes_are_those_of_a_slow_look(way: list[tuple[float, float, float]], at: tuple[float, float]) -> None:
    """Fix by fix, without a tree."""
    fixes, of = track(way), routes(STREET, [at])
    place = next(iter(zip(*GRID.xy(of.checkpoints.lat, of.checkpoints.lon), strict=True)))
    metres = [(s, *xy) for (s, _, _), xy in zip(way, to_xy(fixes), strict=True)]
    near = [abs(float(np.hypot(x - place[0], y - place[1])) - 30) for _, x, y in metres]
    if min(near) > 0.001:
        assert [(t_in, t_out) for _, t_in, t_out in done(of, fixes, T0, T0 + 10 * HOUR)[1]] == slowly(metres, place)


def columns(made: Hour) -> list[NDArray[np.generic]]:
    """Everything that an hour says."""
    assert made.walked is not None
    assert made.passes is not None
    walked, passes = made.walked, made.passes
    return [walked.piece, walked.first, walked.last, passes.checkpoint, passes.t_in, passes.t_out]


@given(way=ways(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_order_and_doubles_change_nothing(way: list[tuple[float, float, float]], seed: int) -> None:
    """Any permutation of the fixes, with some twice, gives the same to the last bit."""
    of, fixes = routes(MESH, [(300, 150), (350, 150)]), track(way)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.concatenate([np.arange(len(fixes)), rng.integers(0, len(fixes), 5)]))
    for one, other in zip(
        columns(of.hour(fixes, T0, T0 + HOUR)), columns(of.hour(fixes.take(rows), T0, T0 + HOUR)), strict=True
    ):
        assert np.array_equal(one, other)


def line(places: Metres) -> NDArray[np.float64]:
    """Longitude and latitude of places in m."""
    return np.array([timelines.degrees(*place)[::-1] for place in places])


def test_roads_are_cut_into_equal_pieces_whichever_way_they_are_drawn() -> None:
    """The length is kept; the other direction, and a line drawn twice, give the same pieces."""
    bent = [(0.0, 0.0), (105.0, 0.0), (105.0, 130.0), (40.0, 131.0)]
    made = pieces.cut([line(bent)])
    assert made.length_m.max() <= pieces.LONGEST_M + 1e-6
    assert made.length_m.sum() == pytest.approx(300, rel=2e-3)
    again = pieces.cut([line(bent[::-1]), line(bent)])
    assert (again.key, again.lat.tolist()) == (made.key, made.lat.tolist())
    ring = [(0.0, 0.0), (90.0, 0.0), (90.0, 90.0), (0.0, 0.0)]
    assert pieces.cut([line(ring)]).key == pieces.cut([line(ring[::-1])]).key
    assert len(pieces.cut([])) == len(pieces.cut([line([(5.0, 5.0), (5.0, 5.0)])])) == 0


def test_a_road_on_a_boundary_belongs_to_both_cells() -> None:
    """A piece 4 m from the common edge of two cells counts for both, one in the middle of a cell for that alone."""
    of = routes([(304.0, 150.0), (150.0, 150.0)])
    assert sorted(zip(of.piece.tolist(), of.cell_of_piece.tolist(), strict=True)) == [(0, 0), (0, 1), (1, 0)]
