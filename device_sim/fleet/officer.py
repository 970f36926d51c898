"""Who patrols what: officers with their beats, devices and habits, the same for the same seed."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from device_sim.city import city as cities
from device_sim.city import town

SHIFT_MS = 8 * 3_600_000
_BIKE_SHARE = 0.12
_CAMERA_SHARE = 0.03


class Habit(StrEnum):
    """What an officer makes of the duty to patrol; see device_sim.fleet.habits."""

    PATROL = "patrol"
    LOITER = "loiter"
    """Stands long where a patrol was due."""
    DRIVE = "drive"
    """Drives from cell to cell, and through some without getting out."""
    EDGE = "edge"
    """Stands on boundaries."""
    SKIP = "skip"
    """Leaves a part of the beat out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A post on a beat, manned around the clock in shifts, and the device that is handed on at its changes."""

    number: int
    name: str
    """Name of the device: the device level of its topics."""
    unit: str
    beat: tuple[int, ...]
    """Numbers of the cells to patrol, neighbours following each other as far as they can."""
    bike: bool
    """Rides an electric bicycle."""
    speed: float
    """Usual speed between stops, m/s."""
    sigma_m: float
    """Usual GPS error under open sky, m, standard deviation on each axis."""
    camera: bool
    """The device is a body camera: it takes a fix a second and sends ten at a time."""
    interval_ms: int
    """Between fixes while moving."""
    heartbeat_ms: int
    """Between fixes while still."""
    phase_ms: int
    """Fixes are taken at multiples of the interval plus this."""
    handover_ms: int
    """Shifts begin at multiples of eight hours plus this."""
    drain: float
    """Battery used, per cent an hour."""
    habit: Habit = Habit.PATROL

    def shift_at(self, t: int) -> int:
        """Number of the shift that holds the moment `t`, ms."""
        return (t - self.handover_ms) // SHIFT_MS

    def shift_start(self, shift: int) -> int:
        """When a shift begins, ms."""
        return shift * SHIFT_MS + self.handover_ms


def recruit(count: int, seed: int, *, interval_s: int = 10, unit_prefix: str = "") -> list[Officer]:
    """Spread `count` officers over the streets by their grids and staffing, and over the grids within a street.

    Args:
        count: How many.
        seed: Of the town and of everything they do.
        interval_s: Seconds between fixes while moving.
        unit_prefix: Put before the street's code to make the unit.
    """
    plan = cities.build(seed)
    grids = _grids_by_street(plan)
    demand = [len(cells) * town.STAFFING[street] for street, cells in grids.items()]
    officers: list[Officer] = []
    for (street, cells), share in zip(grids.items(), cities.apportion(count, demand), strict=True):
        for beat in _beats(cells, share):
            officers.append(_officer(len(officers), seed, unit_prefix + street, beat, interval_s))
    return officers


def with_habits(officers: Sequence[Officer], seed: int, shares: Mapping[Habit, float]) -> list[Officer]:
    """Give the officers habits, each with its chance; those left over patrol."""
    bounds = list(itertools.accumulate(shares.values()))
    changed = []
    for who in officers:
        drawn = np.random.default_rng([seed, 0x4AB17, who.number]).random()
        habit = next(
            (candidate for candidate, bound in zip(shares, bounds, strict=True) if drawn < bound), Habit.PATROL
        )
        changed.append(replace(who, habit=habit))
    return changed


def _grids_by_street(plan: cities.City) -> dict[str, list[list[int]]]:
    """Street → cells of each of its grids, grids in an order in which neighbours mostly follow each other."""
    grids: dict[str, list[int]] = {}
    for k in plan.tour:
        grids.setdefault(plan.cells[k].grid, []).append(k)
    streets: dict[str, list[list[int]]] = {}
    for cells in grids.values():
        streets.setdefault(plan.cells[cells[0]].street, []).append(cells)
    return streets


def _beats(grids: Sequence[list[int]], count: int) -> list[tuple[int, ...]]:
    """Beats of `count` officers: several grids each when there are fewer officers than grids, else one each."""
    if count == 0:
        return []
    if count >= len(grids):
        return [tuple(grids[k * len(grids) // count]) for k in range(count)]
    bounds = [k * len(grids) // count for k in range(count + 1)]
    return [tuple(cell for grid in grids[a:b] for cell in grid) for a, b in itertools.pairwise(bounds)]


def _officer(number: int, seed: int, unit: str, beat: tuple[int, ...], interval_s: int) -> Officer:
    rng = np.random.default_rng([seed, 0x0FF1CE, number])
    bike = bool(rng.random() < _BIKE_SHARE)
    camera = bool(rng.random() < _CAMERA_SHARE)
    interval = 1_000 if camera else interval_s * 1_000
    return Officer(
        number=number,
        name=f"hc{number + 1:04d}",
        unit=unit,
        beat=beat,
        bike=bike,
        speed=float(rng.uniform(2.4, 3.4) if bike else rng.uniform(1.02, 1.45)),
        sigma_m=float(rng.uniform(3, 6.5)),
        camera=camera,
        interval_ms=interval,
        heartbeat_ms=60_000,
        phase_ms=int(rng.integers(0, interval)),
        handover_ms=int(rng.integers(0, SHIFT_MS // 10_000)) * 10_000,
        drain=float(rng.uniform(5, 9)),
    )
