"""The grid of a district: parse and validate a grid file as a whole. Pure; docs/grid-format.md describes the format."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from tracking.city import codes, grid_checks, grid_file
from tracking.city.grid_checks import AreaFeature, CellFeature
from tracking.city.grid_faults import FaultKind, Faults, GridFault
from tracking.geometry import validate

LEAST_RING_M2 = 100.0
_TOP_DOWN = ("district", "street", "grid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A district, street or responsibility grid."""

    code: str
    level: str
    """district, street or grid."""
    name: str
    parent: str | None
    owner: str | None
    index: int
    """Number of its feature in the file, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A unit cell."""

    code: str
    """14 or 15 digits."""
    name: str | None
    grid: str
    cls: str
    weight: float
    area_m2: float
    road_m: float | None
    """Length of walkable street, m; None: not known."""
    synthetic: bool
    index: int
    """Number of its feature in the file, from 0."""
    rings: grid_file.Rings
    """Closed rings of [lon, lat] in WGS-84 degrees, the outer one counter-clockwise, then holes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A whole, valid grid: areas from the top down, then cells."""

    areas: tuple[Area, ...]
    cells: tuple[Cell, ...]

    @property
    def districts(self) -> frozenset[str]:
        """Codes of the districts it describes."""
        return frozenset(area.code for area in self.areas if area.level == "district")

    def of(self, district: str) -> list[Area]:
        """A district and the areas in it."""
        inside = {district}
        for area in self.areas:
            if area.parent in inside:
                inside.add(area.code)
        return [area for area in self.areas if area.code in inside]


def full_code(code: str) -> str:
    """The 15-digit form of a valid unit-cell code.

    Raises:
        ValueError: no such code.
    """
    parsed = codes.parse(code)
    if isinstance(parsed, codes.UnitCode):
        return parsed.lifted
    raise ValueError(f"{code!r} is no unit-cell code: {parsed}")


def parse(data: bytes, *, classes: Collection[str] | None = None) -> Grid | list[GridFault]:
    """Read a grid file.

    Args:
        data: the file.
        classes: known classes of cells; None: not checked here; the import checks again.

    Returns:
        The grid, or the faults of the file in the order of its features.
    """
    faults = Faults()
    areas, cells, seen = grid_file.read(data, faults)
    grid_checks.check_areas(areas, seen, faults)
    grid_checks.check_cells(cells, areas, seen, faults)
    if not faults:
        # A child that was left out because of its own fault would make its parent look empty.
        grid_checks.check_empty(areas, cells, faults)
    if classes is not None:
        grid_checks.check_classes(cells, classes, faults)
    if not cells:
        if not faults:
            faults.add(FaultKind.NO_CELLS, None, None)
        return faults.listed()
    shapes = validate.Shapes([feature.rings for feature in cells])
    _check_shapes(areas, cells, shapes, faults)
    return faults.listed() if faults else _grid(areas, cells, shapes)


def _check_shapes(
    areas: Sequence[AreaFeature], cells: Sequence[CellFeature], shapes: validate.Shapes, faults: Faults
) -> None:
    """Check each polygon by itself, then the valid ones against each other."""
    wrong = _check_each(cells, shapes, faults)
    sound = np.array([i for i in range(len(cells)) if i not in wrong], dtype=np.intp)
    for i, j, area in shapes.overlaps(sound):
        _fault(
            cells[j],
            FaultKind.OVERLAP,
            faults,
            other=cells[i].index,
            with_code=cells[i].properties.code,
            area=round(area, 1),
            most=validate.OVERLAP_M2,
        )
        if faults.full:
            return
    if not wrong:
        _check_adjacent(areas, cells, shapes, faults)


def _check_each(cells: Sequence[CellFeature], shapes: validate.Shapes, faults: Faults) -> set[int]:
    """Check each polygon by itself; returns the invalid ones."""
    invalid = shapes.invalid()
    for i, fault in invalid.items():
        _fault(cells[i], FaultKind.INVALID, faults, what=fault.what, lon=fault.lon, lat=fault.lat)
    least = shapes.least_ring_m2
    for i in np.flatnonzero(least <= LEAST_RING_M2).tolist():
        if i not in invalid:
            _fault(cells[i], FaultKind.TOO_SMALL, faults, area=round(float(least[i]), 1), least=LEAST_RING_M2)
    return set(invalid)


def _check_adjacent(
    areas: Sequence[AreaFeature], cells: Sequence[CellFeature], shapes: validate.Shapes, faults: Faults
) -> None:
    rows: dict[str, list[int]] = {}
    for i, feature in enumerate(cells):
        rows.setdefault(feature.properties.grid, []).append(i)
    for area in areas:
        pieces = shapes.pieces(np.array(rows.get(area.properties.code, []), dtype=np.intp))
        if len(pieces) > 1:
            apart = [cells[i].properties.code for piece in pieces[1:] for i in piece]
            listed = ", ".join(apart[:5]) + (" …" if len(apart) > 5 else "")
            code = area.properties.code
            faults.add(FaultKind.NOT_ADJACENT, area.index, code, n=len(pieces), cells=listed)


def _fault(feature: CellFeature, kind: FaultKind, faults: Faults, **values: object) -> None:
    faults.add(kind, feature.index, feature.properties.code, **values)


def _grid(areas: Sequence[AreaFeature], cells: Sequence[CellFeature], shapes: validate.Shapes) -> Grid:
    built = [
        Area(code=p.code, level=p.level, name=p.name, parent=p.parent, owner=p.owner, index=index)
        for index, p in ((feature.index, feature.properties) for feature in areas)
    ]
    built.sort(key=lambda area: _TOP_DOWN.index(area.level))
    sizes = shapes.areas_m2.tolist()
    return Grid(areas=tuple(built), cells=tuple(_cell(f, size) for f, size in zip(cells, sizes, strict=True)))


def _cell(feature: CellFeature, area_m2: float) -> Cell:
    properties = feature.properties
    return Cell(
        code=properties.code,
        name=properties.name,
        grid=properties.grid,
        cls=properties.cls,
        weight=properties.weight,
        area_m2=area_m2,
        road_m=properties.road_m,
        synthetic=properties.synthetic,
        index=feature.index,
        rings=feature.rings,
    )
