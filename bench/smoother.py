"""An independent estimate of the distance walked: a Rauch-Tung-Striebel smoother with constant velocity.

Its noise is estimated from its own innovations, by the greatest likelihood. Nothing of the product is in it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

SIGMAS_M = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
SHAKES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Spectral densities of the acceleration that are tried, m²/s³."""
TRIED = 400
"""Fixes by which the noise is chosen."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """One pass of the filter over n fixes."""

    states: Float
    """(n, 2, 2): place and speed by axis."""
    predicted: Float
    covariances: Float
    predicted_covariances: Float
    transitions: Float
    likelihood: float


def smoothed(t: Float, places: Float) -> Float:
    """Places (n, 2) in m of fixes at `t` (n) in s, as the whole track tells them."""
    best = max(
        ((sigma, shake) for sigma in SIGMAS_M for shake in SHAKES),
        key=lambda noise: _filter(t[:TRIED], places[:TRIED], *noise).likelihood,
    )
    found = _filter(t, places, *best)
    states = found.states.copy()
    for k in range(len(t) - 2, -1, -1):
        forward, after = found.transitions[k + 1], found.predicted_covariances[k + 1]
        gain = found.covariances[k] @ forward.T @ np.linalg.inv(after)
        states[k] = found.states[k] + gain @ (states[k + 1] - found.predicted[k + 1])
    return states[:, 0]


def _filter(t: Float, places: Float, sigma: float, shake: float) -> _Pass:
    n, likelihood = len(t), 0.0
    states, predicted = np.zeros((n, 2, 2)), np.zeros((n, 2, 2))
    covariances, before, forward = np.zeros((n, 2, 2)), np.zeros((n, 2, 2)), np.zeros((n, 2, 2))
    state, covariance = np.array([places[0], [0.0, 0.0]]), np.diag([100 + sigma**2, 4.0])
    for k in range(n):
        if k:
            dt = t[k] - t[k - 1]
            forward[k] = [[1, dt], [0, 1]]
            grown = shake * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
            state, covariance = forward[k] @ states[k - 1], forward[k] @ covariances[k - 1] @ forward[k].T + grown
        predicted[k], before[k] = state, covariance
        spread, off = covariance[0, 0] + sigma**2, places[k] - state[0]
        if k > 1:
            likelihood -= float(np.log(spread) + 0.5 * off @ off / spread)
        gain = covariance[:, 0] / spread
        states[k], covariances[k] = state + np.outer(gain, off), covariance - np.outer(gain, covariance[0])
    return _Pass(states, predicted, covariances, before, forward, likelihood)
