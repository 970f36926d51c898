"""The pipeline in memory: stores every fix once, advances the engine, recomputes late windows."""

from dataclasses import dataclass, field

import numpy as np

from bench.fleet import Fleet, Town
from tracking.geometry.zones import Zones
from tracking.presence import plausibility, stays, suspects
from tracking.presence.engine import RUN_GAP_MS, Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import Run, Stay
from tracking.quality import datums
from tracking.store.presence import sighting_store

BATCH_MS = 60_000
"""Arrivals of so long go through the engine at once."""
LATE_EVERY = 60
"""Late windows of so many batches are computed again together, as they are under load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the server knows in the end."""

    stays: list[Stay]
    runs: list[Run]
    sightings: list[sighting_store.Seen] = field(default_factory=list)


class Server:
    """Takes a fleet's fixes in order of arrival.

    Args:
        town: cells and rules.
        fleet: what arrives.
    """

    def __init__(self, town: Town, fleet: Fleet) -> None:
        self.engine = Engine(town.grid, town.visit_rules())
        self.recomputed = 0
        """Fixes that went through the engine again."""
        self._fleet, self._town = fleet, town
        self._stored = np.zeros(len(fleet.fixes), np.bool_)
        self._known: dict[int, dict[int, stays.Stay]] = {who.number + 1: {} for who in fleet.officers}
        self._runs: dict[int, dict[int, stays.Run]] = {who.number + 1: {} for who in fleet.officers}
        self._late: dict[int, tuple[int, int]] = {}

    def run(self) -> Known:
        """Take everything, then let a long silence pass."""
        fleet = self._fleet
        if len(fleet.due):
            edges = np.arange(int(fleet.due[0]), int(fleet.due[-1]) + BATCH_MS, BATCH_MS)
            for number, rows in enumerate(np.split(fleet.row, np.searchsorted(fleet.due, edges[1:])), 1):
                self._receive(rows)
                if number % LATE_EVERY == 0:
                    self._back_fill()
        self._back_fill()
        sightings = self._ahead() + self._suspect_shifts()
        self._keep(self.engine.settle(int(fleet.fixes.t.max(initial=0)) + 10 * RUN_GAP_MS))
        return Known(
            stays=[stay for of_device in self._known.values() for stay in of_device.values()],
            runs=[run for of_device in self._runs.values() for run in of_device.values()],
            sightings=sightings,
        )

    def _ahead(self) -> list[sighting_store.Seen]:
        """Where devices were whose fixes are refused for their clocks, as the store keeps it."""
        ahead = self._fleet.ahead.take(plausibility.eligible(self._fleet.ahead))
        cells = self._town.grid.locate(ahead.lat, ahead.lon)
        slots = sorted(sighting_store.by_slot(ahead, cells).items())
        return sighting_store.merged((device, cell, min(at), max(at)) for (device, cell, _), at in slots)

    def _suspect_shifts(self) -> list[sighting_store.Seen]:
        """Look whether shifts lie off their areas or roads, as the cleaning does: a suspect interval is no presence."""
        sightings: list[sighting_store.Seen] = []
        for who in self._fleet.officers:
            device, grid = who.number + 1, self._town.grid
            start, stop = self._fleet.first[device - 1 : device + 1]
            fixes = self._fleet.fixes.take(start + np.flatnonzero(self._stored[start:stop]))
            real = fixes.take(fixes.present())
            if not len(real):
                continue
            better = datums.better_datum(datums.area_offset(grid, Zones(grid, {"beat": who.beat}), real))
            better = better or datums.off_roads(self._town.roads, grid, real)
            if better is not None:
                sightings += datums.cells_under(grid, real, better.fits)
                self._take_back(device, fixes)
        return sightings

    def _take_back(self, device: int, fixes: FixColumns) -> None:
        suspect = suspects.marked(fixes, {device: [(int(fixes.t[0]), int(fixes.t[-1]))]})
        within = stays.StoredStays(list(self._known[device].values()), list(self._runs[device].values()))
        self._keep(self.engine.recompute(device, suspect, within, "doubt"))

    def _receive(self, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        new = np.unique(rows)
        new = new[~self._stored[new]]
        if not len(new):
            return
        self._stored[new] = True
        batch = self._fleet.fixes.take(new)
        answer = self.engine.advance(batch)
        self._keep(answer.changes)
        for device, t in zip(batch.device[answer.late].tolist(), batch.t[answer.late].tolist(), strict=True):
            lo, hi = self._late.get(device, (t, t))
            self._late[device] = min(lo, t), max(hi, t)

    def _back_fill(self) -> None:
        for device, (lo, hi) in self._late.items():
            start, stop = self._fleet.first[device - 1 : device + 1]
            rows = start + np.flatnonzero(self._stored[start:stop])
            t = self._fleet.fixes.t[rows]
            cuts = np.flatnonzero(np.diff(t) > RUN_GAP_MS) + 1
            first = max([0, *cuts[t[cuts] <= lo].tolist()])
            end = min([len(t), *cuts[t[cuts] > hi].tolist()])
            fixes = self._fleet.fixes.take(rows[first:end])
            within = stays.StoredStays(
                [stay for t_in, stay in self._known[device].items() if fixes.t[0] <= t_in <= fixes.t[-1]],
                [run for t_first, run in self._runs[device].items() if fixes.t[0] <= t_first <= fixes.t[-1]],
            )
            self._keep(self.engine.recompute(device, fixes, within, "late"))
            self.recomputed += len(fixes)
        self._late.clear()

    def _keep(self, changes: stays.Changes) -> None:
        for change in changes.stays:
            if change.stay is None:
                self._known[change.device].pop(change.t_in, None)
            else:
                self._known[change.device][change.t_in] = change.stay
        for each in changes.runs:
            if each.run is None:
                self._runs[each.device].pop(each.t_first, None)
            else:
                self._runs[each.device][each.t_first] = each.run
