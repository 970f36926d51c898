"""Pure: how units are allotted to the workers that share them.

Every worker computes the same from the same rows, so nobody has to lead; where two see the rows at different moments,
the claim on the unit (`ingest/run/claim.py`) decides.
"""

from collections.abc import Iterable, Mapping

UNEVEN = 0.25
"""A unit moves only where the difference of two workers is more than this part of a fair share: for less it does not
pay that its devices' runs are read again."""


def allot(weights: Mapping[str, int], workers: Iterable[str], held: Mapping[str, str]) -> dict[str, str]:
    """Give every unit to one worker, about evenly, and leave as much as possible where it is.

    Args:
        weights: what a unit weighs, for example how many devices it has; at least 1 is counted.
        workers: those that are at work.
        held: who holds a unit now.

    Returns:
        Unit to worker; empty when nobody is at work.
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
    """A unit of the busiest worker that had better be the idlest one's; None when it is even enough."""
    most = max(load, key=lambda worker: (load[worker], worker))
    apart = load[most] - min(load.values())
    if apart <= UNEVEN * sum(load.values()) / len(load):
        return None
    # What weighs less than the difference makes it smaller; half of it makes it nothing.
    fitting = [unit for unit, worker in assigned.items() if worker == most and weight[unit] < apart]
    return min(fitting, key=lambda unit: (abs(2 * weight[unit] - apart), unit), default=None)
