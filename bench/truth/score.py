"""How far the product's stays are from those of the written rules."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from bench.truth.referee import Stay


@dataclass(slots=True)
class Score:
    """Counts over devices."""

    fixes: int = 0
    stays: int = 0
    dwell_errors_s: list[float] = field(default_factory=list)
    """Of each device and cell, absolute."""
    path_errors_m: list[float] = field(default_factory=list)
    """Of stays that meet, of 30 m and more by the rules; product less rules."""
    path_ratios: list[float] = field(default_factory=list)
    true: int = 0
    found: int = 0
    right: int = 0
    recalled: int = 0
    worst: list[tuple[float, str, int, int]] = field(default_factory=list)
    """(s, world, device, cell) of dwell that differs by more than a second."""

    @property
    def precision(self) -> float:
        """Share of the found visits that are visits by the rules."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the visits by the rules that are found."""
        return self.recalled / self.true if self.true else 1.0

    def add(self, name: str, expected: Mapping[int, Sequence[Stay]], found: Mapping[int, Sequence[Stay]]) -> None:
        """Count the devices of a world."""
        for device, of_rules in expected.items():
            self._add_device(name, device, of_rules, found.get(device, []))

    def _add_device(self, name: str, device: int, expected: Sequence[Stay], found: Sequence[Stay]) -> None:
        self.stays += len(expected)
        by_rules, by_product = dwell(expected), dwell(found)
        for cell in by_rules.keys() | by_product.keys():
            error = abs(by_rules[cell] - by_product[cell])
            self.dwell_errors_s.append(error)
            if error > 1:
                self.worst.append((error, name, device, cell))
        true, claimed = visits(expected), visits(found)
        self.true += len(true)
        self.found += len(claimed)
        self.right += sum(any(meet(each, other) for other in true) for each in claimed)
        self.recalled += sum(any(meet(each, other) for other in claimed) for each in true)
        for each in expected:
            other = next((other for other in found if meet(each, other)), None)
            if other is not None and each.path_m >= 30:
                self.path_errors_m.append(other.path_m - each.path_m)
                self.path_ratios.append(other.path_m / each.path_m)


def dwell(stays: Iterable[Stay]) -> defaultdict[int, float]:
    """Seconds by cell."""
    seconds: defaultdict[int, float] = defaultdict(float)
    for stay in stays:
        seconds[stay.cell] += stay.dwell_s
    return seconds


def visits(stays: Iterable[Stay]) -> list[Stay]:
    """The valid visits."""
    return [stay for stay in stays if stay.kind == "visit"]


def meet(a: Stay, b: Stay) -> bool:
    """Whether two stays are in one cell and share half of the shorter."""
    shared = min(a.end, b.end) - max(a.begin, b.begin)
    return a.cell == b.cell and shared >= 0 and shared * 2 >= min(a.end - a.begin, b.end - b.begin)


def per_cent(values: Sequence[float], share: int) -> float:
    """The value below which so many per cent lie."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return quantiles(values, n=100, method="inclusive")[share - 1]
