"""A simulated shift of a whole fleet as the server sees it: columns of fixes, and the rows in order of arrival."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from device_sim.city import city as cities
from device_sim.city import grid_file, route_file
from device_sim.faults import faults
from device_sim.fleet import mix, officer, track, visits
from schemas import wire
from tracking.geometry.lookup import CityGrid, GridCell
from tracking.presence.fixes import FixColumns
from tracking.presence.visit_rules import VisitRule, VisitRules
from tracking.quality import clock
from tracking.routes import pieces
from tracking.routes.roads import Roads

SHIFT = 61_000
"""Any shift is as good as another; all officers work the same one."""
_SQL = Path(__file__).parents[1] / "schemas" / "sql" / "0001_core.sql"
_CLASS = re.compile(r"\('(\w+)', '[^']*', '[^']*', (\d+), (\d+), '[^']*', (\d+), (\d+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """The cells for the engine (numbered from 1) and for the simulation (from 0), with one set of rules."""

    grid: CityGrid
    rules: dict[int, VisitRule]
    """By number of the cell in the engine."""
    limit_ms: dict[int, int]
    """Longest wait outside peak hours, by number of the cell in the engine."""
    true_rules: dict[int, visits.VisitRule]
    """By number of the cell in the simulation."""
    roads: Roads

    def visit_rules(self) -> VisitRules:
        """The rules as the engine takes them."""
        return VisitRules.always([self.rules[int(cell)] for cell in self.grid.ids])


def town(seed: int) -> Town:
    """The synthetic town of a seed under the limits that a new installation has."""
    classes = {cls: [int(each) for each in numbers] for cls, *numbers in _CLASS.findall(_SQL.read_text())}
    features = [each for each in grid_file.city_geojson(seed)["features"] if each["properties"]["kind"] == "cell"]
    rules: dict[int, VisitRule] = {}
    limits: dict[int, int] = {}
    for n, feature in enumerate(features):
        limit, _, dwell, path = classes[feature["properties"]["class"]]
        rules[n + 1], limits[n + 1] = VisitRule(dwell_ms=dwell * 1000, path_m=float(path)), limit * 1000
    grid = CityGrid([GridCell(id=n + 1, rings=f["geometry"]["coordinates"]) for n, f in enumerate(features)])
    return Town(
        grid=grid,
        roads=_roads(seed, grid),
        rules=rules,
        limit_ms=limits,
        true_rules={n - 1: visits.VisitRule(dwell_ms=r.dwell_ms, path_m=r.path_m) for n, r in rules.items()},
    )


def _roads(seed: int, grid: CityGrid) -> Roads:
    features = route_file.roads_geojson(seed)["features"]
    cut = pieces.cut([np.array(way) for each in features for way in each["geometry"]["coordinates"]])
    return Roads(*grid.xy(cut.lat, cut.lon))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A shift of all officers."""

    officers: list[officer.Officer]
    shifts: list[mix.SimulatedShift]
    fixes: FixColumns
    """Every fix once, by device (number of the officer + 1) and time."""
    first: NDArray[np.int64]
    """Row of each officer's first fix in `fixes`, and one past the last of all."""
    row: NDArray[np.int64]
    """Rows of `fixes` in order of arrival, again for each duplicate; without what the server refuses."""
    due: NDArray[np.int64]
    """When each arrives, ms."""
    ahead: FixColumns
    """Fixes that the server refuses because they claim to be taken in the future, with their receipt."""

    def skew_ms(self) -> dict[int, int]:
        """Devices whose clock the product finds to be wrong, and by how much: its time less the true one, ms."""
        device, t = self.fixes.device[self.row], self.fixes.t[self.row]
        found = {}
        for name in np.unique(device).tolist():
            mine = device == name
            skew = clock.estimate(t[mine], self.due[mine])
            if skew is not None and abs(skew.ms) > clock.LIMIT_MS:
                found[name] = skew.ms
        return found


def muster(seed: int, officers: int, hours: float, plan: mix.Mix) -> Fleet:
    """Let the officers work the first `hours` of a shift under a mix of faults."""
    cities.build(seed)
    recruits = officer.with_habits(officer.recruit(officers, seed), seed, plan.habits)
    recruits = [replace(who, handover_ms=0) for who in recruits]
    until = recruits[0].shift_start(SHIFT) + int(hours * 3_600_000)
    routes: dict[tuple[int, int], list[int]] = {}
    shifts = [_until(mix.shift(seed, plan, who, SHIFT, routes), until) for who in recruits]
    sizes = np.array([len(shift.taken) for shift in shifts])
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    fixes = FixColumns.concat(columns(who.number + 1, shift.taken) for who, shift in zip(recruits, shifts, strict=True))
    arrivals = [arrivals_of(shift.taken, shift.deliveries) for shift in shifts]
    refused = [arrivals_of(shift.taken, shift.deliveries, refused=True) for shift in shifts]
    row_ahead = np.concatenate([rows + start for (rows, _), start in zip(refused, first, strict=False)])
    row = np.concatenate([rows + start for (rows, _), start in zip(arrivals, first, strict=False)])
    due = np.concatenate([times for _, times in arrivals])
    order = np.argsort(due, kind="stable")
    return Fleet(
        officers=recruits,
        shifts=shifts,
        fixes=fixes,
        first=first,
        row=row[order],
        due=due[order],
        ahead=replace(fixes.take(row_ahead), received=np.concatenate([times for _, times in refused])),
    )


def columns(device: int, taken: track.Track) -> FixColumns:
    """What ingest makes of the messages of a device, as a test holds."""
    n = len(taken)
    return FixColumns.from_columns(
        n,
        device=np.full(n, device),
        t=taken.t,
        received=taken.t,
        lat=taken.lat.round(7),
        lon=taken.lon.round(7),
        acc=np.array([round(acc, 1) for acc in taken.acc.tolist()]),
        flags=np.where(taken.mock, int(wire.FixFlag.MOCK), 0),
    )


def arrivals_of(
    taken: track.Track, deliveries: faults.Deliveries, *, refused: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and time of every arrival of a fix that is not refused, or of those that are, in order."""
    sizes = deliveries.stop - deliveries.start
    due = np.repeat(deliveries.due, sizes)
    ends = np.cumsum(sizes)
    row = np.arange(int(sizes.sum())) - np.repeat(ends - sizes, sizes) + np.repeat(deliveries.start, sizes)
    asked = (taken.t[row] > due + wire.MAX_AHEAD_MS) == refused
    return row[asked], due[asked]


def _until(shift: mix.SimulatedShift, end: int) -> mix.SimulatedShift:
    """The part of a shift that happened, and was sent, before `end` (ms)."""
    way, sent = shift.way, shift.deliveries
    stop = int(np.searchsorted(way.t, end, side="left"))
    if end >= way.t[-1]:
        return shift
    t = np.append(way.t[:stop], end)
    x, y = np.interp(t, way.t, way.x), np.interp(t, way.t, way.y)
    rows = sent.due <= end
    return replace(
        shift,
        way=replace(way, t=t, x=x, y=y, cell=way.cell[:stop], mode=way.mode[:stop], also=way.also[:stop]),
        deliveries=replace(sent, due=sent.due[rows], start=sent.start[rows], stop=sent.stop[rows]),
    )
