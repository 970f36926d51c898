"""Duration of one evaluation of a city, without I/O: `make bench-evaluation ARGS="--strict"`.

Measured is what the watcher does at each look with what it has read (`prepare.situation`, then `rules.evaluate`), in
mid-shift with full habits: arrivals, coverage, probability of a breach, levels, alerts, streets short of officers.
Once nothing stands yet and everything opens, once it all stands. The unit is one core, so what counts is the CPU time.
The baseline is the distance from every cell to every officer: what a search without a tree begins with.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from alerts.coverage import arrival, habits, learning, outlook, risk, rules, situation, staffing, thresholds
from alerts.life.ledger import AlertLedger
from alerts.life.model import Change
from alerts.store import prepare, reads, whereabouts
from schemas import wire
from tracking.coverage import coverage
from tracking.geometry import streets as ways
from tracking.geometry.lookup import EVER, CityGrid, GridCell
from tracking.plans import calendars, plans
from tracking.plans.rule_version import RuleVersion
from tracking.presence.fixes import FixColumns
from tracking.store.city import city

SIZES = ((1_528, 600, 50.0), (15_000, 6_000, 1_000.0))
"""Cells, officers, and the limit, ms."""
NOW = 1_769_997_600_000
"""10:00 in the city, two hours into the shift."""
HOUR, MINUTE = 3_600_000, 60_000
SIDE_DEG = 0.002
"""Side of a cell: about 200 m."""
CELLS_A_STREET = 120
DAYS, STOPS = 4, 40
"""Of each officer, that were learned from."""
LIMITS_S = {"business": 7_200, "public": 5_400, "institution": 14_400, "residential": 14_400}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A city and what was read of it."""

    where: reads.CityState
    seen: reads.Snapshot
    learned: outlook.Learned


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    seed: Annotated[int, typer.Option(help="Each seed gives another city")] = 1,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a limit is exceeded")] = False,
) -> None:
    """Measure how long one evaluation takes."""
    table = Table("cells", "officers", "alerts", "opening, ms", "standing, ms", "limit, ms", "times the baseline")
    rows = []
    for cells, officers, limit in SIZES:
        made = case(cells, officers, seed)
        alerts = AlertLedger()
        alerts.apply(evaluate(made))
        standing = replace(made, seen=replace(made.seen, opened=alerts.opened))
        took = {
            "opening_ms": fastest_ms(partial(evaluate, made)),
            "standing_ms": fastest_ms(partial(evaluate, standing)),
            "baseline_ms": fastest_ms(partial(distances, made)),
        }
        worst = max(took["opening_ms"], took["standing_ms"])
        rows.append({"cells": cells, "officers": officers, "alerts": len(alerts.alerts), "limit_ms": limit, **took})
        table.add_row(
            f"{cells:,}", f"{officers:,}", f"{len(alerts.alerts):,}", f"{took['opening_ms']:.1f}",
            f"{took['standing_ms']:.1f}", f"{limit:.0f}", f"{worst / took['baseline_ms']:.2f}",
        )  # fmt: skip
    Console().print(table)
    if json_file is not None:
        json_file.write_text(json.dumps(rows, indent=2) + "\n")
    missed = [row for row in rows if max(row["opening_ms"], row["standing_ms"]) > row["limit_ms"]]
    for row in missed:
        print(f"missed: {row['cells']:,} cells take {max(row['opening_ms'], row['standing_ms']):.1f} ms")
    if strict and missed:
        raise typer.Exit(1)


def evaluate(made: Case) -> list[Change]:
    """Judge the city once."""
    by = thresholds.Thresholds.same(thresholds.WarningRule(), len(made.where.cells.id))
    situation = prepare.situation(made.where, made.seen, arrival.ArrivalRule(), made.learned)
    return rules.evaluate(situation, made.seen.opened, by)


