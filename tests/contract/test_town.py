"""The synthetic town keeps to the grid format, as the import itself sees it."""

import msgspec
import pytest

from device_sim import grid_file
from tracking import grids


@pytest.mark.parametrize("seed", [1, 4])
def test_town_is_taken_by_the_import(seed: int) -> None:
    """The validation of `patrol grid import` finds no fault in the town of any seed."""
    grid = grids.parse(msgspec.json.encode(grid_file.city_geojson(seed)))
    assert isinstance(grid, grids.Grid), grid
    assert len(grid.cells) == 1528
