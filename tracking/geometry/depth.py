"""How surely a place is inside a cell: its distance to the boundary in standard deviations of the position. Pure."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tracking.presence.fixes import Float

SURE_SIGMAS = 0.8416
"""Φ⁻¹(0.8): a fix this many standard deviations inside a straight boundary is inside with P > 0.8."""
DEEP_SIGMAS = 3.0
"""A fix this deep inside needs no second one: P > 0.998."""

SIGMA_OF_68 = 1 / 1.515
"""Standard deviation per axis of a circular normal error, from its 68 % radius (domain: P(R < 1.515 σ) = 0.68)."""
ASSUMED_ACCURACY_M = 25.0
"""Of a receiver that never says its accuracy, until it is estimated from its track (tracking.presence.path)."""
UNSAID_SIGMA_M = 25.01 * SIGMA_OF_68
"""Stands for it among standard deviations: no declared accuracy, which has four bytes, gives this number."""
BEST_ACCURACY_M = 3.0
"""Receivers that claim better than this are not believed."""


class Depth(IntEnum):
    """How surely a position is inside the cell it falls in."""

    UNSURE = 0
    SURE = 1
    """With P > 0.8."""
    DEEP = 2
    """With P > 0.998."""


def depth_by(depth: float, sigma: float) -> Depth:
    """Depth of a place by `Places.depth`, with the standard deviation (m) that is estimated where none is said."""
    if depth >= 0:
        return Depth(int(depth))
    away = -1.0 - float(depth)
    return Depth(int(away >= SURE_SIGMAS * sigma) + int(away >= DEEP_SIGMAS * sigma))


def depths(inside_by: Float, sigma: Float) -> NDArray[np.uint8]:
    """Depth of places so far (m) from the boundary of the cell they are in."""
    return (inside_by >= SURE_SIGMAS * sigma).astype(np.uint8) + (inside_by >= DEEP_SIGMAS * sigma)