def distances(made: Case) -> float:
    """Look at every cell and officer together."""
    x, y = made.where.city.grid.xy(made.seen.newest.lat, made.seen.newest.lon)
    places = made.where.places
    return float(np.hypot(np.subtract.outer(places.x, x), np.subtract.outer(places.y, y)).min(axis=1).sum())


def fastest_ms(work: Callable[[], object], times: int = 7) -> float:
    """Least CPU time of some runs, ms: the others were disturbed."""
    spans = []
    for _ in range(times):
        begun = time.process_time()
        work()
        spans.append(time.process_time() - begun)
    return min(spans) * 1000


def case(cells: int, officers: int, seed: int) -> Case:
    """A square city whose officers walk to and fro among cells near them; some cells wait too long."""
    rng = np.random.default_rng(seed)
    where = place(cells)
    beats = np.linspace(0, cells - 1, officers).astype(np.intp)
    at = np.minimum(beats + rng.integers(0, 3, officers), cells - 1)
    x, y = where.places.x[at] + rng.normal(0, 40, officers), where.places.y[at] + rng.normal(0, 40, officers)
    lat, lon = _degrees(where, x, y)
    newest = FixColumns.from_columns(
        officers, device=np.arange(1, officers + 1), t=np.full(officers, NOW - 5_000), lat=lat, lon=lon,
        bat=np.full(officers, 80.0), src=np.full(officers, wire.SOURCE_CODE[wire.Source.GNSS]),
        duty=np.full(officers, wire.DUTY_CODE[wire.Duty.DUTY]),
    )  # fmt: skip
    never = np.full(cells, coverage.NEVER, dtype=np.int64)
    basis = city.Basis(
        last_visit=NOW - rng.integers(0, 100 * MINUTE, cells),
        present=rng.random(cells) < 0.2,
        known_since=np.full(cells, NOW - 24 * HOUR),
        possible=never,
        between=never,
        quota=coverage.Quota.none(cells),
        heard=NOW,
    )
    around = whereabouts.Whereabouts(
        officers=habits.Where(
            device=np.arange(officers), before=np.maximum(at - 1, 0), cell=at, left=rng.random(officers) < 0.3,
            since_ms=rng.integers(0, 20 * MINUTE, officers), silent_ms=np.full(officers, 5_000),
        ),
        busy=_nobody(),
        inside_since=never,
    )  # fmt: skip
    seen = reads.Snapshot(
        now=NOW, basis=basis, officers=[f"cam-{n}" for n in range(officers)], newest=newest,
        areas=[where.city.streets[k] for k in where.city.street[at].tolist()], around=around, opened=[], clearing={},
        amended={},
    )  # fmt: skip
    return Case(where=where, seen=seen, learned=_learned(where, beats, rng))


