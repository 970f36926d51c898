"""What happens in a shift, end to end: messages, imports and plans, and the orders in which they may come."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.truth import devices, ground, worlds
from bench.truth.city import Cell
from bench.truth.devices import Device, Habit, Jump
from bench.truth.fixes import Fix
from bench.truth.ground import Ground
from bench.truth.referee import Asked
from runtime import db
from tracking.city import grids
from tracking.geometry.lookup import EVER
from tracking.store.city import grid_store, plan_store

T0 = worlds.T0
MINUTE = 60_000
SHIFT_MIN = 45
END = T0 + (SHIFT_MIN + 15) * MINUTE
WEEKS_1024_MS = 1_024 * 7 * 86_400_000
LONG_AGO = 1_199_145_600_000
"""2008."""
OLD = {"cam-weeks": WEEKS_1024_MS, "cam-2008": T0 - LONG_AGO}
"""Devices whose clocks are so far behind, ms."""
UNIT = "team-1"
AREAS = "441302", "441302010"
LIMIT_S = 600


@dataclass(frozen=True, slots=True)
class Said:
    """A message, and when it arrives as it happened, ms."""

    arrives: int
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Decided:
    """A division, or the plan of a class, and the moment (ms) from which it holds."""

    holds_from: int
    division: bytes | None = None
    plan: tuple[str, dict[str, Any]] | None = None

    async def done(self, conn: db.Connection, now: int) -> None:
        """Decide it at `now` (ms)."""
        if self.plan is not None:
            scope, body = self.plan
            await plan_store.append(conn, scope, body, self.holds_from, "bench", now)
        if self.division is not None:
            grid = grids.parse(self.division)
            if isinstance(grid, list):
                raise SystemExit(f"The bench's grid is refused: {[str(fault) for fault in grid[:3]]}")
            made = await grid_store.import_grid(conn, grid, valid_from=max(self.holds_from, 0), now=now)
            if isinstance(made, list):
                raise SystemExit(f"The bench's division is refused: {[str(fault) for fault in made[:3]]}")


Part = tuple[int, Sequence[Said | Decided]]
"""What is taken together, and when, ms."""
Way = Callable[[Random, "Shift"], list[Part]]


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift: its town, tracks by device, messages in order of arrival, and decisions."""

    ground: Ground
    tracks: dict[int, list[Fix]]
    said: list[Said]
    decided: list[Decided]


def shift(seed: int) -> Shift:
    """Every habit, one of them without accuracy; a device with a clock of 1,024 weeks ago and one of 2008."""
    rng = Random(seed)  # noqa: S311 - a simulation
    changes, replanned = T0 + 20 * MINUTE, T0 + 28 * MINUTE
    town = ground.ground(rng, ground.Plane.about(*worlds.CENTRE), ground.scattered(rng, 350.0, 40), changes, replanned)
    officers = [Device(habit, every, 5.0) for habit, every in zip(Habit, (5, 10, 10, 5), strict=True)]
    officers += [Device(Habit.PATROL, 10, None, jumps=(Jump.SHORT,)), Device(Habit.EXITS, 30, 8.0)]
    tracks = {n: devices.track(rng, town, device, T0, SHIFT_MIN * 60) for n, device in enumerate(officers, 1)}
    said = [one for n, track in tracks.items() for one in _messages(rng, town, f"cam-{n}", track, 0)]
    said += [_sign_off(f"cam-{n}", track[-1].t + 1_000) for n, track in tracks.items()]
    for name, back in OLD.items():
        said += _messages(rng, town, name, tracks[1][:60], back)
    first = [cell for cell in town.cells if cell.holds(T0)]
    second = [cell for cell in town.cells if cell.holds(changes)]
    decided = [
        *(Decided(T0 - 86_400_000, plan=(f"class:{cls}", _plan(ground.PLANS[cls]))) for cls in ground.PLANS),
        Decided(EVER, division=_file(town, first)),
        Decided(changes, division=_file(town, second)),
        *(Decided(replanned, plan=(f"class:{cls}", _plan(ground.LATER_PLANS[cls]))) for cls in ground.PLANS),
    ]
    return Shift(town, tracks, sorted(said, key=lambda one: one.arrives), decided)


