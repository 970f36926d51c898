"""What silence may hide."""

import numpy as np
import pytest

from tests.unit.tracking import timelines as tl
from tracking.coverage.coverage import NEVER
from tracking.presence import silence

MINUTE = 60_000


def hidden(minutes: float, start: tuple[float, float], end: tuple[float, float] | None) -> list[int]:
    """Minutes into the silence at which a visit of 3 min may have ended at the latest, for each of four cells."""
    (lat_from, lon_from), (lat_to, lon_to) = tl.degrees(*start), tl.degrees(*end) if end else (np.nan, np.nan)
    gone = silence.Silences(
        t_from=np.array([tl.T0]), t_to=np.array([tl.T0 + int(minutes * MINUTE)]), lat_from=np.array([lat_from]),
        lon_from=np.array([lon_from]), lat_to=np.array([lat_to]), lon_to=np.array([lon_to]),
    )  # fmt: skip
    ends = silence.possible_visits(gone, tl.row_of_cells(), np.full(4, 3 * MINUTE))
    return [-1 if each == NEVER else round((int(each) - tl.T0) / MINUTE) for each in ends.tolist()]


def test_a_short_silence_hides_only_the_own_cell() -> None:
    """In four minutes an officer who is heard again at the same place was nowhere else for three."""
    assert hidden(4, (150, 150), (150, 150)) == [4, -1, -1, -1]


def test_a_silence_may_hide_what_a_visit_lacks() -> None:
    """Minutes too few for a visit may make one of what was seen of the cell before them, or after."""
    assert hidden(2.1, (150, 150), (150, 150)) == [2, -1, -1, -1]
    assert hidden(2.1, (250, 150), (350, 150)) == [2, 2, -1, -1]
    assert hidden(2.1, (150, -500), (150, -500)) == [-1] * 4


def test_a_longer_silence_hides_what_can_be_reached_and_left() -> None:
    """In 12 min there and back the neighbour may have been visited until he had to walk back, the last cell not."""
    found = hidden(12, (150, 150), (150, 150))
    assert found[0] == 12
    assert 9 <= found[1] <= 11
    assert found[3] == -1


def test_a_silence_that_goes_on_hides_everything_in_reach() -> None:
    """Who was not heard again need not have come back."""
    assert hidden(15, (150, 150), None) == [15, 15, 15, 15]


@pytest.mark.parametrize("cells", [0, 4])
def test_without_silences_nothing_is_hidden(cells: int) -> None:
    """No silence, nothing hidden."""
    none = np.empty(0)
    empty = silence.Silences(
        t_from=none.astype(np.int64), t_to=none.astype(np.int64), lat_from=none, lon_from=none, lat_to=none, lon_to=none
    )
    assert silence.possible_visits(empty, tl.row_of_cells(cells), np.full(cells, 1)).tolist() == [NEVER] * cells


def test_all_hidden_times_end_with_the_latest() -> None:
    """What is hidden over time and the latest of it agree, in however many pieces the silences are looked at."""
    rng = np.random.default_rng(7)
    grid, dwell = tl.row_of_cells(4), np.full(4, 180_000)
    x, y = rng.uniform(0, 1200, (2, 40, 2))
    places = {"lat_from": tl.ORIGIN[0] + x[:, 0] / tl.M_PER_LAT, "lat_to": tl.ORIGIN[0] + x[:, 1] / tl.M_PER_LAT}
    places |= {"lon_from": tl.ORIGIN[1] + y[:, 0] / 1e5, "lon_to": tl.ORIGIN[1] + y[:, 1] / 1e5}
    start = tl.T0 + rng.integers(0, 36_000_000, 40)
    silences = silence.Silences(t_from=start, t_to=start + rng.integers(120_000, 3_600_000, 40), **places)
    whole = silence.hidden_visits(silences, grid, dwell)
    pieces = silence.hidden_visits(silences, grid, dwell, pairs=20)
    assert all(np.array_equal(getattr(whole, name), getattr(pieces, name)) for name in ("cell", "first", "last"))
    latest = np.full(4, -1)
    np.maximum.at(latest, whole.cell, whole.last)
    assert latest.tolist() == silence.possible_visits(silences, grid, dwell).tolist()
    for cell in range(4):
        mine = np.flatnonzero(whole.cell == cell)
        assert (whole.first[mine][1:] > whole.last[mine][:-1]).all()


def test_cells_out_of_reach_are_left_out_and_no_others() -> None:
    """Whatever the pieces, each cell gets what comes of holding every silence against it by itself."""
    rng = np.random.default_rng(11)
    n, grid, dwell = 15, tl.row_of_cells(40), np.full(40, 60_000)
    along = rng.uniform(-2_000, 14_000, n)
    places = {name: np.full(n, tl.ORIGIN[0] + 150 / tl.M_PER_LAT) for name in ("lat_from", "lat_to")}
    places |= {
        "lon_from": tl.ORIGIN[1] + along / 1e5,
        "lon_to": tl.ORIGIN[1] + (along + rng.uniform(-400, 400, n)) / 1e5,
    }
    places["lat_to"][::3] = places["lon_to"][::3] = np.nan
    start = tl.T0 + rng.integers(0, 36_000_000, n)
    silences = silence.Silences(t_from=start, t_to=start + rng.integers(120_000, 400_000, n), **places)
    by_one = [silence._ends_in(silences.take(np.array([row])), grid, np.arange(40), dwell) for row in range(n)]
    wanted = np.max([np.where(first <= last, last, NEVER)[0] for first, last in by_one], axis=0)
    for pairs in (1_000_000, 100):
        assert silence.possible_visits(silences, grid, dwell, pairs=pairs).tolist() == wanted.tolist()
    assert 0 < (wanted == NEVER).sum() < 40
