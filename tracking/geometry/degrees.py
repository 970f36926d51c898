"""Degrees to metres on a sphere: accurate to some parts in a thousand over the distance of an hour. Pure."""

import numpy as np

from tracking.presence.fixes import Float

M_PER_DEGREE = 111_195.0
"""Of latitude, and of longitude on the equator."""


def metres(lat: Float, lon: Float, at: float | Float) -> tuple[Float, Float]:
    """Degrees north and east, of places or of steps, as metres east and north where the latitude is `at`."""
    return lon * (M_PER_DEGREE * np.cos(np.radians(at))), lat * M_PER_DEGREE
