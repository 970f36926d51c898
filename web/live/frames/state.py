"""Newest position of every device as numpy columns, one row a device slot (`devices.id`). Pure, latest wins by `t`."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from schemas import feed
from tracking.presence.silence import UNHEARD_MS
from web.live.frames import tiles

SILENT_AFTER_MS = UNHEARD_MS
"""A device whose last fix is older is silent."""
MOVING_MPS = 0.5
"""Slower than this counts as still: GNSS noise of a device at rest."""
MAX_SLOT = 5_000_000
"""Largest valid slot, so that a broken feed cannot cause unbounded allocation."""

MOVING, STILL, SILENT, UNKNOWN = 0, 1, 2, 3

Slots = NDArray[np.int64]
Published = tuple[Slots, NDArray[np.float64], NDArray[np.float64]]
"""Slots that changed, and where each was shown before (NaN: nowhere)."""

_EARTH_M = 40_075_016.686


class LiveState:
    """Positions as received, and as published by the last tick; viewers only see the published ones."""

    def __init__(self) -> None:
        self._size = 0
        self.t: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        """Time of the newest fix, ms; 0: none."""
        self.u: NDArray[np.float64] = np.empty(0)
        self.v: NDArray[np.float64] = np.empty(0)
        self.spd: NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self.hdg: NDArray[np.float32] = np.empty(0, dtype=np.float32)
        self.duty: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self.motion: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        """MOVING, STILL or UNKNOWN at the newest fix."""
        self.silent: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self.alarm: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self.named: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        """The directory has the device: only then it can be shown."""
        self.shown_u: NDArray[np.float64] = np.empty(0)
        """Place as of the last tick; NaN: never published."""
        self.shown_v: NDArray[np.float64] = np.empty(0)
        self._dirty: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def __len__(self) -> int:
        return self._size

    def apply(self, columns: feed.Columns) -> int:
        """Apply positions of the feed and return how many were newer than the known ones."""
        device = columns["device"].astype(np.int64)
        usable = (device >= 0) & (device < MAX_SLOT) & (columns["t"].astype(np.int64) > 0)
        usable &= np.isfinite(columns["lat"].astype(np.float64)) & np.isfinite(columns["lon"].astype(np.float64))
        rows = np.flatnonzero(usable)
        if len(rows) == 0:
            return 0
        self._grow(int(device[rows].max()) + 1)
        t = columns["t"].astype(np.int64)
        rows = rows[np.argsort(t[rows], kind="stable")]
        # Of several rows of a device the last, that is the newest, stays: np.unique on the reversed array.
        _, last = np.unique(device[rows][::-1], return_index=True)
        rows = rows[::-1][last]
        rows = rows[t[rows] > self.t[device[rows]]]
        self._put(device[rows], rows, columns)
        return len(rows)

    def _put(self, slots: Slots, rows: NDArray[np.intp], columns: feed.Columns) -> None:
        t = columns["t"].astype(np.int64)[rows]
        lat, lon = columns["lat"].astype(np.float64)[rows], columns["lon"].astype(np.float64)[rows]
        u, v = tiles.mercator(lat, lon)
        spd = columns["spd"].astype(np.float32)[rows]
        self.motion[slots] = self._motion(slots, t, u, v, lat, spd)
        self.t[slots], self.u[slots], self.v[slots], self.spd[slots] = t, u, v, spd
        self.hdg[slots] = columns["hdg"].astype(np.float32)[rows]
        self.duty[slots] = columns["duty"].astype(np.uint8)[rows]
        self._dirty[slots] = True

    def _motion(
        self,
        slots: Slots,
        t: NDArray[np.int64],
        u: NDArray[np.float64],
        v: NDArray[np.float64],
        lat: NDArray[np.float64],
        spd: NDArray[np.float32],
    ) -> NDArray[np.uint8]:
        """Judge motion by the reported speed, else by the distance from the previous fix."""
        before = self.t[slots]
        metres = np.hypot(u - self.u[slots], v - self.v[slots]) * _EARTH_M * np.cos(np.radians(lat))
        way_mps = metres / np.maximum(1, t - before) * 1000
        known = ~np.isnan(spd)
        mps = np.where(known, spd, way_mps)
        judged = np.where(mps >= MOVING_MPS, MOVING, STILL)
        return np.where(known | (before > 0), judged, UNKNOWN).astype(np.uint8)

    def set_named(self, slots: Slots) -> None:
        """Set all devices that the directory knows."""
        if len(slots):
            self._grow(int(slots.max()) + 1)
        named = np.zeros(self._size, dtype=np.bool_)
        named[slots] = True
        self._dirty |= named & ~self.named & (self.t > 0)
        self.named = named

    def set_alarms(self, slots: Slots) -> None:
        """Set all devices in alarm."""
        if len(slots):
            self._grow(int(slots.max()) + 1)
        alarm = np.zeros(self._size, dtype=np.bool_)
        alarm[slots] = True
        self._dirty |= (alarm != self.alarm) & (self.t > 0)
        self.alarm = alarm

    def unnamed(self) -> bool:
        """Whether positions wait for their device in the directory."""
        return bool(np.any((self.t > 0) & ~self.named))

    def fall_silent(self, now: int) -> None:
        """Mark the devices that fell silent by `now` (ms) as changed."""
        silent = (self.t > 0) & (self.t < now - SILENT_AFTER_MS)
        self._dirty |= silent & ~self.silent
        self.silent = silent

    def publish(self) -> Published:
        """Publish changes since the last call."""
        slots = np.flatnonzero(self._dirty & self.named)
        self._dirty[slots] = False
        before_u, before_v = self.shown_u[slots], self.shown_v[slots]
        self.shown_u[slots], self.shown_v[slots] = self.u[slots], self.v[slots]
        return slots, before_u, before_v

    def shown(self) -> Slots:
        """All slots that are published."""
        return np.flatnonzero(~np.isnan(self.shown_u))

    def records(self, slots: Slots, now: int) -> tiles.Records:
        """Encode devices as records at `now` (ms)."""
        motion = np.where(self.t[slots] < now - SILENT_AFTER_MS, SILENT, self.motion[slots])
        no_course, no_speed = np.isnan(self.hdg[slots]), np.isnan(self.spd[slots])
        status = motion | (np.minimum(self.duty[slots], 2) << 2)
        status = status | no_course * tiles.COURSE_UNKNOWN | no_speed * tiles.SPEED_UNKNOWN
        status = status | self.alarm[slots] * tiles.ALARM
        course = np.rint(np.where(no_course, 0, self.hdg[slots]) * (256 / 360)).astype(np.int64) % 256
        speed = np.minimum(255, np.rint(np.where(no_speed, 0, self.spd[slots]) * 4))
        return tiles.Records(
            slot=slots.astype(np.uint32),
            u=self.shown_u[slots],
            v=self.shown_v[slots],
            course=course.astype(np.uint8),
            speed=speed.astype(np.uint8),
            status=status.astype(np.uint8),
            age=ages(now - self.t[slots]),
        )

    def among(self, devices: Collection[int] | None) -> NDArray[np.bool_] | None:
        """Mask of the slots of `devices`; None: of all."""
        if devices is None:
            return None
        mask = np.zeros(self._size, dtype=np.bool_)
        slots = np.fromiter(devices, dtype=np.int64, count=len(devices))
        mask[slots[slots < self._size]] = True
        return mask

    def tally(self, now: int, among: NDArray[np.bool_] | None = None) -> tuple[int, int, int, int, int]:
        """Count devices: with a position, and of them moving, still, silent, unknown; `among` as `among` gives it."""
        seen = self.named & (self.t > 0)
        if among is not None:
            seen[len(among) :] = False
            seen[: len(among)] &= among
        silent = seen & (self.t < now - SILENT_AFTER_MS)
        talking = seen & ~silent
        moving = int(np.count_nonzero(talking & (self.motion == MOVING)))
        still = int(np.count_nonzero(talking & (self.motion == STILL)))
        unknown = int(np.count_nonzero(talking)) - moving - still
        return int(np.count_nonzero(seen)), moving, still, int(np.count_nonzero(silent)), unknown

    def _grow(self, size: int) -> None:
        if size <= self._size:
            return
        wanted = max(size, 2 * self._size, 1024)
        more = wanted - self._size
        for name in ("t", "u", "v", "spd", "hdg", "duty", "motion", "silent", "alarm", "named", "_dirty"):
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, np.zeros(more, dtype=column.dtype)]))
        for name in ("shown_u", "shown_v"):
            setattr(self, name, np.concatenate([getattr(self, name), np.full(more, np.nan)]))
        self._size = wanted


def ages(age_ms: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Encode ages: seconds up to 127, then 128 + minutes, at most 255."""
    seconds = np.maximum(0, age_ms) // 1000
    minutes = np.minimum(127, seconds // 60)
    return np.where(seconds <= 127, seconds, 128 + minutes).astype(np.uint8)
