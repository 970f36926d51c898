"""The product's engine on the worlds of the bench, in memory."""

from collections.abc import Mapping, Sequence
from math import isinf

import numpy as np

from bench.truth.fixes import Fix
from bench.truth.ground import Ground
from bench.truth.referee import Stay
from tracking.geometry.lookup import EVER, FOR_EVER, CityGrid, GridCell
from tracking.presence import stays
from tracking.presence.engine import RUN_GAP_MS, Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.visit_rules import VisitRule, VisitRules

BATCH_MS = 60_000


def judged(ground: Ground, tracks: Mapping[int, Sequence[Fix]]) -> dict[int, list[Stay]]:
    """Stays by device, in order of time, when everything comes in order and all devices at once."""
    engine = Engine(grid(ground), rules(ground))
    known: dict[tuple[int, int], stays.Stay] = {}
    fixes = columns(ground, tracks)
    for rows in np.split(np.argsort(fixes.t, kind="stable"), _cuts(np.sort(fixes.t))):
        _keep(known, engine.advance(fixes.take(rows)).changes)
    _keep(known, engine.settle(int(fixes.t.max()) + 10 * RUN_GAP_MS))
    # A time between two cells is no stay.
    known = {key: stay for key, stay in known.items() if stay.kind is not stays.StayKind.BETWEEN}
    return {
        device: [_stay(each) for (of, _), each in sorted(known.items()) if of == device] for device in sorted(tracks)
    }


def grid(ground: Ground) -> CityGrid:
    """The cells as the product has them."""
    return CityGrid([
        GridCell(
            id=cell.number,
            rings=ground.plane.rings(cell.polygon),
            begins=EVER if isinf(cell.begins) else int(cell.begins),
            ends=FOR_EVER if isinf(cell.ends) else int(cell.ends),
        )
        for cell in ground.cells
    ])  # fmt: skip


def rules(ground: Ground) -> VisitRules:
    """What a visit needs, as the product has it."""
    starts = [0, *([] if isinf(ground.replanned) else [int(ground.replanned)])]
    asked = [[ground.asked(cell.number, start) for cell in ground.cells] for start in starts]
    return VisitRules(
        starts,
        [[VisitRule(dwell_ms=round(each.dwell_s * 1000), path_m=each.path_m) for each in table] for table in asked],
    )


def columns(ground: Ground, tracks: Mapping[int, Sequence[Fix]]) -> FixColumns:
    """All fixes of all devices."""
    rows = [(device, fix) for device, track in tracks.items() for fix in track]
    lat, lon = np.array([ground.plane.degrees(fix.x, fix.y) for _, fix in rows]).T
    return FixColumns.from_columns(
        len(rows),
        device=[device for device, _ in rows],
        t=[fix.t for _, fix in rows],
        lat=lat,
        lon=lon,
        acc=[np.nan if fix.acc is None else fix.acc for _, fix in rows],
    )


def _cuts(t: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> list[int]:
    return [int(each) for each in np.searchsorted(t, np.arange(int(t[0]), int(t[-1]), BATCH_MS)[1:])]


def _keep(known: dict[tuple[int, int], stays.Stay], changes: stays.Changes) -> None:
    for change in changes.stays:
        if change.stay is None:
            known.pop((change.device, change.t_in), None)
        else:
            known[change.device, change.t_in] = change.stay


def _stay(each: stays.Stay) -> Stay:
    return Stay(
        cell=each.cell,
        begin=each.t_in / 1000,
        end=each.t_out / 1000,
        dwell_s=each.dwell_ms / 1000,
        path_m=each.path_m,
        fixes=each.fixes,
        kind=str(each.kind),
    )
