"""Conversion between the datums devices report in. GCJ-02 and BD-09 by the published reconstruction.

The official transform has random terms of up to 1 m, so nothing below a metre is claimed. Used to normalise what
devices send and to shift overlays for display; constants and test vectors: docs/glossary.md, "datum".
"""

from collections.abc import Callable

import numpy as np

from schemas.wire import Datum
from tracking.presence.fixes import Bool, Float

_A = 6378245.0  # m, Krasovsky 1940
_EE = 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0
_CHINA_LON = (72.004, 137.8347)
_CHINA_LAT = (0.8293, 55.8271)
_INVERSE_STEPS = 10
_INVERSE_TOLERANCE = 1e-9  # degrees, about 0.1 mm


def to_wgs84(lat: Float, lon: Float, datum: Datum) -> tuple[Float, Float]:
    """Convert degrees in `datum` to WGS-84. CGCS2000 agrees with WGS-84 to a few decimetres and is left as it is."""
    if datum is Datum.GCJ02:
        return gcj02_to_wgs84(lat, lon)
    if datum is Datum.BD09:
        return gcj02_to_wgs84(*bd09_to_gcj02(lat, lon))
    return lat, lon


def from_wgs84(lat: Float, lon: Float, datum: Datum) -> tuple[Float, Float]:
    """Convert WGS-84 degrees to `datum`; the inverse of `to_wgs84`."""
    if datum is Datum.GCJ02:
        return wgs84_to_gcj02(lat, lon)
    if datum is Datum.BD09:
        return gcj02_to_bd09(*wgs84_to_gcj02(lat, lon))
    return lat, lon


def wgs84_to_gcj02(lat: Float, lon: Float) -> tuple[Float, Float]:
    """Shift WGS-84 degrees to GCJ-02; outside China's box nothing is shifted."""
    shift_lat, shift_lon = _shift(lat, lon)
    inside = _in_china(lat, lon)
    return np.where(inside, lat + shift_lat, lat), np.where(inside, lon + shift_lon, lon)


def gcj02_to_wgs84(lat: Float, lon: Float) -> tuple[Float, Float]:
    """Invert `wgs84_to_gcj02` (two steps: 8 mm)."""
    return _invert(wgs84_to_gcj02, lat, lon)


def gcj02_to_bd09(lat: Float, lon: Float) -> tuple[Float, Float]:
    """Turn and shift GCJ-02 degrees to BD-09."""
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BD_ANGLE)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BD_ANGLE)
    return radius * np.sin(angle) + 0.006, radius * np.cos(angle) + 0.0065


def bd09_to_gcj02(lat: Float, lon: Float) -> tuple[Float, Float]:
    """Invert `gcj02_to_bd09`."""
    return _invert(gcj02_to_bd09, lat, lon)


def _invert(forward: Callable[[Float, Float], tuple[Float, Float]], lat: Float, lon: Float) -> tuple[Float, Float]:
    """Invert a shift that changes slowly with the place, by fixed-point iteration."""
    guess_lat, guess_lon = lat, lon
    for _ in range(_INVERSE_STEPS):
        there_lat, there_lon = forward(guess_lat, guess_lon)
        miss_lat, miss_lon = there_lat - lat, there_lon - lon
        guess_lat, guess_lon = guess_lat - miss_lat, guess_lon - miss_lon
        if not len(lat) or max(np.abs(miss_lat).max(), np.abs(miss_lon).max()) < _INVERSE_TOLERANCE:
            break
    return guess_lat, guess_lon


def _in_china(lat: Float, lon: Float) -> Bool:
    inside: Bool = (lon >= _CHINA_LON[0]) & (lon <= _CHINA_LON[1]) & (lat >= _CHINA_LAT[0]) & (lat <= _CHINA_LAT[1])
    return inside


def _shift(lat: Float, lon: Float) -> tuple[Float, Float]:
    """Degrees by which GCJ-02 differs from WGS-84 at (lat, lon)."""
    x, y = lon - 105.0, lat - 35.0
    ripple = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + ripple
    north += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + ripple
    east += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _EE * np.sin(phi) ** 2
    metres_per_radian = _A * (1.0 - _EE) / (magic * np.sqrt(magic))
    return np.degrees(north / metres_per_radian), np.degrees(east / (_A / np.sqrt(magic) * np.cos(phi)))
