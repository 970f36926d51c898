"""Checks of codes, parents and classes of a grid file. Pure; docs/grid-format.md describes them."""

from collections.abc import Collection, Sequence

from tracking.city import codes
from tracking.city.grid_faults import FaultKind, Faults
from tracking.city.grid_file import Area, CellProperties, Feature

_WANT = {
    "district": ("6 位行政区划代码", "the 6 digits of its administrative division"),
    "street": ("9 位街道代码（后三位 001–599）", "9 digits, the last three from 001 to 599"),
    "grid": ("1 至 32 个字母、数字、_ 或 -", "1 to 32 of A-Z a-z 0-9 _ -"),
    "cell": (
        "14 或 15 位数字：县 6、街道 3、社区 3（非 000）、顺序号 2 或 3（非 0）",
        "14 or 15 digits: county 6, street 3, community 3 (not 000), sequence 2 or 3 (not 0)",
    ),
}

AreaFeature = Feature[Area]
CellFeature = Feature[CellProperties]


def check_areas(areas: Sequence[AreaFeature], seen: set[str], faults: Faults) -> None:
    """Check codes and parents of the areas; `seen` has every code of the file, faulty features included."""
    by_code: dict[str, AreaFeature] = {}
    for feature in areas:
        area = feature.properties
        if not _is_area_code(area):
            _bad_code(feature.index, area.code, area.level, faults)
        elif area.code in by_code:
            faults.add(FaultKind.DUPLICATE, feature.index, area.code, other=by_code[area.code].index)
        by_code.setdefault(area.code, feature)
    for feature in areas:
        _check_parent(feature, by_code, seen, faults)


def check_cells(cells: Sequence[CellFeature], areas: Sequence[AreaFeature], seen: set[str], faults: Faults) -> None:
    """Check codes of the cells and that each lies in the street of its grid."""
    by_code = {feature.properties.code: feature.properties for feature in areas}
    first: dict[str, int] = {}
    for feature in cells:
        cell = feature.properties
        code = codes.parse(cell.code)
        if isinstance(code, codes.CodeFault):
            _bad_code(feature.index, cell.code, "cell", faults)
            continue
        if code.lifted in first:
            faults.add(FaultKind.DUPLICATE, feature.index, cell.code, other=first[code.lifted])
        first.setdefault(code.lifted, feature.index)
        why = _wrong_grid(code, by_code.get(cell.grid), by_code)
        if cell.grid not in seen:
            faults.add(FaultKind.NO_PARENT, feature.index, cell.code, name="grid", parent=cell.grid[:64])
        elif why:
            faults.add(FaultKind.WRONG_PARENT, feature.index, cell.code, name="grid", parent=cell.grid, why=why)


def check_empty(areas: Sequence[AreaFeature], cells: Sequence[CellFeature], faults: Faults) -> None:
    """Check that no area is empty."""
    above = {feature.properties.grid for feature in cells} | {feature.properties.parent for feature in areas}
    for feature in areas:
        if feature.properties.code not in above:
            faults.add(FaultKind.EMPTY_AREA, feature.index, feature.properties.code)


def check_classes(cells: Sequence[CellFeature], classes: Collection[str], faults: Faults) -> None:
    """Check that the class of each cell is known."""
    known = ", ".join(sorted(classes))
    for feature in cells:
        cell = feature.properties
        if cell.cls not in classes:
            faults.add(FaultKind.UNKNOWN_CLASS, feature.index, cell.code, cls=cell.cls[:64], known=known)


def _bad_code(index: int, code: str, level: str, faults: Faults) -> None:
    want_zh, want_en = _WANT[level]
    faults.add(FaultKind.BAD_CODE, index, code[:64], want_zh=want_zh, want_en=want_en)


def _is_area_code(area: Area) -> bool:
    if area.level == "district":
        return codes.county_fault(area.code) is None
    if area.level == "street":
        return codes.street_fault(area.code) is None
    return codes.is_grid_code(area.code)


def _check_parent(feature: AreaFeature, by_code: dict[str, AreaFeature], seen: set[str], faults: Faults) -> None:
    area = feature.properties
    above = by_code.get(area.parent or "")
    if area.level != "district" and above is None:
        # A parent that was left out because of its own fault is not reported again for each child.
        if area.parent not in seen:
            faults.add(FaultKind.NO_PARENT, feature.index, area.code, name="parent", parent=area.parent)
        return
    why = _wrong_parent(area, above.properties if above else None)
    if why:
        faults.add(FaultKind.WRONG_PARENT, feature.index, area.code, name="parent", parent=area.parent, why=why)


def _wrong_parent(area: Area, above: Area | None) -> str | None:
    if above is None or area.level == "district":
        return "a district has none: give null" if area.parent is not None else None
    wanted = "district" if area.level == "street" else "street"
    if above.level != wanted:
        return f"it is a {above.level}, not a {wanted}"
    if area.level == "street" and not area.code.startswith(above.code):
        return "the code of a street starts with that of its district"
    return None


def _wrong_grid(code: codes.UnitCode, grid: Area | None, by_code: dict[str, Area]) -> str | None:
    """Why a cell cannot belong to `grid`; nothing is reported if the grid is faulty itself."""
    if grid is None:
        return None
    if grid.level != "grid":
        return f"it is a {grid.level}, not a grid"
    street = by_code.get(grid.parent or "")
    if street is None or street.level != "street" or street.code == code.street:
        return None
    return f"it lies in street {grid.parent}, the code in {code.street}"
