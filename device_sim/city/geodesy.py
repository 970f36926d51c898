"""Metres on a plane at the town's origin, to and from WGS-84 degrees; good to a decimetre within 10 km."""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Place = TypeVar("Place", float, NDArray[np.float64])

ORIGIN_LAT = 23.08
ORIGIN_LON = 114.41

_A = 6_378_137.0
_E2 = 0.00669437999014
_SIN = math.sin(math.radians(ORIGIN_LAT))
_W = math.sqrt(1 - _E2 * _SIN * _SIN)
LAT_M = math.radians(1) * _A * (1 - _E2) / _W**3
"""Metres in one degree of latitude at the origin."""
LON_M = math.radians(1) * _A / _W * math.cos(math.radians(ORIGIN_LAT))
"""Metres in one degree of longitude at the origin."""


def degrees(x: Place, y: Place) -> tuple[Place, Place]:
    """Latitude and longitude, degrees, of places `x` metres east and `y` metres north of the origin."""
    return ORIGIN_LAT + y / LAT_M, ORIGIN_LON + x / LON_M


def metres(lat: Place, lon: Place) -> tuple[Place, Place]:
    """Metres east and north of the origin of places in degrees."""
    return (lon - ORIGIN_LON) * LON_M, (lat - ORIGIN_LAT) * LAT_M
