"""Real tracks of the GeoLife data set, which are not part of the repository."""

import os
from datetime import UTC, datetime
from pathlib import Path

TRACKS = Path(os.environ.get("PATROL_GEOLIFE", Path(__file__).parents[3] / "shared" / "data" / "geolife"))
MISSING = f"the real tracks are not at {TRACKS} (PATROL_GEOLIFE)"
HEAD_LINES = 6

Point = tuple[int, float, float]
"""ms, latitude, longitude."""


def tracks() -> dict[str, list[Point]]:
    """Tracks by name, in order of time; of points at the same time the first."""
    return {path.stem: _read(path) for path in sorted(TRACKS.glob("*.plt"))}


def _read(path: Path) -> list[Point]:
    points: dict[int, Point] = {}
    for line in path.read_text().splitlines()[HEAD_LINES:]:
        lat, lon, _, _, _, day, clock = line.split(",")
        t = round(datetime.fromisoformat(f"{day}T{clock}+00:00").astimezone(UTC).timestamp() * 1000)
        points.setdefault(t, (t, float(lat), float(lon)))
    return [points[t] for t in sorted(points)]
