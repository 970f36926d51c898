"""What the watcher keeps of the fixes between two looks: the tracks and the newest word of every device."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.officers.tracks import BUCKETS, NONE, Placed, Tracks
from schemas import wire
from tracking.fixes import Float, Int
from tracking.geometry.lookup import ASSUMED_ACCURACY_M, CityGrid
from tracking.geometry.zones import NO_ZONE, Zones

Areas = tuple[str | None, str | None]
_MEASURED = [wire.SOURCE_CODE[source] for source in (wire.Source.GNSS, wire.Source.NETWORK, wire.Source.FUSED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """n stored fixes, as columns; times ms, NaN unknown."""

    device: NDArray[np.int32]
    t: Int
    received: Int
    lat: Float
    lon: Float
    acc: Float
    spd: Float
    bat: Float
    src: NDArray[np.int16]
    duty: NDArray[np.int16]
    flags: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.t)


@dataclass(slots=True)
class Memory:
    """Tracks with the newest word of each row.

    Args:
        grid: cells of the city.
        zones: areas of units and shifts.
    """

    grid: CityGrid
    zones: Zones
    tracks: Tracks = field(default_factory=Tracks)
    heard: Int = field(default_factory=lambda: np.empty(0, np.int64))
    """Receipt of the newest message of each row, ms."""
    fix_t: Int = field(default_factory=lambda: np.empty(0, np.int64))
    """Time of its newest fix, measured or not."""
    duty: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))
    battery: Float = field(default_factory=lambda: np.empty(0, np.float64))
    _areas: dict[int, Areas] = field(default_factory=dict)
    """Areas that the depths of a row were measured in."""

    def place(self, areas: Mapping[int, Areas]) -> None:
        """Measure the tracks anew whose device has other areas than before."""
        self.tracks.reserve(len(areas))
        for device, each in areas.items():
            row = self._row(device)
            if self._areas.get(row) != each:
                self._areas[row] = each
                x, y = self.tracks.places(row)
                known = ~np.isnan(x)
                if not known.any():
                    continue
                depths = []
                for code in each:
                    depth = np.full(BUCKETS, np.nan)
                    depth[known] = self._depth(np.full(int(known.sum()), self._zone(code)), x[known], y[known])
                    depths.append(depth)
                self.tracks.replace_depths(row, depths[0], depths[1])

    def take(self, fixes: Heard) -> None:
        """Take in fixes of devices that were placed, in any order and any number of times."""
        if not len(fixes):
            return
        row = _by_stretch(fixes.device, self._row)
        self._note(row, fixes)
        absent = wire.FixFlag.MOCK | wire.FixFlag.NULL_ISLAND
        real = np.isin(fixes.src, _MEASURED) & (fixes.flags & absent == 0)
        row, t = row[real], fixes.t[real]
        x, y = self.grid.xy(fixes.lat[real], fixes.lon[real])
        beat, team = (self._depth(self._zones_of(row, which), x, y) for which in (0, 1))
        said = fixes.flags[real] & wire.FixFlag.RECORDER_KNOWN > 0
        on = fixes.flags[real] & wire.FixFlag.RECORDER_ON > 0
        acc = np.where(np.isnan(fixes.acc[real]), ASSUMED_ACCURACY_M, fixes.acc[real])
        recording = np.where(said, on, NONE).astype(np.int8)
        self.tracks.put(
            Placed(row=row, t=t, x=x, y=y, acc=acc, spd=fixes.spd[real], beat=beat, team=team, recording=recording)
        )

    def cursor(self, devices: Sequence[int], earliest: int) -> list[int]:
        """Time of the newest fix known of each device, `earliest` where there is none."""
        rows = np.array([self._row(device) for device in devices], dtype=np.intp)
        newest: list[int] = np.maximum(self.fix_t[rows], earliest).tolist()
        return newest

    def _note(self, row: NDArray[np.intp], fixes: Heard) -> None:
        np.maximum.at(self.heard, row, fixes.received)
        order = np.argsort(fixes.t, kind="stable")
        newer = order[fixes.t[order] >= self.fix_t[row[order]]]
        # In order of time: of several fixes of a row the last one written is the newest.
        self.fix_t[row[newer]] = fixes.t[newer]
        self.duty[row[newer]] = fixes.duty[newer]
        powered = newer[~np.isnan(fixes.bat[newer])]
        self.battery[row[powered]] = fixes.bat[powered]

    def _row(self, device: int) -> int:
        row = self.tracks.row(device)
        more = len(self.tracks.t) - len(self.heard)
        if more > 0:
            self.heard = np.concatenate([self.heard, np.full(more, NONE, np.int64)])
            self.fix_t = np.concatenate([self.fix_t, np.full(more, NONE, np.int64)])
            self.duty = np.concatenate([self.duty, np.full(more, wire.DUTY_CODE[wire.Duty.OFF], np.int16)])
            self.battery = np.concatenate([self.battery, np.full(more, np.nan)])
        return row

    def _zone(self, code: str | None) -> int:
        return NO_ZONE if code is None else self.zones.index.get(code, NO_ZONE)

    def _zones_of(self, row: NDArray[np.intp], which: int) -> NDArray[np.intp]:
        return _by_stretch(row, lambda each: self._zone(self._areas.get(each, (None, None))[which]))

    def _depth(self, zone: NDArray[np.intp], x: Float, y: Float) -> Float:
        return self.zones.inside_by(zone, x, y)


def _by_stretch(values: NDArray[np.integer[Any]], of: Callable[[int], int]) -> NDArray[np.intp]:
    """What `of` answers for each value, asked once for each stretch of equal ones: fixes come device by device."""
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    answers = np.array([of(each) for each in values[starts].tolist()], dtype=np.intp)
    return np.repeat(answers, np.diff(starts, append=len(values)))
