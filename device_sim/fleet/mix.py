"""Mixes of habits and faults with stated shares, and a shift under one of them. docs/accuracy.md explains them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from device_sim.faults import faults
from device_sim.faults import handset as handsets
from device_sim.faults import reception as receivers
from device_sim.fleet import officer, track, walk, ways
from device_sim.fleet.officer import Habit


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What goes wrong and how often."""

    habits: Mapping[Habit, float] = field(default_factory=dict)
    """Share of the officers with each habit; the others patrol."""
    radio: faults.FaultPlan = faults.NONE
    reception: receivers.ReceptionPlan = receivers.NONE
    handset: handsets.HandsetPlan = handsets.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedShift:
    """One shift of one officer: where they were, what the device took, and how it left."""

    way: ways.Way
    taken: track.Track
    deliveries: faults.Deliveries


NONE = Mix()
STANDARD = Mix(
    habits={Habit.LOITER: 0.05, Habit.DRIVE: 0.05, Habit.EDGE: 0.05, Habit.SKIP: 0.05},
    radio=faults.STANDARD,
    reception=receivers.ReceptionPlan(canyons=0.5, tunnels=0.25, teleports=0.5),
    handset=handsets.HandsetPlan(skewed=0.05, astray=0.01, dies=0.02, mocks=0.01, gcj02=0.002),
)
"""The standard mix: what a fleet of 600 handsets of several makes shows on an ordinary day."""

SINGLE: dict[str, Mix] = {
    "none": NONE,
    "loiter": Mix(habits={Habit.LOITER: 1.0}),
    "drive": Mix(habits={Habit.DRIVE: 1.0}),
    "edge": Mix(habits={Habit.EDGE: 1.0}),
    "skip": Mix(habits={Habit.SKIP: 1.0}),
    "canyon": Mix(reception=receivers.ReceptionPlan(canyons=4.0)),
    "tunnel": Mix(reception=receivers.ReceptionPlan(tunnels=3.0)),
    "teleport": Mix(reception=receivers.ReceptionPlan(teleports=6.0)),
    "radio gap": Mix(radio=faults.FaultPlan(gaps_per_shift=3.0)),
    "duplicates": Mix(radio=faults.FaultPlan(duplicate=0.2)),
    "reordering": Mix(radio=faults.FaultPlan(delay=0.2)),
    "skew, seconds": Mix(handset=handsets.HandsetPlan(skewed=1.0)),
    "skew, minutes": Mix(handset=handsets.HandsetPlan(astray=1.0)),
    "battery": Mix(handset=handsets.HandsetPlan(dies=1.0)),
    "mock": Mix(handset=handsets.HandsetPlan(mocks=1.0)),
    "wrong datum": Mix(handset=handsets.HandsetPlan(gcj02=1.0)),
}
"""Every habit and fault by itself, much denser than in the mix: all officers have it."""


def shift(seed: int, mix: Mix, who: officer.Officer, number: int, routes: ways.Routes | None = None) -> SimulatedShift:
    """One shift under a mix; the habit is the officer's own. The same for the same arguments."""
    way = walk.shift(seed, who, number, routes)
    taken = degraded_track(seed, mix, who, number, way)
    return SimulatedShift(way=way, taken=taken, deliveries=faults.deliver(seed, mix.radio, who, number, taken))


def degraded_track(seed: int, mix: Mix, who: officer.Officer, number: int, way: ways.Way) -> track.Track:
    """What the device takes of a way."""
    taken = track.measure(seed, who, number, way)
    taken = receivers.degrade(mix.reception, np.random.default_rng([seed, 0x2EC, who.number, number]), way, taken)
    rng = np.random.default_rng([seed, 0x4A4D, who.number, number])
    return handsets.degrade(mix.handset, rng, seed, who, way, taken)