def as_it_happened(_rng: Random, of: Shift) -> list[Part]:
    """Every five minutes; what is decided is decided when it begins to hold."""
    parts: list[Part] = []
    for now in range(T0, END + 1, 5 * MINUTE):
        said = [one for one in of.said if now - 5 * MINUTE < one.arrives <= now]
        due = [one for one in of.decided if now - 5 * MINUTE < max(one.holds_from, T0) <= now]
        parts.append((now, [*said, *due]))
    return parts


def shuffled(rng: Random, of: Shift) -> list[Part]:
    """Everything at the end, in any order, a fourth of it twice, cut anywhere; a restart after each part."""
    mess: list[Said | Decided] = [*of.said, *rng.sample(of.said, len(of.said) // 4)]
    rng.shuffle(mess)
    at = sorted((rng.randrange(len(mess)) for _ in of.decided), reverse=True)
    for row, one in zip(at, reversed(of.decided), strict=True):
        mess.insert(row, one)
    cuts = sorted(rng.randrange(len(mess)) for _ in range(7))
    return [(END, mess[lo:hi]) for lo, hi in zip([0, *cuts], [*cuts, len(mess)], strict=True)]


def backwards(_rng: Random, of: Shift) -> list[Part]:
    """Device by device, the newest first, then what was decided long before; a hand-over after each device."""
    topics = sorted({one.topic for one in of.said})
    devices_said: list[Part] = [(END, [one for one in of.said[::-1] if one.topic == topic]) for topic in topics]
    return [*devices_said, (END, of.decided)]


WAYS: tuple[Way, ...] = (as_it_happened, shuffled, backwards)


def code(number: int) -> str:
    """Code of a cell."""
    return f"441302010001{number:03d}"


def _messages(rng: Random, town: Ground, name: str, track: Sequence[Fix], back: int) -> list[Said]:
    """Messages of a device whose clock is `back` ms behind; some are late by minutes."""
    said, at = [], 0
    while at < len(track):
        part = track[at : at + rng.randrange(1, 9)]
        at += len(part)
        body = [_body(town, fix, back) for fix in part]
        late = rng.randrange(1, 15) * MINUTE if rng.random() < 0.1 else 300
        arrives = min(part[-1].t + late, END)
        said.append(Said(arrives, f"patrol/v1/{UNIT}/{name}/fix", json.dumps(body).encode()))
    return said


def _sign_off(name: str, t: int) -> Said:
    """A device says that its patrol ends: the silence after it hides nothing."""
    return Said(t + 500, f"patrol/v1/{UNIT}/{name}/status", json.dumps({"t": t, "online": False}).encode())


def _body(town: Ground, fix: Fix, back: int) -> dict[str, Any]:
    lat, lon = town.plane.degrees(fix.x, fix.y)
    accuracy = {} if fix.acc is None else {"acc": fix.acc}
    return {"t": fix.t - back, "lat": lat, "lon": lon, **accuracy}


def _plan(asked: Asked) -> dict[str, Any]:
    return {"limit_s": LIMIT_S, "dwell_s": round(asked.dwell_s), "path_m": asked.path_m}


def _file(town: Ground, cells: Sequence[Cell]) -> bytes:
    """The grid file of a division; every cell is a responsibility grid of its own."""
    district, street = AREAS
    areas = [("district", district, None), ("street", street, district)]
    areas += [("grid", f"G{cell.number}", street) for cell in cells]
    features: list[dict[str, Any]] = [
        {"type": "Feature", "geometry": None, "properties": {"kind": kind, "code": of, "name": of, "parent": above}}
        for kind, of, above in areas
    ]
    features += [_feature(town, cell) for cell in cells]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _feature(town: Ground, cell: Cell) -> dict[str, Any]:
    properties = {
        "kind": "cell",
        "code": code(cell.number),
        "name": None,
        "grid": f"G{cell.number}",
        "class": town.classes[cell.number],
        "weight": 1.0,
        "road_m": None,
    }
    geometry = {"type": "Polygon", "coordinates": town.plane.rings(cell.polygon)}
    return {"type": "Feature", "geometry": geometry, "properties": properties}
