"""What a grid changes of what is stored, and what of it is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support import lattice
from tracking.city import grid_changes, grids
from tracking.city.grid_changes import StoredCell, StoredDivision
from tracking.city.grid_faults import FaultKind, Faults

BEGINS = datetime(2026, 5, 1, tzinfo=UTC)


def parsed(columns: int = 2) -> grids.Grid:
    """A valid grid of one row of cells."""
    grid = grids.parse(lattice.encoded(lattice.collection(columns, 1)))
    assert isinstance(grid, grids.Grid)
    return grid


def ids(grid: grids.Grid) -> dict[str, int]:
    """Numbers of the cells, from 1."""
    return {grids.full_code(cell.code): number for number, cell in enumerate(grid.cells, 1)}


def kept(grid: grids.Grid) -> StoredDivision:
    """The division that the grid made."""
    (district,) = grid.districts
    change = grid_changes.change(grid, district, ids(grid), StoredDivision())
    return StoredDivision(1, BEGINS, change.cells, change.areas)


def test_the_first_division_adds_everything_and_the_same_grid_nothing() -> None:
    """What is not new makes no division."""
    grid = parsed()
    (district,) = grid.districts
    first = grid_changes.change(grid, district, ids(grid), StoredDivision())
    assert (first.added, first.changed, first.ended) == (2, 0, 0)
    assert first.changed_areas == {area.code for area in grid.areas}
    assert not grid_changes.change(grid, district, ids(grid), kept(grid))


def test_cells_are_added_changed_and_ended() -> None:
    """By number of the cell, whatever its code is spelt like."""
    small, large = parsed(2), parsed(3)
    (district,) = large.districts
    grown = grid_changes.change(large, district, ids(large), kept(small))
    assert (grown.added, grown.changed, grown.ended, grown.changed_areas) == (1, 0, 0, frozenset())
    assert grid_changes.change(small, district, ids(large), kept(large)).ended == 1
    first, *others = small.cells
    named = replace(small, cells=(replace(first, name="another"), *others))
    assert grid_changes.change(named, district, ids(small), kept(small)).changed == 1


def test_what_the_database_keeps_in_single_precision_is_not_new() -> None:
    """A weight of 0.1 comes back as the nearest that four bytes hold."""
    grid = parsed()
    (district,) = grid.districts
    light = replace(grid, cells=tuple(replace(cell, weight=0.1, road_m=0.3) for cell in grid.cells))
    assert not grid_changes.change(light, district, ids(light), kept(light))
    assert {row[4] for row in kept(light).cells.values()} == {0.10000000149011612}


@pytest.mark.parametrize(
    ("stored_begins", "faults"), [(None, []), (BEGINS, []), (BEGINS + timedelta(days=1), [FaultKind.TOO_EARLY])]
)
def test_no_division_begins_before_the_newest(stored_begins: datetime | None, faults: list[FaultKind]) -> None:
    """At the same moment it takes its place."""
    found = Faults()
    grid_changes.check_begin({"441302": StoredDivision(1, stored_begins)}, BEGINS, found)
    assert [fault.kind for fault in found.listed()] == faults


def test_an_area_keeps_its_level() -> None:
    """Its code is not taken for something else."""
    grid, found = parsed(), Faults()
    grid_changes.check_levels(grid.areas, {area.code: area.level for area in grid.areas}, found)
    assert not found
    grid_changes.check_levels(grid.areas, {grid.areas[0].code: "street"}, found)
    assert [fault.kind for fault in found.listed()] == [FaultKind.LEVEL]


def test_a_code_is_not_used_again() -> None:
    """Neither after it went out of force, nor for another boundary; where its ring begins does not matter."""
    grid = parsed()
    one, other = grid.cells
    code = grids.full_code(one.code)
    turned = replace(one, rings=tuple(ring[[*range(1, len(ring)), 1]] for ring in one.rings))
    for stored, faults in (
        (StoredCell(1, grid_changes.geojson(one), None), []),
        (StoredCell(1, grid_changes.geojson(turned), BEGINS), []),
        (StoredCell(1, grid_changes.geojson(one), BEGINS - timedelta(days=1)), [FaultKind.REUSED]),
        (StoredCell(1, grid_changes.geojson(other), BEGINS), [FaultKind.CHANGED]),
    ):
        found = Faults()
        grid_changes.check_codes(grid.cells, {code: stored}, BEGINS, found)
        assert [fault.kind for fault in found.listed()] == faults
