"""Reading recorded tracks, good ones and hostile ones."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.truth import geolife
from device_sim.replay import traces
from schemas import topics, wire
from tests.support.tracks import needs_geolife

T0 = 1_700_000_000_000

PLT = """Geolife trajectory
WGS 84
Altitude is in Feet
Reserved 3
0,2,255,My Track,0,0,2,8421376
0
39.999976,116.326565,0,492,39755.4261111111,2008-11-03,10:13:36
40.000032,116.326175,0,-777,39755.4261689815,2008-11-03,10:13:41
"""
GPX = """<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1" xmlns:g="http://www.garmin.com/x"><trk><name>a</name><trkseg>
<trkpt lat="23.08" lon="114.41"><ele>12.5</ele><time>2023-11-14T22:13:20Z</time>
<extensions><g:speed>1.25</g:speed><g:course>90</g:course></extensions></trkpt>
<trkpt lat="23.09" lon="114.42"><time>2023-11-15T06:13:30.5+08:00</time></trkpt>
<trkpt lat="23.09" lon="114.42"></trkpt>
</trkseg></trk></gpx>
"""


def _read(tmp_path: Path, name: str, content: str | bytes) -> traces.Points:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return traces.read(path)


def _only(points: traces.Points) -> list[wire.Fix]:
    return [fix for _, fix in points.fixes]


def test_plt_gives_gmt_times_and_metres(tmp_path: Path) -> None:
    """Feet become metres, -777 is unknown, times are GMT."""
    first, second = _only(_read(tmp_path, "a.plt", PLT))
    assert first == wire.Fix(t=1_225_707_216_000, lat=39.999976, lon=116.326565, alt=149.96)
    assert second.alt is None
    assert second.t - first.t == 5_000


@needs_geolife
def test_plt_of_real_tracks_gives_every_line() -> None:
    """Each line after the six of the header is a point."""
    files = sorted(geolife.TRACKS.glob("*.plt"))
    assert files
    for path in files:
        points = traces.read(path)
        assert len(points.fixes) == len(path.read_text().splitlines()) - 6
        assert not points.skipped


def test_gpx_gives_points_with_time(tmp_path: Path) -> None:
    """Speed and course are taken from extensions, a point without time is skipped and said."""
    points = _read(tmp_path, "a.gpx", GPX)
    assert _only(points) == [
        wire.Fix(t=T0, lat=23.08, lon=114.41, spd=1.25, hdg=90, alt=12.5),
        wire.Fix(t=T0 + 10_500, lat=23.09, lon=114.42),
    ]
    assert points.skipped == {"no time": 1}
    assert points.first == {"no time": "line 6"}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("t,lat,lon", f"{T0},23.08,114.41"),
        ("time,latitude,longitude", f"{T0 // 1000},23.08,114.41"),
        ("timestamp;lat;lng", "2023-11-14T22:13:20Z;23.08;114.41"),
        ("Timestamp\tLat\tLng", "2023-11-14 22:13:20\t23.08\t114.41"),
    ],
)
def test_csv_knows_the_usual_names_and_times(tmp_path: Path, header: str, row: str) -> None:
    """Columns have several names; times are ms, seconds, or ISO 8601 with UTC where no zone is given."""
    assert _only(_read(tmp_path, "a.csv", f"\ufeff{header}\n{row}\n")) == [wire.Fix(t=T0, lat=23.08, lon=114.41)]


def test_csv_names_devices_and_leaves_out_what_is_unknown(tmp_path: Path) -> None:
    """A device column gives devices; empty, negative or absurd optional values are unknown, not zero."""
    text = f"device,t,lat,lon,acc,spd,hdg,alt\n队员 7,{T0},23.1,114.4,4.5,,-1,nan\n,{T0},23.1,114.4,-3,-1,361,99999\n"
    points = _read(tmp_path, "a.csv", text.encode("gb18030"))
    assert points.fixes == [
        ("队员-7", wire.Fix(t=T0, lat=23.1, lon=114.4, acc=4.5)),
        (None, wire.Fix(t=T0, lat=23.1, lon=114.4)),
    ]


def test_geojson_line_and_points(tmp_path: Path) -> None:
    """A LineString has its times beside it, a Point its own; extra positions are skipped with a reason."""
    text = """{"type": "FeatureCollection", "features": [
      {"type": "Feature", "geometry": {"type": "LineString",
       "coordinates": [[114.4, 23.1, 8], [114.5, 23.2], [114.6, 23.3]]},
       "properties": {"coordTimes": ["2023-11-14T22:13:20Z", 1700000010000]}},
      {"type": "Feature", "geometry": {"type": "Point", "coordinates": [114.4, 23.1]},
       "properties": {"t": 1700000000000, "spd": 1.5, "device": "b"}},
      {"type": "Feature", "geometry": {"type": "MultiLineString", "coordinates": [[[114.4, 23.1]]]},
       "properties": {"coordinateProperties": {"times": [["2023-11-14T22:13:20Z"]]}}},
      {"type": "Feature", "geometry": null, "properties": {}}]}"""
    points = _read(tmp_path, "a.geojson", text)
    assert points.fixes == [
        (None, wire.Fix(t=T0, lat=23.1, lon=114.4, alt=8)),
        (None, wire.Fix(t=T0 + 10_000, lat=23.2, lon=114.5)),
        ("b", wire.Fix(t=T0, lat=23.1, lon=114.4, spd=1.5)),
        (None, wire.Fix(t=T0, lat=23.1, lon=114.4)),
    ]
    assert points.skipped == {"no time": 1, "no geometry": 1}
    assert points.first["no time"] == "feature 0 position 2"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{T0},400.1,114", "place out of range"),
        (f"{T0},nan,114", "no latitude"),
        (f"{T0},23,", "no longitude"),
        (f"{T0},23", "no longitude"),
        ("5,23,114", "time out of range"),
        ("soon,23,114", "time not understood"),
        ("inf,23,114", "time not understood"),
        ("9e300,23,114", "time out of range"),
        ("0001-01-01T00:00:00+23:59,23,114", "time out of range"),
        (",23,114", "no time"),
    ],
)
def test_bad_point_is_skipped_with_its_line(tmp_path: Path, row: str, reason: str) -> None:
    """A fault in one point skips that one, and the line is named."""
    points = _read(tmp_path, "a.csv", f"t,lat,lon\n{T0},23,114\n{row}\n{T0 + 1},23,114\n")
    assert len(points.fixes) == 2
    assert points.skipped == {reason: 1}
    assert points.first == {reason: "line 3"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.plt", "39.9,116.3,0,492,39755.4,2008-11-03,10:13:36\n", "line 1: not a GeoLife track"),
        ("a.plt", b"\x80\x81\xff\xff", "line 1: neither UTF-8 nor GB 18030"),
        ("a.csv", "a,b\n1,2\n", "line 1: no column t or time"),
        ("a.csv", "", "line 1: no column"),
        ("a.csv", "t,lat,lon\n", "holds no points"),
        ("a.csv", f't,lat,lon\n{T0},23,"{"9" * 200_000}"\n', "line 2: field larger than field limit"),
        ("a.gpx", "<gpx><trk>", "line 1: not well-formed XML: no element found"),
        ("a.gpx", "<html></html>", "there is no element gpx"),
        ("a.gpx", '<!DOCTYPE x [<!ENTITY a "b">]>\n<gpx>&a;</gpx>', "line 1: a document type is not accepted"),
        ("a.gpx", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><gpx/>'.encode("utf-16"), "a document type is not accepted"),
        ("a.geojson", '{"type":\n', "line 2: not JSON"),
        ("a.geojson", "[1]", "not GeoJSON"),
        ("a.geojson", "[" * 100_000, "nested too deeply"),
        ("a.geojson", '{"type": "FeatureCollection", "features": {}}', "no list"),
        ("a.txt", "x", "unknown kind of file '.txt'"),
    ],
)
def test_hostile_file_fails_with_its_name_and_line(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    """A file that is not of its format is refused in one sentence that names it."""
    with pytest.raises(traces.TraceError) as caught:
        _read(tmp_path, name, content)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert message in str(caught.value)


def test_missing_file_is_an_error_of_that_file(tmp_path: Path) -> None:
    """A file that is not there is said so."""
    with pytest.raises(traces.TraceError, match="cannot be read: No such file"):
        traces.read(tmp_path / "gone.gpx")


@given(st.text() | st.text(max_size=80).map("Patrol-".__add__) | st.just("shared"))
def test_device_name_is_always_one_of_the_wire(text: str) -> None:
    """Whatever the file is called, its device has a name that topics allow and the server does not keep for itself."""
    name = traces.device_name(text)
    assert topics.NAME.fullmatch(name)
    assert not topics.is_reserved(name)


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """No content of a file raises anything but the error of a bad file."""
    folder = tmp_path_factory.mktemp("any")
    for ending, head in ((".csv", "t,lat,lon\n"), (".plt", PLT), (".geojson", ""), (".gpx", "<gpx>")):
        path = folder / f"a{ending}"
        path.write_text(head + text, encoding="utf-8", errors="replace")
        with contextlib.suppress(traces.TraceError):
            assert traces.read(path).read > 0
