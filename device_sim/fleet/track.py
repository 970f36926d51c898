"""What the receiver of a walking officer measures: fixes with correlated error. A pure function of the way walked."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_sim.city import city as cities
from device_sim.city import geodesy
from device_sim.fleet import officer, ways
from schemas import wire

NOISE_STEP_MS = 10_000
NOISE_TAU_S = 55.0
"""Time in which the error forgets itself: multipath and atmosphere change slowly."""
FORGOTTEN = 0.05
"""Chance that an officer does not switch the recorder on in a shift."""
_MEMORY = 48
"""Steps after which the memory is below a ten-thousandth."""
_CANYON = {"business": 1.35, "public": 1.1, "institution": 1.1, "residential": 1.0}
"""How much larger the error is among tall houses."""
RADIUS_68 = 1.515
"""68 % radius of an error with unit deviation on each axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The fixes of one shift as columns; units as in schemas.wire.Fix."""

    at: NDArray[np.int64]
    """When the fix was taken, ms; never falling."""
    t: NDArray[np.int64]
    """When the device says that it was taken, ms: differs where its clock is wrong."""
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    acc: NDArray[np.float32]
    spd: NDArray[np.float32]
    hdg: NDArray[np.float32]
    """NaN while standing: a receiver that does not move has no course."""
    bat: NDArray[np.int8]
    sat: NDArray[np.int8]
    pause: NDArray[np.bool_]
    """On a break."""
    mock: NDArray[np.bool_]
    """The platform says that the position is mocked."""
    wrong: NDArray[np.bool_]
    """The place is not where the officer was, whatever the accuracy says; known to the simulation alone."""
    boot: str
    camera: bool
    """It has a recorder."""
    forgotten: bool = False
    """The recorder stays off all shift; else it is on outside of breaks."""

    def __len__(self) -> int:
        return len(self.t)

    def take(self, rows: NDArray[np.bool_]) -> "Track":
        """The fixes where `rows` is true; the others were never taken."""
        return Track(
            at=self.at[rows], t=self.t[rows], lat=self.lat[rows], lon=self.lon[rows], acc=self.acc[rows],
            spd=self.spd[rows], hdg=self.hdg[rows], bat=self.bat[rows], sat=self.sat[rows], pause=self.pause[rows],
            mock=self.mock[rows], wrong=self.wrong[rows], boot=self.boot, camera=self.camera,
            forgotten=self.forgotten,
        )  # fmt: skip

    def fixes(self, start: int, stop: int) -> list[wire.Fix]:
        """Fixes `start` to `stop` (not included) as the device sends them."""
        rows = slice(start, stop)
        columns = zip(
            self.t[rows].tolist(), self.lat[rows].round(7).tolist(), self.lon[rows].round(7).tolist(),
            self.acc[rows].tolist(), self.spd[rows].tolist(), self.hdg[rows].tolist(),
            self.bat[rows].tolist(), self.sat[rows].tolist(), self.pause[rows].tolist(),
            self.mock[rows].tolist(), strict=True,
        )  # fmt: skip
        return [
            wire.Fix(
                t=t,
                lat=lat,
                lon=lon,
                acc=round(acc, 1),
                spd=round(spd, 2),
                hdg=None if math.isnan(hdg) else round(hdg, 1),
                seq=seq,
                boot=self.boot,
                bat=bat,
                sat=sat,
                mock=mock,
                rec=not (pause or self.forgotten) if self.camera else None,
                duty=wire.Duty.BREAK if pause else wire.Duty.DUTY,
            )
            for seq, (t, lat, lon, acc, spd, hdg, bat, sat, pause, mock) in enumerate(columns, start)
        ]


def measure(seed: int, who: officer.Officer, number: int, way: ways.Way) -> Track:
    """Fixes that the device of an officer takes in one shift of the way `way`."""
    t, segment = _moments(who, way)
    x, y = np.interp(t, way.t, way.x), np.interp(t, way.t, way.y)
    begin = who.shift_start(number)
    east, north = (np.interp(t, *_error(seed, who, number, begin, axis)) for axis in (0, 1))
    sigma = _sigma(who, way, seed, t, begin)
    lat, lon = geodesy.degrees(x + sigma * east, y + sigma * north)
    rng = np.random.default_rng([seed, 0x5E45, who.number, number])
    moving = way.mode[segment] == ways.Mode.WALK
    speed, course = _motion(way, segment)
    hours = (t - begin) / 3_600_000
    return Track(
        at=t,
        t=t,
        lat=lat,
        lon=lon,
        acc=(sigma * RADIUS_68 * np.exp(rng.normal(0, 0.1, len(t)))).astype(np.float32),
        spd=np.abs(np.where(moving, speed, 0) + rng.normal(0, 0.08, len(t))).astype(np.float32),
        hdg=np.where(moving, (course + rng.normal(0, 5, len(t))) % 360, np.nan).astype(np.float32),
        bat=np.clip(100 - who.drain * hours, 3, 100).astype(np.int8),
        sat=np.clip(np.round(23 - 1.6 * sigma + rng.normal(0, 1.2, len(t))), 4, 30).astype(np.int8),
        pause=way.mode[segment] == ways.Mode.BREAK,
        mock=np.zeros(len(t), np.bool_),
        wrong=np.zeros(len(t), np.bool_),
        boot=f"s{number}",
        camera=who.camera,
        forgotten=bool(np.random.default_rng([seed, 0x4EC, who.number, number]).random() < FORGOTTEN),
    )


def _moments(who: officer.Officer, way: ways.Way) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """When fixes are taken, and in which segment of the way: each interval while moving, else each heartbeat."""
    step = who.interval_ms
    first = -((who.phase_ms - way.t[0]) // step)
    ticks = np.arange(first, (way.t[-1] - who.phase_ms - 1) // step + 1)
    t = ticks * step + who.phase_ms
    segment = np.clip(np.searchsorted(way.t, t, side="right") - 1, 0, len(way.mode) - 1)
    moving = way.mode[segment] == ways.Mode.WALK
    # The first fix after stopping is sent too: it says that the officer stands.
    taken = moving | np.concatenate([[True], moving[:-1]]) | (ticks % max(who.heartbeat_ms // step, 1) == 0)
    return t[taken], segment[taken]


def _error(
    seed: int, who: officer.Officer, number: int, begin: int, axis: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and values of a first-order autoregressive error with deviation 1 that goes on across shifts."""
    steps = officer.SHIFT_MS // NOISE_STEP_MS + 1
    before, now, after = (
        np.random.default_rng([seed, 0xA121, who.number, number + k, axis]).normal(size=steps - 1) for k in (-1, 0, 1)
    )
    keep = float(np.exp(-NOISE_STEP_MS / 1000 / NOISE_TAU_S))
    kernel = keep ** np.arange(_MEMORY) * np.sqrt(1 - keep * keep)
    shocks = np.concatenate([before[-(_MEMORY - 1) :], now, after[:1]])
    return begin + np.arange(steps) * NOISE_STEP_MS, np.convolve(shocks, kernel, mode="valid")


def _sigma(who: officer.Officer, way: ways.Way, seed: int, t: NDArray[np.int64], begin: int) -> NDArray[np.float64]:
    """Deviation of the error, m, at each moment: of the device, larger among tall houses, changing gradually."""
    factor = np.array([_CANYON[cell.cls] for cell in cities.build(seed).cells])
    grid = begin + np.arange(0, officer.SHIFT_MS + 1, NOISE_STEP_MS)
    segment = np.clip(np.searchsorted(way.t, grid, side="right") - 1, 0, len(way.cell) - 1)
    sigma = who.sigma_m * factor[way.cell[segment]]
    smooth = np.convolve(np.pad(sigma, 6, mode="edge"), np.full(13, 1 / 13), mode="valid")
    return np.interp(t, grid, smooth)


def _motion(way: ways.Way, segment: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True speed, m/s, and course, degrees, in each of the segments asked for."""
    dx, dy = np.diff(way.x), np.diff(way.y)
    seconds = np.maximum(np.diff(way.t), 1) / 1000
    return (np.hypot(dx, dy) / seconds)[segment], (np.degrees(np.arctan2(dx, dy)) % 360)[segment]
