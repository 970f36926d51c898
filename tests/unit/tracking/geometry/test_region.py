"""A drawn area: what it touches, and when a way led through it."""

import numpy as np
import pytest

from tracking.geometry.region import InsideInterval, Region

LON, LAT = 114.40, 23.10
SQUARE = [(LON, LAT), (LON + 0.01, LAT), (LON + 0.01, LAT + 0.01), (LON, LAT + 0.01)]
SECOND = 1_000


def walk(*places: tuple[int, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fixes along the middle of the square: (s, hundredths of a degree east of its west side)."""
    t = np.array([s * SECOND for s, _ in places], dtype=np.int64)
    lon = np.array([LON + 0.01 * part for _, part in places])
    return t, np.full(len(t), LAT + 0.005), lon


def cell(west: float, east: float) -> dict[str, object]:
    """A GeoJSON polygon as tall as the square, from `west` to `east` in hundredths of a degree."""
    w, e = LON + 0.01 * west, LON + 0.01 * east
    return {"type": "Polygon", "coordinates": [[[w, LAT], [e, LAT], [e, LAT + 0.01], [w, LAT + 0.01], [w, LAT]]]}


def test_interval_reaches_from_boundary_to_boundary() -> None:
    """Entering and leaving are where the straight step crosses the outline, to the second."""
    (only,) = Region(SQUARE).intervals(*walk((0, -0.5), (10, 0.5), (20, 0.6), (40, 1.4)))
    assert only.fixes == 2
    assert only.t_from == pytest.approx(5 * SECOND, abs=SECOND)
    assert only.t_to == pytest.approx(30 * SECOND, abs=SECOND)


def test_way_through_a_corner_counts_without_a_fix_inside() -> None:
    """Two fixes outside, ten seconds apart, on both sides: the way between led through."""
    (only,) = Region(SQUARE).intervals(*walk((0, -1.0), (10, 2.0)))
    assert only.fixes == 0
    assert 0 < only.t_from < only.t_to < 10 * SECOND


def test_silence_proves_nothing() -> None:
    """Fixes on both sides three minutes apart do not say that the device went straight through."""
    assert Region(SQUARE).intervals(*walk((0, -1.0), (180, 2.0))) == []


def test_short_absence_does_not_end_a_presence_and_a_long_one_does() -> None:
    """Half a minute outside is merged, five minutes are not."""
    found = Region(SQUARE).intervals(*walk((0, 0.5), (10, 1.2), (30, 0.9), (40, 0.9), (340, 0.9)))
    assert [(one.t_from, one.t_to, one.fixes) for one in found] == [(0, 40_000, 3), (340_000, 340_000, 1)]


def test_one_fix_alone_is_a_moment() -> None:
    """A single fix inside gives an interval without length; none gives nothing."""
    region = Region(SQUARE)
    assert region.intervals(*walk((7, 0.5))) == [InsideInterval(7_000, 7_000, 1)]
    assert region.intervals(*walk((7, 1.5))) == []
    assert region.intervals(*walk()) == []


def test_touched_cells_are_found_and_cover_or_not() -> None:
    """Cells that meet the area are named; a part of it outside every cell is noticed."""
    region = Region(SQUARE)
    which, covered = region.touched([cell(-1, 0.4), cell(0.4, 1.2), cell(3, 4)])
    assert which.tolist() == [0, 1]
    assert covered
    which, covered = region.touched([cell(-1, 0.4), cell(0.5, 1.2)])
    assert which.tolist() == [0, 1]
    assert not covered
    assert not region.touched([])[1]


@pytest.mark.parametrize(
    "ring",
    [
        [(LON, LAT), (LON + 0.01, LAT), (LON, LAT)],
        [(LON, LAT), (LON + 0.01, LAT + 0.01), (LON + 0.01, LAT), (LON, LAT + 0.01)],
        [(LON, LAT), (LON + 0.01, LAT), (LON + 0.02, LAT)],
    ],
)
def test_outline_without_an_area_is_refused(ring: list[tuple[float, float]]) -> None:
    """Two corners, a bow tie and a line enclose nothing that could be asked about."""
    with pytest.raises(ValueError, match=r"corners|outline"):
        Region(ring)


def test_area_is_in_square_metres() -> None:
    """A hundredth of a degree near Huizhou is 1,024 m by 1,108 m."""
    assert Region(SQUARE).area_m2 == pytest.approx(1_024 * 1_108, rel=0.01)
