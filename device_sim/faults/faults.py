"""Planned faults of the radio: which fixes leave the device when. Pure, by seed; the truth is recorded.

Faults that change fixes are in `reception` and `handset`, between `track.measure` and here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_sim.fleet import officer, track

CAMERA_ARRAY_MS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """How often the radio fails."""

    gaps_per_shift: float = 0.0
    """Times without radio, on average; what was taken then is sent afterwards, in arrays."""
    gap_s: tuple[float, float] = (120.0, 2_400.0)
    duplicate: float = 0.0
    """Chance that a message is sent once more."""
    delay: float = 0.0
    """Chance that a message leaves late, so that later ones overtake it."""
    delay_s: tuple[float, float] = (2.0, 90.0)


NONE = FaultPlan()
STANDARD = FaultPlan(gaps_per_shift=1.5, duplicate=0.02, delay=0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioGap:
    """A time without radio, ms."""

    t_from: int
    t_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Messages of one shift in the order in which they leave: fixes `start` to `stop` (not included) at `due`, ms."""

    due: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    gaps: tuple[RadioGap, ...]

    def radio_back(self, t: int) -> int:
        """When something that happened at `t` can leave."""
        return next((gap.t_to for gap in self.gaps if gap.t_from <= t < gap.t_to), t)


def deliver(seed: int, plan: FaultPlan, who: officer.Officer, number: int, taken: track.Track) -> Deliveries:
    """Say when the fixes of a shift leave the device; all of them have left when the shift ends."""
    rng = np.random.default_rng([seed, 0xFA17, who.number, number])
    begin, end = who.shift_start(number), who.shift_start(number + 1)
    gaps = _gaps(plan, rng, begin, end)
    key = (taken.at - who.phase_ms) // CAMERA_ARRAY_MS if who.camera else np.arange(len(taken))
    for n, gap in enumerate(gaps, 1):
        key = np.where((taken.at >= gap.t_from) & (taken.at < gap.t_to), -n, key)
    start = np.flatnonzero(np.append(np.ones(min(len(key), 1), np.bool_), key[1:] != key[:-1]))
    stop = np.append(start, len(taken))[1:]
    due = taken.at[stop - 1].copy()
    for n, gap in enumerate(gaps, 1):
        due[key[start] == -n] = gap.t_to
    late = rng.random(len(due)) < plan.delay
    due += np.where(late, rng.uniform(*plan.delay_s, len(due)) * 1000, 0).astype(np.int64)
    twice = np.flatnonzero(rng.random(len(due)) < plan.duplicate)
    again = due[twice] + (rng.uniform(1, 30, len(twice)) * 1000).astype(np.int64)
    due = np.minimum(np.concatenate([due, again]), end)
    order = np.argsort(due, kind="stable")
    start, stop = np.concatenate([start, start[twice]]), np.concatenate([stop, stop[twice]])
    return Deliveries(due=due[order], start=start[order], stop=stop[order], gaps=gaps)


def _gaps(plan: FaultPlan, rng: np.random.Generator, begin: int, end: int) -> tuple[RadioGap, ...]:
    """Times without radio that do not touch each other."""
    starts = np.sort(rng.uniform(begin, end, int(rng.poisson(plan.gaps_per_shift))))
    gaps: list[RadioGap] = []
    for start in starts:
        t_from = int(start)
        t_to = min(t_from + int(rng.uniform(*plan.gap_s) * 1000), end)
        if not gaps or t_from > gaps[-1].t_to + 60_000:
            gaps.append(RadioGap(t_from=t_from, t_to=t_to))
    return tuple(gaps)
