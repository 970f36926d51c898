"""Areas of several cells: how deep inside of them places are."""

import numpy as np
import pytest

from tests.unit.tracking import timelines as tl
from tracking.geometry.zones import NO_ZONE, Zones


def test_depth_is_that_of_the_area_and_not_of_its_cells() -> None:
    """The seam between two cells is no boundary; outside is negative; without a zone there is none."""
    grid = tl.row_of_cells(3)
    zones = Zones(grid, {"west": [0, 1], "east": [2]})
    assert zones.index == {"west": 0, "east": 1}
    places = np.array([tl.degrees(*place) for place in ((300, 150), (300, 150), (100, -40), (300, 150))])
    x, y = grid.xy(*places.T)
    found = zones.inside_by(np.array([0, 1, 0, NO_ZONE]), x, y)
    assert found[:3] == pytest.approx([150, -300, -40], abs=2)
    assert np.isnan(found[3])
