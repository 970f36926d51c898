"""Allotment of units to the workers that share them. Pure.

Every worker computes the same from the same rows, so no leader is needed; if two read the rows at different moments,
the claim on the unit (`ingest/run/claim.py`) decides.
"""

from collections.abc import Iterable, Mapping

UNEVEN = 0.25
"""Minimum difference of two workers, as a part of a fair share, for moving a unit, since reading the runs of its
devices again is expensive."""


def allot(weights: Mapping[str, int], workers: Iterable[str], held: Mapping[str, str]) -> dict[str, str]:
    """Allot every unit to one worker, about evenly, with few moves.

    Args:
        weights: weight of each unit, such as its number of devices; at least 1.
        workers: active workers.
        held: present worker of each unit.

    Returns:
        Unit → worker; empty without workers.
    """
    weight = {unit: max(1, n) for unit, n in weights.items()}
    load = dict.fromkeys(sorted(workers), 0)
    if not load:
        return {}
    assigned = {unit: held[unit] for unit in weight if held.get(unit) in load}
    for unit, worker in assigned.items():
        load[worker] += weight[unit]
    for unit in sorted(weight.keys() - assigned.keys(), key=lambda name: (-weight[name], name)):
        assigned[unit] = min(load, key=lambda worker: (load[worker], worker))
        load[assigned[unit]] += weight[unit]
    while (moved := _too_much(weight, load, assigned)) is not None:
        load[assigned[moved]] -= weight[moved]
        assigned[moved] = min(load, key=lambda worker: (load[worker], worker))
        load[assigned[moved]] += weight[moved]
    return assigned


def _too_much(weight: Mapping[str, int], load: Mapping[str, int], assigned: Mapping[str, str]) -> str | None:
    """A unit to move from the busiest to the least busy worker; None if even enough."""
    most = max(load, key=lambda worker: (load[worker], worker))
    apart = load[most] - min(load.values())
    if apart <= UNEVEN * sum(load.values()) / len(load):
        return None
    # A weight below the difference reduces it; half of it removes it.
    fitting = [unit for unit, worker in assigned.items() if worker == most and weight[unit] < apart]
    return min(fitting, key=lambda unit: (abs(2 * weight[unit] - apart), unit), default=None)
