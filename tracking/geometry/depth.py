"""Depth of a place in a cell: distance to the boundary in standard deviations of the position. Pure."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tracking.presence.fixes import Float

SURE_SIGMAS = 0.8416
"""Φ⁻¹(0.8): a fix this many standard deviations inside a straight boundary is inside with P > 0.8."""
DEEP_SIGMAS = 3.0
"""A fix this deep inside needs no confirmation by a second one: P > 0.998."""

SIGMA_OF_68 = 1 / 1.515
"""Standard deviation per axis of a circular normal error, from its 68 % radius (domain: P(R < 1.515 σ) = 0.68)."""
ASSUMED_ACCURACY_M = 25.0
"""Of a receiver that never reports its accuracy, until it is estimated from the track (tracking.presence.path)."""
UNSAID_SIGMA_M = 25.01 * SIGMA_OF_68
"""Marks it among standard deviations; no reported accuracy, which has four bytes, gives this number."""
BEST_ACCURACY_M = 3.0
"""Smallest accuracy that is accepted; better ones are raised to it."""


class Depth(IntEnum):
    """How certain it is that a position is inside its cell."""

    UNSURE = 0
    SURE = 1
    """With P > 0.8."""
    DEEP = 2
    """With P > 0.998."""


def depth_by(depth: float, sigma: float) -> Depth:
    """Depth of a place by `lookup.FixCells.depth`, with the estimated standard deviation (m) where none is reported."""
    if depth >= 0:
        return Depth(int(depth))
    away = -1.0 - float(depth)
    return Depth(int(away >= SURE_SIGMAS * sigma) + int(away >= DEEP_SIGMAS * sigma))


def depths(inside_by: Float, sigma: Float) -> NDArray[np.uint8]:
    """Depth of places at these distances (m) from the boundary of their cell."""
    return (inside_by >= SURE_SIGMAS * sigma).astype(np.uint8) + (inside_by >= DEEP_SIGMAS * sigma)
