"""Data kept by the watcher between two evaluations: tracks and newest messages of all devices."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.officers.tracks import BUCKETS, NONE, Tracks, ZonedFixes
from schemas import wire
from tracking.geometry.depth import ASSUMED_ACCURACY_M
from tracking.geometry.lookup import CityGrid
from tracking.geometry.zones import NO_ZONE, Zones
from tracking.presence.fixes import Bool, Float, Int

Areas = tuple[str | None, str | None]
_MEASURED = [wire.SOURCE_CODE[source] for source in (wire.Source.GNSS, wire.Source.NETWORK, wire.Source.FUSED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFixes:
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
    """Tracks with the newest message of each row.

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
    _loaded: Bool = field(default_factory=lambda: np.empty(0, np.bool_))
    """Rows with a loaded last hour."""
    _row: NDArray[np.intp] = field(default_factory=lambda: np.full(1, NONE, np.intp))
    """Row by device number, NONE without a row; the store assigns the numbers in order."""
    _areas: dict[int, Areas] = field(default_factory=dict)
    """Areas for which the depths of a row were computed."""
    _zone: NDArray[np.intp] = field(default_factory=lambda: np.empty((2, 0), np.intp))
    """Zones of these areas by row."""

    def rows(self, devices: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
        """Row of each device, NONE without a row."""
        known = (devices >= 0) & (devices < len(self._row))
        return np.where(known, self._row[np.where(known, devices, 0)], NONE)

    def loaded(self, devices: NDArray[np.integer[Any]]) -> Bool:
        """Devices with a loaded last hour."""
        row = self.rows(devices)
        return np.append(self._loaded, False)[np.where(row >= 0, row, len(self._loaded))]

    def note_loaded(self, devices: NDArray[np.integer[Any]]) -> None:
        """Mark the last hour of these devices, which have rows, as loaded."""
        self._loaded[self.rows(devices)] = True

    def place(self, areas: Mapping[int, Areas]) -> None:
        """Recompute the depths of tracks whose device has new areas."""
        changed = {device: codes for device, codes in areas.items() if self._areas.get(device) != codes}
        self._reserve(changed)
        for device, codes in changed.items():
            row = self.tracks.row(device)
            self._row[device], self._areas[device] = row, codes
            self._zone[:, row] = [self._number(code) for code in codes]
            x, y = self.tracks.places(row)
            known = ~np.isnan(x)
            if not known.any():
                continue
            depths = np.full((2, BUCKETS), np.nan)
            for depth, zone in zip(depths, self._zone[:, row], strict=True):
                depth[known] = self.zones.inside_by(np.full(int(known.sum()), zone), x[known], y[known])
            self.tracks.replace_depths(row, *depths)

    def draw(self, zones: Zones) -> None:
        """Replace the shapes: add those of new areas and drop unused ones."""
        self.zones = zones
        for device, codes in self._areas.items():
            self._zone[:, self._row[device]] = [self._number(code) for code in codes]

    def take(self, fixes: StoredFixes) -> None:
        """Add fixes of devices with rows, in any order and repeatedly."""
        if not len(fixes):
            return
        row = self.rows(fixes.device)
        self._note(row, fixes)
        absent = wire.FixFlag.MOCK | wire.FixFlag.NULL_ISLAND
        real = np.isin(fixes.src, _MEASURED) & (fixes.flags & absent == 0)
        row, t = row[real], fixes.t[real]
        x, y = self.grid.xy(fixes.lat[real], fixes.lon[real])
        beat, team = (self.zones.inside_by(zone, x, y) for zone in self._zone[:, row])
        known = fixes.flags[real] & wire.FixFlag.RECORDER_KNOWN > 0
        on = fixes.flags[real] & wire.FixFlag.RECORDER_ON > 0
        acc = np.where(np.isnan(fixes.acc[real]), ASSUMED_ACCURACY_M, fixes.acc[real])
        recording = np.where(known, on, NONE).astype(np.int8)
        self.tracks.put(
            ZonedFixes(row=row, t=t, x=x, y=y, acc=acc, spd=fixes.spd[real], beat=beat, team=team, recording=recording)
        )

    def cursor(self, devices: NDArray[np.integer[Any]], earliest: int) -> list[int]:
        """Time of the newest known fix of each device, which have rows; `earliest` if there is none."""
        newest: list[int] = np.maximum(self.fix_t[self.rows(devices)], earliest).tolist()
        return newest

    def _note(self, row: NDArray[np.intp], fixes: StoredFixes) -> None:
        np.maximum.at(self.heard, row, fixes.received)
        order = np.argsort(fixes.t, kind="stable")
        newer = order[fixes.t[order] >= self.fix_t[row[order]]]
        # In order of time, so the last one written for a row is the newest.
        self.fix_t[row[newer]] = fixes.t[newer]
        self.duty[row[newer]] = fixes.duty[newer]
        powered = newer[~np.isnan(fixes.bat[newer])]
        self.battery[row[powered]] = fixes.bat[powered]

    def _reserve(self, devices: Collection[int]) -> None:
        """Make room for these devices."""
        self.tracks.reserve(len(self._areas) + len(devices) + 1)
        most = max(devices, default=NONE) + 1
        if most > len(self._row):
            self._row = np.append(self._row, np.full(most + most // 4 - len(self._row), NONE, np.intp))
        more = len(self.tracks.t) - len(self.heard)
        if more > 0:
            self.heard = np.append(self.heard, np.full(more, NONE, np.int64))
            self.fix_t = np.append(self.fix_t, np.full(more, NONE, np.int64))
            self.duty = np.append(self.duty, np.full(more, wire.DUTY_CODE[wire.Duty.OFF], np.int16))
            self.battery = np.append(self.battery, np.full(more, np.nan))
            self._loaded = np.append(self._loaded, np.zeros(more, np.bool_))
            self._zone = np.append(self._zone, np.full((2, more), NO_ZONE, np.intp), axis=1)

    def _number(self, code: str | None) -> int:
        return NO_ZONE if code is None else self.zones.index.get(code, NO_ZONE)
