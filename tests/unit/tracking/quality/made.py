"""Fixes of a made-up walk, with what is wrong with them."""

import dataclasses
from typing import Any

import numpy as np

from tracking.presence.fixes import FixColumns

SLOT = 1_769_990_400_000
"""A whole hour, ms."""
MINUTE = 60_000
LAT, LON = 23.09, 114.41


def walk(minutes: float = 60, *, device: int = 1, start: int = SLOT, seed: int = 1, **columns: Any) -> FixColumns:
    """A fix every 10 s of a walk at 1.3 m/s with 4 m of noise that changes slowly, received half a second later."""
    rng = np.random.default_rng(seed)
    n = int(minutes * 6)
    t = start + 10_000 * np.arange(n)
    heading = np.cumsum(rng.normal(0, 0.3, n))
    east, north = np.cumsum(13 * np.sin(heading)), np.cumsum(13 * np.cos(heading))
    noise = np.array([_slow(rng, n), _slow(rng, n)])
    known: dict[str, Any] = {
        "t": t, "received": t + 500, "lat": np.round(LAT + (north + noise[0]) / 111_195, 7),
        "lon": np.round(LON + (east + noise[1]) / 102_300, 7), "acc": np.full(n, 6.0), "spd": np.full(n, 1.3),
        "hdg": np.degrees(heading) % 360, "boot": ["b"] * n, "seq": np.arange(n),
    }  # fmt: skip
    return FixColumns.from_columns(n, device=[device] * n, **{**known, **columns})


def changed(fixes: FixColumns, **columns: Any) -> FixColumns:
    """The same fixes with other columns."""
    kept: dict[str, Any] = {each.name: getattr(fixes, each.name) for each in dataclasses.fields(fixes)}
    return FixColumns.from_columns(len(fixes), **{**kept, **columns})


def _slow(rng: np.random.Generator, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    noise = np.zeros(n)
    for k in range(1, n):
        noise[k] = 0.83 * noise[k - 1] + rng.normal(0, 4 * 0.55)
    return noise
