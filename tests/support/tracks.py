"""Tracks to replay, and what must be stored of them, computed without the product's readers."""

import csv
import io
import math
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import gpxpy.gpx
import pytest

from bench.truth import geolife
from tests.support import missing

FEET = 0.3048
Expected = dict[int, tuple[float, float]]
"""Time of a fix, ms → its latitude and longitude, rounded to what CSV tells."""

needs_geolife = pytest.mark.skipif(not geolife.TRACKS.is_dir(), reason=missing.OPTIONAL + geolife.MISSING)

_START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


def write_csv(path: Path, *, points: int, seed: int, repeats: int = 0) -> Expected:
    """Write a walk of `points` fixes a second apart, `repeats` of them twice and out of order."""
    rows = _walk(points, seed)
    again = random.Random(seed).sample(rows, repeats)  # noqa: S311 - test data
    lines = [f"{t.isoformat()},{lat:.7f},{lon:.7f}" for t, lat, lon in rows + again]
    path.write_text("time,lat,lon\n" + "\n".join(lines) + "\n")
    return _expected(rows)


def write_gpx(path: Path, *, points: int, seed: int) -> Expected:
    """Write a walk as GPX 1.1, by another's hand than the reader's."""
    rows = _walk(points, seed)
    track = [gpxpy.gpx.GPXTrackPoint(round(lat, 7), round(lon, 7), time=t) for t, lat, lon in rows]
    document = gpxpy.gpx.GPX()
    document.tracks.append(gpxpy.gpx.GPXTrack())
    document.tracks[0].segments.append(gpxpy.gpx.GPXTrackSegment(track))
    path.write_text(document.to_xml("1.1"))
    return _expected(rows)


def read_plt(path: Path) -> Expected:
    """Read what a GeoLife file holds; of points at the same time the first counts."""
    expected: Expected = {}
    for line in path.read_text().splitlines()[6:]:
        lat, lon, _, _, _, date, time = line.split(",")
        t = datetime.fromisoformat(f"{date}T{time}+00:00")
        expected.setdefault(round(t.timestamp() * 1000), (round(float(lat), 6), round(float(lon), 6)))
    return expected


def moved_plt(path: Path, folder: Path) -> Path:
    """A GeoLife file with the days of its fixes moved so that it ends a day or two ago: what is too old is refused."""
    head, lines = path.read_text().splitlines()[:6], path.read_text().splitlines()[6:]
    days = (datetime.now(UTC).date() - timedelta(days=1)) - date.fromisoformat(lines[-1].split(",")[5])
    moved = []
    for line in lines:
        *rest, day, time = line.split(",")
        moved.append(",".join([*rest, (date.fromisoformat(day) + days).isoformat(), time]))
    made = folder / path.name
    made.write_text("\r\n".join([*head, *moved]) + "\r\n")
    return made


def read_answer(text: str) -> list[tuple[int, tuple[float, float]]]:
    """Read the CSV that the API answers, in its order."""
    return [
        (
            round(datetime.fromisoformat(row["t"]).timestamp() * 1000),
            (round(float(row["lat"]), 6), round(float(row["lon"]), 6)),
        )
        for row in csv.DictReader(io.StringIO(text))
    ]


def _walk(points: int, seed: int) -> list[tuple[datetime, float, float]]:
    rng = random.Random(seed)  # noqa: S311 - test data
    lat, lon, heading = 23.1 + rng.uniform(-0.02, 0.02), 114.4 + rng.uniform(-0.02, 0.02), rng.uniform(0, 6)
    rows = []
    for n in range(points):
        heading += rng.gauss(0, 0.2)
        lat += 1.2 * math.cos(heading) / 111_195
        lon += 1.2 * math.sin(heading) / (111_195 * math.cos(math.radians(lat)))
        rows.append((_START + timedelta(seconds=n), lat, lon))
    return rows


def _expected(rows: list[tuple[datetime, float, float]]) -> Expected:
    return {
        round(t.timestamp() * 1000): (round(float(f"{lat:.7f}"), 6), round(float(f"{lon:.7f}"), 6))
        for t, lat, lon in rows
    }
