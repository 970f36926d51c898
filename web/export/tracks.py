"""A device's track as GeoJSON, CSV or GPX, in pieces, so that no track is held in memory as a whole."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from html import escape
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from runtime import db
from schemas import rest
from tracking.presence.fixes import ABSENT, FixColumns, Float
from tracking.presence.trail import GAP_MS
from web.export import spreadsheet
from web.export.marks import FileMark
from web.store import codes

Format = Literal["geojson", "csv", "gpx"]
MEDIA_TYPES: dict[Format, str] = {
    "geojson": "application/geo+json",
    "csv": "text/csv; charset=utf-8",
    "gpx": "application/gpx+xml",
}
_EARTH_M = 6_371_008.8
_FIELDS = (
    "t",
    "lat",
    "lon",
    "acc",
    "spd",
    "hdg",
    "alt",
    "bat",
    "sat",
    "src",
    "duty",
    "seq",
    "boot",
    "flags",
    "received",
)


async def simplified(pages: AsyncIterator[FixColumns], metres: float) -> AsyncIterator[FixColumns]:
    """Drop fixes that lie within `metres` of the line without them; page by page, ends and gaps are kept."""
    async for page in pages:
        yield page.take(kept_mask(page, metres))


async def encoded(pages: AsyncIterator[FixColumns], form: Format, device: str, mark: FileMark) -> AsyncIterator[bytes]:
    """Write a track with its mark."""
    write = {"geojson": _geojson, "csv": _csv, "gpx": _gpx}[form]
    async for text in write(pages, device, mark):
        yield text.encode()


def kept_mask(page: FixColumns, metres: float) -> NDArray[np.bool_]:
    """Fixes to keep: Douglas-Peucker within each stretch without a gap."""
    keep = np.zeros(len(page), dtype=np.bool_)
    if len(page) == 0:
        return keep
    starts = np.flatnonzero(np.diff(page.t) > GAP_MS) + 1
    x, y = _metres(page.lat, page.lon)
    for lo, hi in zip([0, *starts.tolist()], [*starts.tolist(), len(page)], strict=True):
        keep[lo:hi] = _douglas_peucker(x[lo:hi], y[lo:hi], metres)
    return keep


def _metres(lat: Float, lon: Float) -> tuple[Float, Float]:
    """Local plane around the first fix: exact enough for distances from a line of a few kilometres."""
    east = np.radians((lon - lon[0] + 180) % 360 - 180) * np.cos(np.radians(lat)) * _EARTH_M
    return east, np.radians(lat) * _EARTH_M


def _douglas_peucker(x: Float, y: Float, metres: float) -> NDArray[np.bool_]:
    keep = np.zeros(len(x), dtype=np.bool_)
    keep[[0, -1]] = True
    todo = [(0, len(x) - 1)]
    while todo:
        lo, hi = todo.pop()
        if hi - lo < 2:
            continue
        away = _distances(x[lo + 1 : hi], y[lo + 1 : hi], (x[lo], y[lo]), (x[hi], y[hi]))
        farthest = int(np.argmax(away))
        if away[farthest] > metres:
            middle = lo + 1 + farthest
            keep[middle] = True
            todo += [(lo, middle), (middle, hi)]
    return keep


def _distances(x: Float, y: Float, start: tuple[float, float], end: tuple[float, float]) -> Float:
    """Distance of each place from the segment start…end, m."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = np.zeros_like(x) if length == 0 else ((x - start[0]) * dx + (y - start[1]) * dy) / length
    along = np.clip(along, 0, 1)
    return np.asarray(np.hypot(x - start[0] - along * dx, y - start[1] - along * dy), dtype=np.float64)


def rows(page: FixColumns) -> Iterator[dict[str, Any]]:
    """Each fix as a mapping; unknown values are None."""
    lists = [
        [rest.rfc3339(db.moment(t)) for t in page.t.tolist()],
        np.round(page.lat, 7).tolist(),
        np.round(page.lon, 7).tolist(),
        *(_short(column) for column in (page.acc, page.spd, page.hdg, page.alt, page.bat)),
        [None if sat == ABSENT else sat for sat in page.sat.tolist()],
        [codes.SOURCES[code] for code in page.src.tolist()],
        [codes.DUTIES[code] for code in page.duty.tolist()],
        [None if seq == ABSENT else seq for seq in page.seq.tolist()],
        page.boot.tolist(),
        page.flags.tolist(),
        [rest.rfc3339(db.moment(t)) for t in page.received.tolist()],
    ]
    for values in zip(*lists, strict=True):
        yield dict(zip(_FIELDS, values, strict=True))


def _short(column: NDArray[np.float32]) -> list[float | None]:
    rounded = np.round(column.astype(np.float64), 3)
    return [None if value != value else value for value in rounded.tolist()]  # noqa: PLR0124 - only NaN is not itself


async def _geojson(pages: AsyncIterator[FixColumns], device: str, mark: FileMark) -> AsyncIterator[str]:
    name, marked = (msgspec.json.encode(text).decode() for text in (device, mark.text()))
    yield f'{{"type":"FeatureCollection","device":{name},"export":{marked},"features":['
    separator = ""
    async for page in pages:
        features = [msgspec.json.encode(_feature(row)).decode() for row in rows(page)]
        if features:
            yield separator + ",\n".join(features)
            separator = ",\n"
    yield "]}\n"


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    place = [row.pop("lon"), row.pop("lat")]
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": row}


async def _csv(pages: AsyncIterator[FixColumns], _device: str, mark: FileMark) -> AsyncIterator[str]:
    # A last column, filled in the first row, and no comment line: what reads the file by its header goes on reading it.
    marked: str | None = mark.text()
    yield ",".join((*_FIELDS, "export")) + "\r\n"
    async for page in pages:
        text = io.StringIO()
        writer = csv.writer(text)
        for row in rows(page):
            writer.writerow([*(spreadsheet.cell(row[name]) for name in _FIELDS), spreadsheet.cell(marked)])
            marked = None
        yield text.getvalue()


async def _gpx(pages: AsyncIterator[FixColumns], device: str, mark: FileMark) -> AsyncIterator[str]:
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx version="1.1" creator="patrolgrid" xmlns="http://www.topografix.com/GPX/1/1">\n'
        f"<metadata><desc>{escape(mark.text())}</desc><time>{rest.rfc3339(mark.at)}</time></metadata>\n"
        f"<trk><name>{escape(device)}</name><trkseg>\n"
    )
    last_t: int | None = None
    async for page in pages:
        parts: list[str] = []
        for t, row in zip(page.t.tolist(), rows(page), strict=True):
            if last_t is not None and t - last_t > GAP_MS:
                parts.append("</trkseg><trkseg>\n")
            last_t = t
            parts.append(_point(row))
        yield "".join(parts)
    yield "</trkseg></trk></gpx>\n"


def _point(row: dict[str, Any]) -> str:
    height = "" if row["alt"] is None else f"<ele>{row['alt']}</ele>"
    satellites = "" if row["sat"] is None else f"<sat>{row['sat']}</sat>"
    return f'<trkpt lat="{row["lat"]}" lon="{row["lon"]}">{height}<time>{row["t"]}</time>{satellites}</trkpt>\n'
