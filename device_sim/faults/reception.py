"""Faults of the receiver: tall houses, tunnels, jumps. Pure; between `track.measure` and `faults.deliver`."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from device_sim.city import geodesy
from device_sim.fleet import ways
from device_sim.fleet.track import NOISE_TAU_S, RADIUS_68, Track

Interval = tuple[int, int]
"""From and to, ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptionPlan:
    """How often the receiver of a device is led astray in a shift; means of Poisson numbers."""

    canyons: float = 0.0
    """Stretches among tall houses: an accuracy of 30 to 80 m is reported, and the error is as large as that."""
    canyon_s: tuple[float, float] = (120.0, 480.0)
    canyon_acc_m: tuple[float, float] = (30.0, 80.0)
    tunnels: float = 0.0
    """Stretches without any fix."""
    tunnel_s: tuple[float, float] = (60.0, 600.0)
    teleports: float = 0.0
    """Times at which a few fixes lie far away while a good accuracy is reported."""
    teleport_fixes: tuple[int, int] = (1, 4)
    teleport_m: tuple[float, float] = (400.0, 6_000.0)


NONE = ReceptionPlan()


def degrade(plan: ReceptionPlan, rng: np.random.Generator, way: ways.Way, taken: Track) -> Track:
    """What the receiver takes instead of `taken`."""
    begin, end = int(way.t[0]), int(way.t[-1])
    for interval in intervals(rng, begin, end, plan.canyons, plan.canyon_s):
        taken = _canyon(rng, way, taken, interval, rng.uniform(*plan.canyon_acc_m))
    for _ in range(int(rng.poisson(plan.teleports))):
        taken = _teleport(rng, taken, int(rng.integers(*plan.teleport_fixes, endpoint=True)), plan.teleport_m)
    for start, stop in intervals(rng, begin, end, plan.tunnels, plan.tunnel_s):
        taken = taken.take((taken.at < start) | (taken.at >= stop))
    return taken


def intervals(
    rng: np.random.Generator, begin: int, end: int, mean: float, lasting_s: tuple[float, float]
) -> list[Interval]:
    """Stretches of a shift, ms; they may touch and overlap."""
    starts = rng.uniform(begin, end, int(rng.poisson(mean)))
    return [(int(start), min(int(start + 1000 * rng.uniform(*lasting_s)), end)) for start in np.sort(starts)]


def _canyon(rng: np.random.Generator, way: ways.Way, taken: Track, interval: Interval, acc_m: float) -> Track:
    inside = (taken.at >= interval[0]) & (taken.at < interval[1])
    at = taken.at[inside]
    sigma = acc_m / RADIUS_68
    x = np.interp(at, way.t, way.x) + sigma * _wander(rng, at)
    y = np.interp(at, way.t, way.y) + sigma * _wander(rng, at)
    lat, lon, acc, sat = taken.lat.copy(), taken.lon.copy(), taken.acc.copy(), taken.sat.copy()
    lat[inside], lon[inside] = geodesy.degrees(x, y)
    acc[inside] = acc_m * np.exp(rng.normal(0, 0.1, len(at)))
    sat[inside] = rng.integers(4, 8, len(at))
    return replace(taken, lat=lat, lon=lon, acc=acc, sat=sat)


def _wander(rng: np.random.Generator, at: NDArray[np.int64]) -> NDArray[np.float64]:
    """An error of deviation 1 at each moment, ms, that forgets itself within about a minute."""
    values, last = np.empty(len(at)), rng.normal()
    for k, t in enumerate(at.tolist()):
        keep = math.exp(-(t - at[k - 1]) / 1000 / NOISE_TAU_S) if k else 1.0
        last = keep * last + math.sqrt(1 - keep * keep) * rng.normal()
        values[k] = last
    return values


def _teleport(rng: np.random.Generator, taken: Track, count: int, far_m: tuple[float, float]) -> Track:
    start = int(rng.integers(0, max(1, len(taken) - count)))
    rows = slice(start, start + count)
    angle, far = rng.uniform(0, 2 * math.pi), rng.uniform(*far_m)
    lat, lon, wrong = taken.lat.copy(), taken.lon.copy(), taken.wrong.copy()
    lat[rows] += far * math.sin(angle) / geodesy.LAT_M
    lon[rows] += far * math.cos(angle) / geodesy.LON_M
    wrong[rows] = True
    return replace(taken, lat=lat, lon=lon, wrong=wrong)
