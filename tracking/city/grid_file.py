"""Parser of grid files: bytes to features or their faults. Pure; docs/grid-format.md describes the format."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import Meta, Raw, Struct
from numpy.typing import NDArray

from tracking.city.grid_faults import FaultKind, Faults

MOST_BYTES = 256 << 20
"""Largest file; 15,000 cells of 80 vertices take 50 MB."""

Rings = tuple[NDArray[np.float64], ...]

_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490")
"""CGCS2000 (4490) is within centimetres of WGS-84."""


class Area(Struct, tag_field="kind"):
    """Properties of a district, street or grid."""

    code: str
    name: _Name
    parent: str | None
    owner: str | None = None
    synthetic: bool = False

    @property
    def level(self) -> str:
        """district, street or grid."""
        return str(self.__struct_config__.tag)


class District(Area, tag="district"):
    """区."""


class Street(Area, tag="street"):
    """街道."""


class GridArea(Area, tag="grid"):
    """责任网格."""


class CellProperties(Struct, tag_field="kind", tag="cell", rename={"cls": "class"}):
    """Properties of a unit cell."""

    code: str
    grid: str
    cls: str
    name: _Name | None = None
    weight: Annotated[float, Meta(gt=0, le=1e6)] = 1.0
    road_m: Annotated[float, Meta(ge=0, le=1e7)] | None = None
    synthetic: bool = False


Properties = TypeVar("Properties", Area, CellProperties)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature(Generic[Properties]):
    """A feature of valid form."""

    index: int
    """Number in the file, from 0."""
    properties: Properties
    rings: Rings
    """Of a cell: closed rings of [lon, lat] degrees, in range, outer counter-clockwise; an area has none."""


class _File(Struct):
    type: Literal["FeatureCollection"]
    features: list[Raw]
    crs: Any = None


class _Feature(Struct):
    type: Literal["Feature"]
    properties: Raw
    geometry: Raw = Raw(b"null")


class _Geometry(Struct):
    type: str
    coordinates: Raw = Raw(b"null")


_file = msgspec.json.Decoder(_File)
_feature = msgspec.json.Decoder(_Feature)
_properties = msgspec.json.Decoder(District | Street | GridArea | CellProperties)
_geometry = msgspec.json.Decoder(_Geometry | None)
_polygon = msgspec.json.Decoder(list[list[list[float]]])
_multipolygon = msgspec.json.Decoder(list[list[list[list[float]]]])


def read(data: bytes, faults: Faults) -> tuple[list[Feature[Area]], list[Feature[CellProperties]], set[str]]:
    """Read the features; faulty ones are left out and reported.

    Returns:
        Areas, cells, and every code seen, also of features left out, so that a fault is reported once.
    """
    areas, cells, codes = list[Feature[Area]](), list[Feature[CellProperties]](), set[str]()
    for index, raw in enumerate(features(data, faults)):
        code = _loose_code(raw)
        codes |= {code} if code else set()
        if not faults.full:
            _read_feature(index, code, raw, areas, cells, faults)
    return areas, cells, codes


def too_large(data: bytes, faults: Faults) -> bool:
    """Whether a file is too large; this is reported as a fault."""
    if len(data) > MOST_BYTES:
        faults.add(FaultKind.TOO_LARGE, None, None, mib=len(data) >> 20, most=MOST_BYTES >> 20)
    return len(data) > MOST_BYTES


def features(data: bytes, faults: Faults) -> list[Raw]:
    """Features of a file, unchecked; faults of the file as a whole are reported."""
    if too_large(data, faults):
        return []
    try:
        file = _file.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError as error:
        faults.add(FaultKind.NOT_COLLECTION, None, None, why=error)
        return []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        faults.add(FaultKind.NOT_JSON, None, None, why=error)
        return []
    if file.crs is not None and not _is_wgs84(file.crs):
        faults.add(FaultKind.OTHER_DATUM, None, None, crs=str(file.crs)[:200])
    return file.features


def _is_wgs84(crs: object) -> bool:
    """Whether a `crs` member of the time before RFC 7946 names WGS-84."""
    return any(name in str(crs) for name in _WGS84)


def _loose_code(raw: Raw) -> str | None:
    """Code of a feature, which may have other faults."""
    try:
        code = msgspec.json.decode(_feature.decode(raw).properties, type=_Coded).code
    except (msgspec.DecodeError, RecursionError):
        return None
    return code[:64] if isinstance(code, str) else None


class _Coded(Struct):
    code: Any = None


def _read_feature(
    index: int,
    code: str | None,
    raw: Raw,
    areas: list[Feature[Area]],
    cells: list[Feature[CellProperties]],
    faults: Faults,
) -> None:
    """Add the feature to `areas` or `cells`, or its fault to `faults`."""
    kind = FaultKind.NOT_FEATURE
    try:
        feature = _feature.decode(raw)
        geometry = _geometry.decode(feature.geometry)
        kind = FaultKind.BAD_PROPERTY
        properties = _properties.decode(feature.properties)
    except (msgspec.DecodeError, RecursionError) as error:
        faults.add(kind, index, code, why=error)
        return
    if isinstance(properties, CellProperties):
        rings = _read_rings(index, code, geometry, faults)
        cells += [] if rings is None else [Feature(index=index, properties=properties, rings=rings)]
        return
    if geometry is not None:
        faults.add(FaultKind.AREA_GEOMETRY, index, code)
    areas.append(Feature(index=index, properties=properties, rings=()))


def _read_rings(index: int, code: str | None, geometry: _Geometry | None, faults: Faults) -> Rings | None:
    try:
        polygons = _polygons(geometry)
    except (msgspec.DecodeError, RecursionError) as error:
        faults.add(FaultKind.BAD_POSITION, index, code, why=error)
        return None
    if len(polygons) != 1 or not polygons[0]:
        kind = "null" if geometry is None else f"{geometry.type[:64]} ({len(polygons)})"
        faults.add(FaultKind.NOT_POLYGON, index, code, type=kind)
        return None
    rings = [_read_ring(index, code, number, ring, faults) for number, ring in enumerate(polygons[0])]
    whole = [ring for ring in rings if ring is not None]
    if len(whole) < len(rings):
        return None
    return tuple(_turned(ring, counter_clockwise=number == 0) for number, ring in enumerate(whole))


def _polygons(geometry: _Geometry | None) -> list[list[list[list[float]]]]:
    """Parts of a Polygon or MultiPolygon; none of anything else."""
    if geometry is None:
        return []
    if geometry.type == "Polygon":
        return [_polygon.decode(geometry.coordinates)]
    return _multipolygon.decode(geometry.coordinates) if geometry.type == "MultiPolygon" else []


def _read_ring(
    index: int, code: str | None, number: int, ring: list[list[float]], faults: Faults
) -> NDArray[np.float64] | None:
    if any(len(position) < 2 for position in ring):
        faults.add(FaultKind.BAD_POSITION, index, code, why="a position has fewer than 2 numbers")
        return None
    if len(ring) < 4:
        faults.add(FaultKind.SHORT_RING, index, code, ring=number, n=len(ring))
        return None
    lonlat = np.array([position[:2] for position in ring], dtype=np.float64)
    outside = ~(np.isfinite(lonlat).all(axis=1) & (np.abs(lonlat) <= (180, 90)).all(axis=1))
    if outside.any():
        lon, lat = lonlat[outside][0].tolist()
        faults.add(FaultKind.OUT_OF_RANGE, index, code, ring=number, lon=lon, lat=lat)
        return None
    if not np.array_equal(lonlat[0], lonlat[-1]):
        faults.add(FaultKind.OPEN_RING, index, code, ring=number)
        return None
    return lonlat


def _turned(ring: NDArray[np.float64], *, counter_clockwise: bool) -> NDArray[np.float64]:
    """The ring in the direction that RFC 7946 demands."""
    x, y = (ring - ring[0]).T
    doubled_area = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    return ring if (doubled_area >= 0) == counter_clockwise else ring[::-1]
