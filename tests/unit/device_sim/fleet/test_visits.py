"""The truth about visits: what happened, what is covered by data, what is knowable, what is possible."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

from device_sim.city import city
from device_sim.faults import faults
from device_sim.fleet import mix, officer, track, visits, ways
from device_sim.fleet.visits import Reading

SHIFT = 61_000
T0 = 1_756_800_000_000
RULE = visits.VisitRule(dwell_ms=180_000, path_m=150.0)
OFFICERS = [replace(who, handover_ms=0) for who in officer.recruit(60, 1)]


def way(*parts: tuple[int, float, float], also: int = -1) -> ways.Way:
    """A way of (cell, seconds, metres) in a straight line; `also` holds for the parts in cell 9."""
    t = T0 + 1000 * np.cumsum([0, *(seconds for _, seconds, _ in parts)]).astype(np.int64)
    x = np.cumsum([0.0, *(metres for _, _, metres in parts)])
    cells = [cell for cell, _, _ in parts]
    return ways.Way(
        t=t, x=x, y=np.zeros_like(x), cell=np.array(cells, np.int32), mode=np.zeros(len(parts), np.int8),
        also=np.array([also if cell == 9 else -1 for cell in cells], np.int32), happenings=(),
    )  # fmt: skip


def found(made: ways.Way, reading: Reading, runs: list[visits.Run] | None = None) -> list[tuple[int, int, int, float]]:
    """(cell, from s, dwell s, metres) of the stays, in order."""
    stays = visits.stays(made, [(T0, int(made.t[-1]))] if runs is None else runs, reading)
    return sorted((s.cell, (s.t_in - T0) // 1000, s.dwell_ms // 1000, round(s.path_m, 6)) for s in stays)


def test_an_exit_under_a_minute_is_merged() -> None:
    """Time and way outside do not count; after a whole minute the stay has ended."""
    assert found(way((1, 100, 120), (2, 59, 70), (1, 100, 130)), Reading.EXACT) == [(1, 0, 200, 250), (2, 100, 59, 70)]
    assert len(found(way((1, 100, 120), (2, 60, 70), (1, 100, 130)), Reading.EXACT)) == 3


@pytest.mark.parametrize(
    ("seconds", "metres", "is_valid"),
    [(180, 150, True), (179, 150, False), (180, 149, False), (180, 750, True), (180, 751, False)],
)
def test_a_valid_visit_has_dwell_and_way_and_no_car(seconds: int, metres: float, *, is_valid: bool) -> None:
    """The bounds of the class are inclusive, and 15 km/h is the limit of a patrol."""
    stay = visits.TrueStay(cell=1, t_in=0, t_out=0, dwell_ms=seconds * 1000, path_m=metres)
    assert stay.valid(RULE) is is_valid
    assert stay.drives() is (metres > 750)


@pytest.mark.parametrize(
    ("seconds", "metres", "clearly", "nearly"),
    [
        (195, 180, True, True),
        (194, 180, False, True),
        (195, 179, False, True),
        (165, 120, False, True),
        (164, 120, False, False),
        (165, 119, False, False),
        (240, 907, True, True),
        (240, 908, False, True),
        (240, 1_092, False, True),
        (240, 1_093, False, False),
    ],
)
def test_a_stay_near_a_bound_may_be_judged_either_way(
    seconds: int, metres: float, *, clearly: bool, nearly: bool
) -> None:
    """Within 15 s of the dwell and 30 m of the way a visit is neither clearly one nor clearly none."""
    stay = visits.TrueStay(cell=1, t_in=0, t_out=0, dwell_ms=seconds * 1000, path_m=metres)
    assert (stay.valid(RULE, -1), stay.valid(RULE, 1)) == (clearly, nearly)


def test_silence_cuts_the_truth_that_can_be_known() -> None:
    """What is covered is judged stretch by stretch; what happened is not."""
    made = way((1, 600, 600))
    runs = [(T0, T0 + 100_000), (T0 + 300_000, T0 + 600_000)]
    assert found(made, Reading.COVERED, runs) == [(1, 0, 100, 100), (1, 300, 300, 300)]
    assert found(made, Reading.EXACT, runs) == found(made, Reading.POSSIBLE, runs) == [(1, 0, 600, 600)]


def test_standing_on_a_boundary_is_nowhere_surely_and_on_both_sides_possibly() -> None:
    """Ten minutes on the boundary of cells 9 and 8 count for both, for one or for none, by the reading."""
    made = way((1, 200, 200), (9, 600, 0), (1, 200, 200), also=8)
    assert found(made, Reading.SURE) == [(1, 0, 200, 200), (1, 800, 200, 200)]
    assert (9, 200, 600, 0) in found(made, Reading.COVERED)
    assert {(9, 200, 600, 0), (8, 200, 600, 0)} < set(found(made, Reading.POSSIBLE))


def taken(at_s: list[float], **columns: list[object]) -> track.Track:
    """A track of fixes at these seconds."""
    n, at = len(at_s), T0 + (1000 * np.array(at_s)).astype(np.int64)
    empty = track.Track(
        at=at, t=at, lat=np.zeros(n), lon=np.zeros(n), acc=np.full(n, 5, np.float32), spd=np.zeros(n, np.float32),
        hdg=np.zeros(n, np.float32), bat=np.zeros(n, np.int8), sat=np.zeros(n, np.int8), pause=np.zeros(n, np.bool_),
        mock=np.zeros(n, np.bool_), wrong=np.zeros(n, np.bool_), boot="b", camera=False,
    )  # fmt: skip
    return replace(empty, **{name: np.array(column) for name, column in columns.items()})  # type: ignore[arg-type]


def at_once(of: track.Track) -> faults.Deliveries:
    """Each fix delivered when it is taken."""
    rows = np.arange(len(of))
    return faults.Deliveries(due=of.at, start=rows, stop=rows + 1, gaps=())


def covered(of: track.Track) -> list[tuple[int, int]]:
    """Covered stretches in s."""
    return [((a - T0) // 1000, (b - T0) // 1000) for a, b in visits.covered(of, at_once(of))]


def test_a_silence_of_more_than_two_minutes_is_not_covered() -> None:
    """120 s are bridged, one more is not."""
    assert covered(taken([0, 120, 241, 300])) == [(0, 120), (241, 300)]
    assert covered(taken([])) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"mock": [False, True, False]},
        {"wrong": [False, True, False]},
        {"acc": [5, 101, 5]},
        {"t": [T0, T0 + 161_001, T0 + 200_000]},
    ],
    ids=["mocked", "elsewhere", "inaccurate", "from the future"],
)
def test_what_says_nothing_covers_nothing(columns: dict[str, list[object]]) -> None:
    """A fix that is mocked, elsewhere, worse than 100 m or refused bridges no silence."""
    assert covered(taken([0, 100, 200])) == [(0, 200)]
    assert covered(taken([0, 100, 200], **columns)) == [(0, 0), (200, 200)]


def test_the_truth_agrees_with_a_slow_computation() -> None:
    """Dwell by cell of real shifts is what polygons say of the true place at every second."""
    town = city.build(1)
    shapes = np.array([shapely.Polygon(town.ring(k)) for k in range(len(town.cells))])
    tree = shapely.STRtree(shapes)
    for who in OFFICERS[::20]:
        made = mix.shift(1, mix.NONE, who, SHIFT).way
        t = np.arange(made.t[0] + 500, made.t[-1], 1000)
        rows, cells = tree.query(shapely.points(np.interp(t, made.t, made.x), np.interp(t, made.t, made.y)), "within")
        assert len(np.unique(rows)) > 0.999 * len(t)
        seconds = np.bincount(cells, minlength=len(shapes))
        told = np.zeros(len(shapes))
        for stay in visits.stays(made, [], Reading.EXACT):
            told[stay.cell] += stay.dwell_ms / 1000
        assert np.abs(seconds - told).max() < 30
        assert np.abs(seconds - told).sum() < 0.005 * told.sum()
