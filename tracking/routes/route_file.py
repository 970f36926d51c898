"""Parser of files of roads and checkpoints: bytes to routes, or their faults. Pure; see docs/grid-format.md."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Raw, Struct

from tracking.city import codes, grid_file
from tracking.city.grid_faults import FaultKind, Faults, GridFault
from tracking.geometry.lookup import CityGrid
from tracking.presence.fixes import Float
from tracking.routes.model import ASTRAY_M, EDGE_M
from tracking.routes.pieces import Pieces, cut

Form = Literal["geojson", "csv"]

_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_COLUMNS = {"code", "lat", "lon"}


@dataclass(frozen=True, slots=True)
class FileFaults:
    """The faults of a file, of which nothing is imported."""

    faults: list[GridFault]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadFile:
    """The roads of a file."""

    pieces: Pieces
    inside_m: float
    """Length of those that belong to a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint."""

    code: str
    name: str | None
    lat: float
    """WGS-84 degrees."""
    lon: float


class _Geometry(Struct):
    type: str
    coordinates: Raw = Raw(b"null")


class _Properties(Struct):
    code: str
    name: _Name | None = None


class _Feature(Struct):
    type: Literal["Feature"]
    geometry: _Geometry | None
    properties: Raw = Raw(b"null")


_feature = msgspec.json.Decoder(_Feature)
_properties = msgspec.json.Decoder(_Properties)
_position = msgspec.json.Decoder(list[float])
_line = msgspec.json.Decoder(list[list[float]])
_lines = msgspec.json.Decoder(list[list[list[float]]])


def roads(data: bytes, grid: CityGrid) -> RoadFile | FileFaults:
    """Read the roads of a GeoJSON file over the cells in force."""
    faults = Faults()
    lines = [line for number, feature in _features(data, faults) for line in _read_lines(number, feature, faults)]
    pieces = cut(lines)
    if not faults and not len(pieces):
        faults.add(FaultKind.NO_ROADS, None, None)
    inside, _ = grid.near(*grid.xy(pieces.lat, pieces.lon), EDGE_M)
    if not faults and not len(inside):
        faults.add(FaultKind.ROADS_ASTRAY, None, None)
    if faults:
        return FileFaults(faults.listed())
    return RoadFile(pieces=pieces, inside_m=float(pieces.length_m[np.unique(inside)].sum()))


def checkpoints(data: bytes, form: Form, grid: CityGrid) -> list[Checkpoint] | FileFaults:
    """Read the checkpoints of a file over the cells in force."""
    faults = Faults()
    read = list(_rows(data, faults) if form == "csv" else _points(data, faults))
    if not faults and not read:
        faults.add(FaultKind.NO_CHECKPOINTS, None, None)
    _check(read, grid, faults)
    return FileFaults(faults.listed()) if faults else [checkpoint for _, checkpoint in read]


def _features(data: bytes, faults: Faults) -> Iterator[tuple[int, _Feature]]:
    for number, raw in enumerate(grid_file.features(data, faults)):
        try:
            yield number, _feature.decode(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            faults.add(FaultKind.NOT_FEATURE, number, None, why=error)


def _read_lines(number: int, feature: _Feature, faults: Faults) -> Iterator[Float]:
    kind = "null" if feature.geometry is None else feature.geometry.type[:64]
    lines: list[list[list[float]]] = []
    try:
        if feature.geometry is None or kind not in ("LineString", "MultiLineString"):
            faults.add(FaultKind.NOT_LINE, number, None, type=kind)
        elif kind == "LineString":
            lines = [_line.decode(feature.geometry.coordinates)]
        else:
            lines = _lines.decode(feature.geometry.coordinates)
    except (msgspec.DecodeError, RecursionError) as error:
        faults.add(FaultKind.BAD_POSITION, number, None, why=error)
    for n, line in enumerate(lines):
        bad = next((position for position in line if not _is_place(position)), None)
        if bad is not None:
            _no_place(number, None, bad, faults)
        elif len({(position[0], position[1]) for position in line}) < 2:
            faults.add(FaultKind.SHORT_LINE, number, None, line=n, n=min(len(line), 1))
        else:
            yield np.array([position[:2] for position in line], dtype=np.float64)


def _points(data: bytes, faults: Faults) -> Iterator[tuple[int, Checkpoint]]:
    for number, feature in _features(data, faults):
        kind = "null" if feature.geometry is None else feature.geometry.type[:64]
        if feature.geometry is None or kind != "Point":
            faults.add(FaultKind.NOT_POINT, number, None, type=kind)
            continue
        wrong = FaultKind.BAD_PROPERTY
        try:
            properties = _properties.decode(feature.properties)
            wrong = FaultKind.BAD_POSITION
            position = _position.decode(feature.geometry.coordinates)
        except (msgspec.DecodeError, RecursionError) as error:
            faults.add(wrong, number, None, why=error)
            continue
        yield from _checkpoint(number, properties.code, properties.name, position, faults)


def _rows(data: bytes, faults: Faults) -> Iterator[tuple[int, Checkpoint]]:
    if grid_file.too_large(data, faults):
        return
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
        missing = _COLUMNS - set(reader.fieldnames or ())
        if missing:
            faults.add(FaultKind.NOT_TABLE, None, None, why=f"no column {', '.join(sorted(missing))}")
            return
        for number, row in enumerate(reader):
            degrees = [_degrees(row["lon"]), _degrees(row["lat"])]
            yield from _checkpoint(number, (row["code"] or "").strip(), row.get("name") or None, degrees, faults)
    except (UnicodeDecodeError, csv.Error) as error:
        faults.add(FaultKind.NOT_TABLE, None, None, why=error)


def _degrees(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return math.nan


def _checkpoint(
    number: int, code: str, name: str | None, position: Sequence[float], faults: Faults
) -> Iterator[tuple[int, Checkpoint]]:
    if not codes.is_grid_code(code):
        want_zh, want_en = "1 至 32 个字母、数字、_ 或 -", "1 to 32 of A-Z a-z 0-9 _ -"
        faults.add(FaultKind.BAD_CODE, number, code[:64], want_zh=want_zh, want_en=want_en)
    elif name is not None and not (len(name) <= 64 and name.isprintable()):
        faults.add(FaultKind.BAD_PROPERTY, number, code, why="name: at most 64 characters that can be shown")
    elif not _is_place(position):
        _no_place(number, code, position, faults)
    else:
        yield number, Checkpoint(code=code, name=name, lat=float(position[1]), lon=float(position[0]))


def _check(read: Sequence[tuple[int, Checkpoint]], grid: CityGrid, faults: Faults) -> None:
    """Check that codes are unique and that each place lies in the city."""
    first: dict[str, int] = {}
    for number, checkpoint in read:
        if checkpoint.code in first:
            faults.add(FaultKind.REPEATED, number, checkpoint.code, other=first[checkpoint.code])
        first.setdefault(checkpoint.code, number)
    lat, lon = (
        np.array([getattr(checkpoint, name) for _, checkpoint in read], dtype=np.float64) for name in ("lat", "lon")
    )
    cell = grid.nearest(*grid.xy(lat, lon), ASTRAY_M)
    for row in np.flatnonzero(cell < 0).tolist():
        number, checkpoint = read[row]
        faults.add(
            FaultKind.ASTRAY, number, checkpoint.code, lon=checkpoint.lon, lat=checkpoint.lat, within=round(ASTRAY_M)
        )


def _is_place(position: Sequence[float]) -> bool:
    return len(position) >= 2 and abs(position[0]) <= 180 and abs(position[1]) <= 90


def _no_place(number: int, code: str | None, position: Sequence[float], faults: Faults) -> None:
    lon, lat = [*position[:2], None, None][:2]
    faults.add(FaultKind.NO_PLACE, number, code, lon=lon, lat=lat)
