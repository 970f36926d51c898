"""Tracks: what is left out by simplification, and how each form writes a fix."""

import csv
import io
import itertools
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import gpxpy
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracking.presence.fixes import FixColumns
from web.export import tracks
from web.export.marks import FileMark

T0 = 1_780_000_000_000


MARK = FileMark(by="anna <b>", at=datetime(2026, 5, 1, tzinfo=UTC), purpose="case  7\n")


def fixes(lat: list[float], lon: list[float], t: list[int] | None = None, **columns: object) -> FixColumns:
    """Fixes of one device, one a second."""
    n = len(lat)
    times = t if t is not None else [T0 + 1000 * k for k in range(n)]
    return FixColumns.from_columns(n, t=times, received=times, lat=lat, lon=lon, **columns)  # type: ignore[arg-type]


async def pages(*parts: FixColumns) -> AsyncIterator[FixColumns]:
    """Pages as the store gives them."""
    for part in parts:
        yield part


async def text(form: tracks.Format, *parts: FixColumns) -> str:
    """The whole document."""
    return b"".join([part async for part in tracks.encoded(pages(*parts), form, "cam<1>", MARK)]).decode()


@given(
    steps=st.lists(st.tuples(st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3)), min_size=2, max_size=60),
    metres=st.floats(1, 200),
)
def test_dropped_fixes_lie_within_the_tolerance(steps: list[tuple[float, float]], metres: float) -> None:
    """Each fix that is left out is no farther from the line between its kept neighbours than asked."""
    lat, lon = (np.cumsum([step[axis] for step in steps]) + start for axis, start in ((0, 23.0), (1, 114.0)))
    page = fixes(lat.tolist(), lon.tolist())
    keep = np.flatnonzero(tracks.kept_mask(page, metres))
    assert keep[0] == 0
    assert keep[-1] == len(page) - 1
    x, y = tracks._metres(page.lat, page.lon)
    for lo, hi in itertools.pairwise(keep.tolist()):
        inner = slice(lo + 1, hi)
        away = tracks._distances(x[inner], y[inner], (x[lo], y[lo]), (x[hi], y[hi]))
        assert np.all(away <= metres * (1 + 1e-9))


def test_straight_line_keeps_its_ends_and_both_sides_of_a_gap() -> None:
    """A silence of more than two minutes is not bridged."""
    t = [T0, T0 + 1000, T0 + 2000, T0 + 302_000, T0 + 303_000, T0 + 304_000]
    page = fixes([23.0] * 6, [114.0 + 1e-5 * k for k in range(6)], t)
    assert tracks.kept_mask(page, 5).tolist() == [True, False, True, True, False, True]


async def test_geojson_has_a_feature_a_fix_over_several_pages() -> None:
    """The pieces join to one valid document; unknown values are null, times have milliseconds."""
    one = fixes([23.1], [114.4], [T0 + 7], acc=[4.1], boot=["b"], seq=[3], src=[0], duty=[1])
    document = json.loads(await text("geojson", one, fixes([23.2], [114.5])))
    assert document["type"] == "FeatureCollection"
    first, second = document["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [114.4, 23.1]}
    assert first["properties"] == {
        "t": "2026-05-28T20:26:40.007Z", "acc": 4.1, "spd": None, "hdg": None, "alt": None, "bat": None, "sat": None,
        "src": "gnss", "duty": "task", "seq": 3, "boot": "b", "flags": 0, "received": "2026-05-28T20:26:40.007Z",
    }  # fmt: skip
    assert second["properties"]["seq"] is None


async def test_empty_track_is_a_valid_document_in_every_form() -> None:
    """No fixes: an empty collection, a head line, a track without points."""
    assert json.loads(await text("geojson"))["features"] == []
    assert len((await text("csv")).splitlines()) == 1
    assert gpxpy.parse(await text("gpx")).get_track_points_no() == 0


async def test_csv_does_not_hand_formulas_to_spreadsheets() -> None:
    """A boot name that begins like a formula is marked as text."""
    rows = list(csv.DictReader(io.StringIO(await text("csv", fixes([23.0], [114.0], boot=["=1+1"])))))
    assert rows[0]["boot"] == "'=1+1"
    assert (rows[0]["lat"], rows[0]["lon"]) == ("23.0", "114.0")


async def test_gpx_parts_segments_at_gaps_and_escapes_names() -> None:
    """Two segments around a silence, across pages; the name cannot break the document."""
    first, second = fixes([23.0] * 2, [114.0] * 2), fixes([23.0], [114.0], [T0 + 600_000], alt=[12.5])
    (track,) = gpxpy.parse(await text("gpx", first, second)).tracks
    assert [len(part.points) for part in track.segments] == [2, 1]
    assert track.name == "cam<1>"
    assert track.segments[1].points[0].elevation == 12.5
    assert track.segments[0].points[1].time == datetime(2026, 5, 28, 20, 26, 41, tzinfo=UTC)


async def test_export_says_once_for_whom_when_and_why() -> None:
    """In the document's own place of each form, escaped, on one line."""
    said = "patrolgrid export, for anna <b>, 2026-05-01, purpose: case 7"
    page = fixes([23.0, 23.1], [114.0, 114.1])
    assert json.loads(await text("geojson", page))["export"] == said
    rows = list(csv.DictReader(io.StringIO(await text("csv", page))))
    assert [row["export"] for row in rows] == [said, ""]
    assert gpxpy.parse(await text("gpx", page)).description == said
