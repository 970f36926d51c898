"""The formats of recorded tracks, one reader each: path in, points out."""

import csv
import functools
import io
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

from device_sim.replay import traces
from device_sim.replay.traces import Points, TraceError
from schemas import wire

_PLT_HEAD = 6
_PLT_UNKNOWN_FEET = -777


def read_plt(path: Path) -> Points:
    """GeoLife PLT: six header lines, then latitude, longitude, 0, feet, days, date, time (GMT)."""
    lines = _text(path).splitlines()
    if len(lines) < _PLT_HEAD or not lines[0].strip().lower().startswith("geolife"):
        raise TraceError("line 1: not a GeoLife track, which begins with 'Geolife trajectory'")
    points = Points()
    for n, line in enumerate(lines[_PLT_HEAD:], _PLT_HEAD + 1):
        if line.strip():
            points.take(f"line {n}", functools.partial(_plt_fix, line.split(",")))
    return points


def _plt_fix(columns: list[str]) -> wire.Fix:
    if len(columns) < 7:
        raise traces.PointError("fewer than seven columns")
    lat, lon = traces.number(columns[0], "latitude"), traces.number(columns[1], "longitude")
    feet = traces.optional(columns[3])
    alt = None if feet is None or feet == _PLT_UNKNOWN_FEET else round(feet * traces.FEET, 2)
    return traces.fix(traces.moment(f"{columns[5].strip()}T{columns[6].strip()}"), lat, lon, alt=alt)


_TIME = ("t", "time", "timestamp")
_LAT = ("lat", "latitude")
_LON = ("lon", "lng", "longitude")


def read_csv(path: Path) -> Points:
    """CSV with a header: t|time|timestamp, lat|latitude, lon|lng|longitude, optional acc, spd, hdg, alt, device."""
    text = _text(path)
    head = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    points = Points()
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        for needed in (_TIME, _LAT, _LON):
            if not set(needed) & set(names):
                raise TraceError(f"line 1: no column {' or '.join(needed)}")
        for row in rows:
            if row:
                values: dict[str, object] = {name: value.strip() for name, value in zip(names, row, strict=False)}
                device = str(values.get("device") or "") or None
                points.take(f"line {rows.line_num}", functools.partial(_fix_of, values), device)
    except csv.Error as error:
        raise TraceError(f"line {rows.line_num}: {error}") from error
    return points


def _fix_of(values: dict[str, object]) -> wire.Fix:
    """A fix of named values, whatever names are used for the same thing."""
    first = traces.first_of
    return traces.fix(
        traces.moment(first(_TIME, values)),
        traces.number(first(_LAT, values), "latitude"),
        traces.number(first(_LON, values), "longitude"),
        acc=traces.optional(first(("acc", "accuracy"), values)),
        spd=traces.optional(first(("spd", "speed"), values)),
        hdg=traces.optional(first(("hdg", "heading", "course"), values)),
        alt=traces.optional(first(("alt", "ele", "altitude"), values)),
    )


def read_gpx(path: Path) -> Points:
    """GPX 1.0 and 1.1: the track points, with speed and course where given. A document type is refused."""
    reader = _GpxReader()
    with path.open("rb") as file:
        try:
            reader.parser.ParseFile(file)
        except expat.ExpatError as error:
            raise TraceError(f"line {error.lineno}: not well-formed XML: {expat.ErrorString(error.code)}") from error
    if not reader.is_gpx:
        raise TraceError("line 1: not GPX: there is no element gpx")
    return reader.points


class _GpxReader:
    """Collects track points while expat reads, so that the size of the file does not matter."""

    def __init__(self) -> None:
        self.points = Points()
        self.is_gpx = False
        self._point: dict[str, object] | None = None
        self._line = 0
        self._text: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text.append
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise TraceError(f"line {self.parser.CurrentLineNumber}: a document type is not accepted in GPX")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self._text.clear()
        self.is_gpx |= local == "gpx"
        if local == "trkpt" and self.is_gpx:
            self._line = self.parser.CurrentLineNumber
            self._point = {"lat": attributes.get("lat"), "lon": attributes.get("lon")}

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if self._point is not None:
            if local == "trkpt":
                self.points.take(f"line {self._line}", functools.partial(_fix_of, self._point))
                self._point = None
            elif local in ("time", "ele", "speed", "course"):
                self._point[local] = "".join(self._text).strip()
        self._text.clear()


_LISTS = ("coordTimes", "times")


def read_geojson(path: Path) -> Points:
    """GeoJSON: (Multi)LineStrings with coordTimes or times, and Points with t, time or timestamp."""
    try:
        document = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise TraceError(f"line {error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise TraceError("line 1: nested too deeply") from error
    if not isinstance(document, dict):
        raise TraceError("line 1: not GeoJSON: no object")
    features = document.get("features") if document.get("type") == "FeatureCollection" else [document]
    if not isinstance(features, list):
        raise TraceError("line 1: the features of the collection are no list")
    points = Points()
    for n, feature in enumerate(features):
        _feature(points, f"feature {n}", feature)
    return points


def _feature(points: Points, where: str, feature: Any) -> None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict):
        points.skip(where, "no geometry")
        return
    known: dict[str, Any] = properties if isinstance(properties, dict) else {}
    device = known.get("device") if isinstance(known.get("device"), str) else None
    kind, places = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        points.take(where, functools.partial(_fix_at, places, traces.first_of(_TIME, known), known), device)
    elif kind in ("LineString", "MultiLineString"):
        times = _times(known)
        lines = [places] if kind == "LineString" else places
        nested = [times] if kind == "LineString" else times
        for line, its_times in itertools.zip_longest(_list(lines), _list(nested)):
            for n, (place, t) in enumerate(itertools.zip_longest(_list(line), _list(its_times))):
                points.take(f"{where} position {n}", functools.partial(_fix_at, place, t, {}), device)
    else:
        points.skip(where, f"geometry {str(kind)[:40]} is no track")


def _times(properties: dict[str, Any]) -> Any:
    times = traces.first_of(_LISTS, properties)
    if times is None and isinstance(properties.get("coordinateProperties"), dict):
        times = traces.first_of(_LISTS, properties["coordinateProperties"])
    return times


def _fix_at(place: Any, t: object, properties: dict[str, Any]) -> wire.Fix:
    if not isinstance(place, list) or len(place) < 2:
        raise traces.PointError("no position")
    alt = {"alt": place[2]} if len(place) > 2 else {}
    return _fix_of({**properties, **alt, "t": t, "lon": place[0], "lat": place[1]})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(path: Path) -> str:
    """The text of a file in UTF-8, or GB 18030 as Chinese spreadsheets write it."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise TraceError(f"line {line}: neither UTF-8 nor GB 18030 text") from error


READERS: dict[str, Callable[[Path], Points]] = {
    ".plt": read_plt,
    ".csv": read_csv,
    ".gpx": read_gpx,
    ".geojson": read_geojson,
    ".json": read_geojson,
}
"""Ending of the name → reader."""
