"""The truth: in which cell each officer really was, and when. JSON lines, one presence or fault each."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np

from device_sim.faults import faults
from device_sim.fleet import visits, ways


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A maximal stretch of true presence in one cell; times in ms."""

    cell: int
    """Number of the cell in the town."""
    t_in: int
    t_out: int


def presences(way: ways.Way) -> list[Presence]:
    """Presences of one shift in order, without gaps between them."""
    change = np.flatnonzero(np.diff(way.cell)) + 1
    bounds = [0, *change.tolist(), len(way.cell)]
    return [
        Presence(cell=int(way.cell[a]), t_in=int(way.t[a]), t_out=int(way.t[b])) for a, b in itertools.pairwise(bounds)
    ]


def joined(presences: Iterable[Presence]) -> Iterator[Presence]:
    """Presences in order, those that go on from one shift into the next made one."""
    last: Presence | None = None
    for presence in presences:
        if last is not None and last.cell == presence.cell and last.t_out == presence.t_in:
            last = Presence(cell=last.cell, t_in=last.t_in, t_out=presence.t_out)
            continue
        if last is not None:
            yield last
        last = presence
    if last is not None:
        yield last


class TruthFile:
    """Writes the truth line by line.

    {"kind": "presence", "device", "cell": code, "t_in", "t_out", "open"}: `open` is true when the
    file was closed before the officer left. {"kind": "gap", "device", "t_from", "t_to"}: a planned time without
    radio. At the end {"kind": "stay", "device", "cell", "t_in", "t_out", "dwell_ms", "path_m", "drive"}: presences less
    than a minute apart made one, with the time and the metres inside; which of them are visits follows from the
    classes of the cells. Times in ms.
    """

    def __init__(self, path: Path, codes: list[str]) -> None:
        self._path, self._codes = path, codes

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def presence(self, device: str, presence: Presence, *, still_there: bool = False) -> None:
        """Write a presence."""
        self._line(
            kind="presence", device=device, cell=self._codes[presence.cell], t_in=presence.t_in, t_out=presence.t_out,
            open=still_there,
        )  # fmt: skip

    def stay(self, device: str, stay: visits.TrueStay) -> None:
        """Write a maximal stay."""
        self._line(
            kind="stay", device=device, cell=self._codes[stay.cell], t_in=stay.t_in, t_out=stay.t_out,
            dwell_ms=stay.dwell_ms, path_m=round(stay.path_m, 1), drive=stay.drives(),
        )  # fmt: skip

    def gap(self, device: str, gap: faults.RadioGap) -> None:
        """Write a planned time without radio."""
        self._line(kind="gap", device=device, t_from=gap.t_from, t_to=gap.t_to)

    def _line(self, **values: Any) -> None:
        self._file.write(msgspec.json.encode(values) + b"\n")
