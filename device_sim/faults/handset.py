"""Faults of the device and its configuration: clock, battery, mocked positions, wrong datum. Pure."""

from dataclasses import dataclass, replace

import numpy as np

from device_sim.city import city as cities
from device_sim.city import datum, geodesy
from device_sim.faults import reception
from device_sim.fleet import officer, ways
from device_sim.fleet.track import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetPlan:
    """Chances, for a device in a shift."""

    skewed: float = 0.0
    """Its clock is off by seconds."""
    skew_s: float = 8.0
    """Standard deviation of that."""
    astray: float = 0.0
    """Its clock is off by minutes, either way."""
    astray_s: tuple[float, float] = (60.0, 300.0)
    dies: float = 0.0
    """Its battery is empty before the end: it is silent from some time in the shift."""
    mocks: float = 0.0
    """A stretch of its positions is made up, somewhere else on the beat, and the platform says so."""
    mock_s: tuple[float, float] = (1_200.0, 5_400.0)
    gcj02: float = 0.0
    """It sends GCJ-02 while it is enrolled as WGS-84: 570 m off, all day."""


NONE = HandsetPlan()


def degrade(
    plan: HandsetPlan, rng: np.random.Generator, seed: int, who: officer.Officer, way: ways.Way, taken: Track
) -> Track:
    """What the device makes of `taken`."""
    begin, end = int(way.t[0]), int(way.t[-1])
    draws = dict(zip(("mocks", "gcj02", "dies", "skewed", "astray"), rng.random(5).tolist(), strict=True))
    if draws["mocks"] < plan.mocks:
        taken = _mock(rng, seed, who, taken, reception.intervals(rng, begin, end, 1.0, plan.mock_s))
    if draws["gcj02"] < plan.gcj02:
        lat, lon = datum.gcj02(taken.lat, taken.lon)
        taken = replace(taken, lat=lat, lon=lon, wrong=np.ones(len(taken), np.bool_))
    if draws["dies"] < plan.dies:
        taken = _die(taken, begin, int(rng.uniform(begin, end)))
    skew_s = rng.normal(0, plan.skew_s) if draws["skewed"] < plan.skewed else 0.0
    if draws["astray"] < plan.astray:
        skew_s = rng.choice([-1, 1]) * rng.uniform(*plan.astray_s)
    return replace(taken, t=taken.at + int(skew_s * 1000))


def _mock(
    rng: np.random.Generator, seed: int, who: officer.Officer, taken: Track, intervals: list[reception.Interval]
) -> Track:
    """Positions that wander about the middle of a cell of the beat."""
    lat, lon, mock = taken.lat.copy(), taken.lon.copy(), taken.mock.copy()
    for start, stop in intervals:
        rows = (taken.at >= start) & (taken.at < stop)
        x, y = cities.build(seed).cells[int(rng.choice(who.beat))].centre
        off = np.cumsum(rng.normal(0, 4, (2, int(rows.sum()))), axis=1)
        lat[rows], lon[rows] = geodesy.degrees(x + off[0], y + off[1])
        mock[rows] = True
    return replace(taken, lat=lat, lon=lon, mock=mock, wrong=taken.wrong | mock)


def _die(taken: Track, begin: int, at: int) -> Track:
    alive = taken.take(taken.at < at)
    left = 100 * (1 - (alive.at - begin) / max(at - begin, 1))
    return replace(alive, bat=np.clip(left, 0, 100).astype(np.int8))
