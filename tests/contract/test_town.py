"""The synthetic town keeps to the grid format, as the import itself sees it."""

import msgspec
import numpy as np
import pytest

from device_sim.city import grid_file, route_file
from tracking.city import grids
from tracking.geometry import lookup
from tracking.routes import route_file as tracking_files


@pytest.mark.parametrize("seed", [1, 4])
def test_town_is_taken_by_the_import(seed: int) -> None:
    """The validation of `patrol grid import` finds no fault in the town of any seed."""
    grid = grids.parse(msgspec.json.encode(grid_file.city_geojson(seed)))
    assert isinstance(grid, grids.Grid), grid
    assert len(grid.cells) == 1528


@pytest.mark.parametrize("seed", [1, 2])
def test_its_roads_and_checkpoints_are_valid_and_lie_in_its_cells(seed: int) -> None:
    """Every road belongs to a cell, most of it to one alone, and every busy cell has a checkpoint of its own."""
    grid = grids.parse(msgspec.json.encode(grid_file.city_geojson(seed)))
    assert isinstance(grid, grids.Grid)
    cells = lookup.CityGrid(
        [lookup.GridCell(id=n, rings=[ring.tolist() for ring in cell.rings]) for n, cell in enumerate(grid.cells)]
    )
    roads = tracking_files.roads(msgspec.json.encode(route_file.roads_geojson(seed)), cells)
    assert isinstance(roads, tracking_files.RoadFile)
    assert roads.inside_m == pytest.approx(roads.pieces.length_m.sum())
    points = tracking_files.checkpoints(msgspec.json.encode(route_file.checkpoints_geojson(seed)), "geojson", cells)
    assert not isinstance(points, tracking_files.FileFaults)
    of = cells.index(np.array([point.lat for point in points]), np.array([point.lon for point in points]))
    busy = [n for n, cell in enumerate(grid.cells) if cell.cls in route_file.CHECKED]
    assert sorted(of.tolist()) == busy
