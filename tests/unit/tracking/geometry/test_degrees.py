"""Degrees as metres."""

import numpy as np
import pytest

from tracking.geometry import degrees, inside


@pytest.mark.parametrize("lat", [-33.9, 0.0, 23.1, 60.2])
def test_metres_are_those_of_the_straight_line_between_two_places(lat: float) -> None:
    """As `inside.offset` gives them, for columns of steps too."""
    steps = np.array([[0.001, 0.002], [-0.003, 0.0]])
    east, north = degrees.metres(steps[:, 0], steps[:, 1], lat + steps[:, 0] / 2)
    for row, step in enumerate(steps):
        assert (east[row], north[row]) == pytest.approx(inside.offset((lat, 114.4), (lat + step[0], 114.4 + step[1])))
