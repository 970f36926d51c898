"""How the fleet of bench_live moves: a step eastwards a second, so that a drawn place tells which fix it is of.

Both ends know the rule, and no message has to carry the time it was sent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEP_DEG = 2e-5
"""Way between two fixes, degrees of longitude: 2 m at the latitude of the town, above the grain of tiles of zoom 9."""
LOOP = 64
"""Steps after which a device is back where it began."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """Where each device is when. Devices by index; the n-th fix is taken at `began + n + phase`."""

    began: float
    """Seconds since 1970-01-01 UTC."""
    lat: Floats
    lon: Floats
    """Where each begins its walk, degrees."""
    phase: Floats
    """Part of a second at which each device takes its fixes."""

    @classmethod
    def make(cls, places: list[tuple[float, float]], devices: int, began: float) -> "Motion":
        """Spread `devices` over `places` (lat, lon), up to 150 m around each."""
        random = np.random.default_rng(7)
        lat, lon = np.array(places)[np.arange(devices) % len(places)].T
        spread = random.uniform(-1.4e-3, 1.4e-3, (2, devices))
        return cls(began=began, lat=lat + spread[0], lon=lon + spread[1], phase=random.random(devices))

    def steps(self, at: float) -> Ints:
        """Number of the newest fix of each device at `at` (s since 1970)."""
        return np.floor(at - self.began - self.phase).astype(np.int64)

    def lon_at(self, index: Ints, step: Ints) -> Floats:
        """Longitude of the given devices at the given fixes, degrees."""
        return np.asarray(self.lon[index] + STEP_DEG * (step % LOOP))

    def taken_at(self, index: Ints, step: Ints) -> Floats:
        """When the given devices took the given fixes, s since 1970."""
        return np.asarray(self.began + step + self.phase[index])

    def step_seen(self, index: Ints, lon: Floats, at: float) -> Ints:
        """Which fix of each device a drawn longitude is of, seen at `at` (s since 1970): the newest that fits."""
        within = np.rint((lon - self.lon[index]) / STEP_DEG).astype(np.int64)
        newest = np.floor(at - self.began - self.phase[index]).astype(np.int64)
        return np.asarray(newest - (newest - within) % LOOP)
