"""The worlds of the bench: simulated and real tracks over irregular ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from bench.truth import devices, geolife, ground
from bench.truth.fixes import Fix
from bench.truth.ground import Ground

T0 = 1_780_021_600_000
"""10:26 in the city."""
CENTRE = 23.08, 114.41
HALF_M, SITES = 900.0, 220
REAL_SITES = 500
ACCURACIES = 3.0, 5.0, 8.0, 15.0, 25.0
INTERVALS = 1, 5, 10, 30


@dataclass(frozen=True, slots=True)
class World:
    """Ground and the tracks over it, by device."""

    name: str
    ground: Ground
    tracks: dict[int, list[Fix]]


def simulated(seed: int, seconds: int, *, said: bool) -> World:
    """Every habit at every interval; whether the devices say their accuracy."""
    rng = Random(seed)  # noqa: S311 - a simulation
    changes, replanned = T0 + 500 * seconds, T0 + 700 * seconds
    town = ground.ground(rng, ground.Plane.about(*CENTRE), ground.scattered(rng, HALF_M, SITES), changes, replanned)
    officers = [
        devices.Device(habit, every, rng.choice(ACCURACIES) if said else None)
        for habit in devices.Habit
        for every in INTERVALS
    ]
    tracks = {n: devices.track(rng, town, device, T0, seconds) for n, device in enumerate(officers, 1)}
    return World(f"simulated {seed}", town, tracks)


def real(seed: int, accuracy: float | None) -> World:
    """The real tracks over a town that is divided anew in the middle of the longest."""
    rng = Random(seed)  # noqa: S311 - a simulation
    listed = list(geolife.tracks().values())
    plane = ground.Plane.about(*(fmean(point[axis] for track in listed for point in track) for axis in (1, 2)))
    tracks = {n: [_fix(plane, point, accuracy) for point in track] for n, track in enumerate(listed, 1)}
    longest = max(tracks.values(), key=len)
    town = ground.ground(rng, plane, _beside(rng, list(tracks.values())), longest[len(longest) // 2].t)
    return World(f"real {seed}", town, tracks)


def _fix(plane: ground.Plane, point: geolife.Point, accuracy: float | None) -> Fix:
    t, lat, lon = point
    return Fix(t, *plane.metres(lat, lon), accuracy)


def _beside(rng: Random, tracks: Sequence[Sequence[Fix]]) -> list[tuple[float, float]]:
    """Sites of cells near the tracks."""
    fixes = rng.choices([fix for track in tracks for fix in track], k=REAL_SITES)
    return [(fix.x + rng.gauss(0, 120), fix.y + rng.gauss(0, 120)) for fix in fixes]
