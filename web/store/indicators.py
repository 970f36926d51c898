"""Indicators for REST: read in one snapshot, computed by the core beside the event loop, given by level."""

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Literal

from pydantic import BaseModel

from alerts.privacy import redaction
from runtime import db
from schemas import figures
from tracking.coverage import rollup
from tracking.coverage.indicators import Figures
from tracking.routes.model import PatrolRoutes
from tracking.store.city.city import City
from tracking.store.presence import indicator_store
from web.auth.access import Names, Sight
from web.export import spreadsheet
from web.export.marks import FileMark
from web.store.coverage import CityAt, area_of

Level = Literal["cell", "grid", "street", "district"]
"""Of places."""

_SUFFICIENCY = tuple(figures.Sufficiency.model_fields)
_SHARED = {field.name for field in fields(rollup.AreaFigures)} - {*_SUFFICIENCY, "checkpoints"}


async def of_places(
    conn: db.Connection, place: CityAt, routes: PatrolRoutes, period: tuple[int, int], level: Level, see: Sight
) -> tuple[int, list[figures.Place]]:
    """Duty time of a period (ms), and the figures of the cells or areas of a level that are in sight."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        seen = await indicator_store.read(conn, place.city, routes, *period)
    # In a thread: a month of a large city takes longer than other requests may wait.
    record, sums = await asyncio.to_thread(indicator_store.figures, place.city, seen)
    return record.duty_ms, await asyncio.to_thread(_by_level, place, record, sums, level, see)


def _by_level(place: CityAt, record: Figures, sums: rollup.RollupSums, level: Level, see: Sight) -> list[figures.Place]:
    city = place.city
    if level == "cell":
        names = [cell.code if see.sees_area(cell.grid) else None for cell in city.cells]
    else:
        of = [area_of(cell, level) for cell in city.cells]
        names = [code if see.sees_area(code) else None for code in of]
    return [
        _place(code, level, _called(place, city, code, level, int(rows[0])), rollup.roll_up(record, sums, rows))
        for code, rows in rollup.groups(names).items()
    ]


def _called(place: CityAt, city: City, code: str, level: Level, row: int) -> tuple[str | None, str | None]:
    """Name and owner."""
    if level == "cell":
        grid = place.areas.get(city.cells[row].grid)
        return city.cells[row].name, None if grid is None else grid.owner
    return place.areas[code].name, place.areas[code].owner


def _place(code: str, level: Level, called: tuple[str | None, str | None], area: rollup.AreaFigures) -> figures.Place:
    values = asdict(area)
    return figures.Place(
        code=code,
        level=level,
        name=called[0],
        owner=called[1],
        checkpoints=figures.Checkpoints(**values["checkpoints"]),
        sufficiency=figures.Sufficiency(**{name: values[name] for name in _SUFFICIENCY}),
        **{name: values[name] for name in _SHARED},
    )


def as_csv(rows: Sequence[BaseModel], model: type[BaseModel], mark: FileMark, names: Names) -> str:
    """Write rows as CSV, without the hidden `names`; the first has the mark.

    A line of column names comes first; nested values are name.name, null is nothing.
    """
    rows = [model.model_validate(redaction.clean(row.model_dump(by_alias=True), names)) for row in rows]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*_names(model), "export"])
    writer.writerows([*_values(row), None if n else spreadsheet.cell(mark.text())] for n, row in enumerate(rows))
    return text.getvalue()


def _names(model: type[BaseModel], prefix: str = "") -> list[str]:
    names: list[str] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        nested = isinstance(kind, type) and issubclass(kind, BaseModel)
        names += _names(kind, f"{prefix}{name}.") if nested else [prefix + name]  # type: ignore[arg-type]
    return names


def _values(row: BaseModel) -> list[Any]:
    values: list[Any] = []
    for name in type(row).model_fields:
        value = getattr(row, name)
        values += _values(value) if isinstance(value, BaseModel) else [spreadsheet.cell(value)]
    return values
