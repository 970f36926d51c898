"""WGS-84 to GCJ-02, vectorised: what a wrongly set device sends. Written apart from the product's own, by design."""

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

_A = 6_378_245.0
_E2 = 0.00669342162296594323


def gcj02(lat: Float, lon: Float) -> tuple[Float, Float]:
    """GCJ-02 latitude and longitude, degrees, of WGS-84 places in China."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (ripple + _waves(y, (20, 1), (40, 3)) + _waves(y, (160, 12), (320, 30))) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (ripple + _waves(x, (20, 1), (40, 3)) + _waves(x, (150, 12), (300, 30))) * 2 / 3
    phi = np.radians(lat)
    m = 1 - _E2 * np.sin(phi) ** 2
    return (
        lat + np.degrees(north * m * np.sqrt(m) / (_A * (1 - _E2))),
        lon + np.degrees(east * np.sqrt(m) / (_A * np.cos(phi))),
    )


def _waves(along: Float, *waves: tuple[float, float]) -> Float:
    """Sum of sines of (amplitude, length in half periods)."""
    return np.asarray(np.sum([amplitude * np.sin(np.pi * along / length) for amplitude, length in waves], axis=0))
