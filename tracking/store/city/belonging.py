"""SQL conditions that limit rows to a part of the city, shared by all queries of callers with limited sight.

A row about a cell belongs to the area of the cell; a row about a person or device belongs to the area of the unit. A
row about a device of another area shows no name. The parameters are `int[]` or `text[]`; NULL is no limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SightFilter:
    """Limits of a caller, as parameters of these conditions; None: all."""

    cells: Sequence[int] | None = None
    devices: Sequence[int] | None = None
    areas: Sequence[str] | None = None


ALL = SightFilter()


def among(column: str, wanted: str, kind: str = "int") -> str:
    """`column` is one of the parameter `wanted`, such as `$3`."""
    return f"({wanted}::{kind}[] IS NULL OR {column} = ANY ({wanted}))"


def event(cells: str, devices: str) -> str:
    """An event `e` belongs to its cell, outside every cell to its device."""
    return f"CASE WHEN e.cell IS NULL THEN {among('e.device', devices)} ELSE {among('e.cell', cells)} END"


def alert(cells: str, devices: str, areas: str) -> str:
    """An alert `a` belongs to the device it is about, else to its cell, else to its area."""
    return (
        f"CASE WHEN a.device IS NOT NULL THEN {among('a.device', devices)} "
        f"WHEN a.cell IS NOT NULL THEN {among('a.cell', cells)} ELSE {among('a.area', areas, 'text')} END"
    )


def name(devices: str) -> str:
    """The name of the device `d` where it may be shown."""
    return f"CASE WHEN {among('d.id', devices)} THEN d.name END"
