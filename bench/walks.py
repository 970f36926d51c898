"""Walks of known length, and errors of receivers: white noise, and drift with a correlation time."""

import itertools

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Corners = list[tuple[float, float]]

MEMORY_S = 55.0
"""In so long the drift forgets itself."""
STAND_S = 3_600.0


def _lane() -> Corners:
    x = np.arange(0, 281, 2.0)
    return list(zip(x.tolist(), (150 + 12 * np.sin(2 * np.pi * x / 60)).tolist(), strict=True))


WALKS: dict[str, Corners] = {
    "market of 60 m, to and fro": [(110.0 + 60 * (n % 2), 150.0) for n in range(11)],
    "around a block": [(40.0, 40.0), (260.0, 40.0), (260.0, 260.0), (40.0, 260.0), (40.0, 40.0)],
    "winding lane": _lane(),
}


def along(corners: Corners, *, speed: float, every: float) -> tuple[Float, Float, float]:
    """Seconds (n), places (n, 2) in m of a walk with a fix every so many seconds, and its length, m."""
    legs = [np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(corners)]
    passed = np.concatenate([[0], np.cumsum(legs)])
    t = np.arange(0, passed[-1] / speed, every)
    places = [np.interp(t * speed, passed, [corner[axis] for corner in corners]) for axis in (0, 1)]
    return t, np.stack(places, axis=1), float(passed[-1])


def stand(*, every: float) -> tuple[Float, Float]:
    """Seconds and places of an hour on one spot."""
    t = np.arange(0, STAND_S, every)
    return t, np.full((len(t), 2), 150.0)


def errors(t: Float, white_m: float, drift_m: float, rng: np.random.Generator) -> Float:
    """Errors (n, 2) at `t`: standard deviations per axis, m, of the noise and of the drift."""
    made, error = np.zeros((len(t), 2)), rng.normal(0, drift_m, 2)
    for k in range(len(t)):
        keep = np.exp(-(t[k] - t[max(k - 1, 0)]) / MEMORY_S)
        error = keep * error + np.sqrt(1 - keep**2) * rng.normal(0, drift_m, 2)
        made[k] = error
    return made + rng.normal(0, white_m, made.shape)