def place(cells: int) -> reads.CityState:
    """Squares in rows, in streets of some dozens."""
    columns = int(np.ceil(np.sqrt(cells)))
    classes = sorted(LIMITS_S)
    named = [
        city.CityCell(
            id=n + 1, code=f"4413020{n // 999:02d}001{n % 999 + 1:03d}", name=f"网格-{n + 1}", cls=classes[n % 4],
            weight=1.0, road_m=None, grid=f"G{n // 3}", street=f"4413020{n // CELLS_A_STREET:02d}", district="441302",
            synthetic=True, begins=EVER,
            geometry={"type": "Polygon", "coordinates": [_ring(n % columns, n // columns)]},
        )
        for n in range(cells)
    ]  # fmt: skip
    streets = tuple(sorted({cell.street for cell in named}))
    street = np.array([streets.index(cell.street) for cell in named], dtype=np.int32)
    versions = [
        RuleVersion(id=n + 1, kind=plans.KIND, scope=f"class:{name}", body={"limit_s": limit}, valid_from=0,
                    valid_to=None, made_at=0, made_by="bench")
        for n, (name, limit) in enumerate(LIMITS_S.items())
    ]  # fmt: skip
    asked = plans.Plans(
        versions, [plans.Site(scopes=(plans.CITY, f"class:{c.cls}"), weight=1.0, road_m=None) for c in named]
    )
    town = city.City(
        cells=tuple(named),
        plans=asked,
        calendar=calendars.DutyCalendar("Asia/Shanghai", [("00:00", "24:00")]),
        time_zone="Asia/Shanghai",
        grid=CityGrid([GridCell(id=cell.id, rings=cell.geometry["coordinates"]) for cell in named]),
        street=street,
        streets=streets,
        index={cell.id: at for at, cell in enumerate(named)},
        begins=np.full(cells, EVER),
        areas={},
    )
    columns_of = situation.CellColumns(
        id=np.array([cell.id for cell in named], dtype=np.int32),
        code=[cell.code for cell in named],
        name=[cell.name or cell.code for cell in named],
        street=street.astype(np.intp),
        streets=[staffing.StreetTeam(code=code, name=code) for code in streets],
        dwell_ms=town.dwells_ms(NOW),
        weight=np.ones(cells),
    )
    places = arrival.PlanePoints.of(*town.grid.centroids(), columns_of.street)
    return reads.CityState(
        signature="bench", city=town, cells=columns_of, places=places, streets=_streets(places), routes_wanted=None
    )


def _streets(places: arrival.PlanePoints) -> ways.StreetWays:
    """Ways as in a town of square blocks: as far to the east as to the north, and never across."""
    offsets = np.abs(np.arange(ways.SQUARES) - ways.SQUARES // 2 + 0.5) * ways.SQUARE_M
    one = (offsets[:, None] + offsets[None, :]).astype(np.uint16)
    squares = np.broadcast_to(one, (len(places), *one.shape)).copy()
    return ways.StreetWays(x=ways.middle(places.x), y=ways.middle(places.y), squares=squares)


def _ring(column: int, row: int) -> list[list[float]]:
    west, south = 114.4 + column * SIDE_DEG, 23.0 + row * SIDE_DEG
    east, north = west + SIDE_DEG, south + SIDE_DEG
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _degrees(where: reads.CityState, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Degrees of places on the plane: straight between two corners, close enough here."""
    lats, lons = np.array([23.0, 23.01]), np.array([114.4, 114.41])
    x2, y2 = where.city.grid.xy(lats, lons)
    lat = lats[0] + (y - y2[0]) * (lats[1] - lats[0]) / (y2[1] - y2[0])
    return lat, lons[0] + (x - x2[0]) * (lons[1] - lons[0]) / (x2[1] - x2[0])


def _nobody() -> habits.Where:
    none = np.empty(0, dtype=np.intp)
    return habits.Where(device=none, before=none, cell=none, left=none.astype(np.bool_), since_ms=none, silent_ms=none)


def _learned(where: reads.CityState, beats: np.ndarray, rng: np.random.Generator) -> outlook.Learned:
    """What some days of walking among three cells each teach."""
    rows, officers = len(beats) * DAYS * STOPS, len(beats)
    device = np.repeat(np.arange(officers), DAYS * STOPS)
    cell = np.minimum(beats[device] + rng.integers(0, 3, rows), len(where.places) - 1)
    stop = np.tile(np.arange(DAYS * STOPS), officers)
    t_in = NOW - 15 * 24 * HOUR + stop // STOPS * 24 * HOUR + stop % STOPS * 12 * MINUTE
    t_out = t_in + rng.integers(3, 11, rows) * MINUTE
    stays = habits.Stops(
        device=device, cell=cell, t_in=t_in, t_out=t_out, valid=np.ones(rows, np.bool_),
        counted=stop % STOPS < STOPS - 9,
    )  # fmt: skip
    classes, class_of = learning.classes_of(where.city)
    waits = learning.waits_of(where.city, cell, t_in, t_out, NOW)
    return outlook.Learned(
        survival=risk.fit(waits, class_of, len(classes)), habits=habits.fit(stays, len(where.places))
    )


if __name__ == "__main__":
    typer.run(main)
