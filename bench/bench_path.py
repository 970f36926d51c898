"""Accuracy of the path inside a cell, by noise and sampling, and on real tracks: `make bench-path ARGS="--strict"`.

Walks of known length and an hour on one spot go through the engine with made errors. Real tracks, which lie beside the
repository, are cut into squares; the path of each stay is held against a smoother that shares nothing with the product.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import smoother, walks
from bench.smoother import Float
from bench.truth import geolife
from tracking.geometry import degrees
from tracking.geometry.lookup import CityGrid, GridCell
from tracking.presence.engine import Engine
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import Stay
from tracking.presence.visit_rules import VisitRule, VisitRules

T0 = 1_790_000_000_000
ORIGIN, M_PER_LAT, M_PER_LON = (23.08, 114.41), 110_750.0, 102_470.0
SPEED_M_PER_S = 1.2
EVERY_S = (1, 5, 10, 30)
NOISES = ((1.0, 0.0), (1.0, 4.0), (3.0, 4.0), (1.0, 8.0), (8.0, 0.0))
"""Standard deviations per axis, m: without memory, and of the drift."""
ACCURACIES = (3.0, 5.0, 8.0, 12.0, 25.0, np.nan)
"""Declared with the real tracks, m; NaN: not reported."""
SIDE_M = 150.0
LEAST_M, LEAST_FIXES = 60.0, 4
"""Of stays on real tracks that are compared."""
RULE = VisitRule(dwell_ms=180_000, path_m=150.0)

JUDGED_S = 10
"""Sampling up to which a walk must be right."""
USUAL_M = 4.0
"""Errors up to which it must."""
MOST_OFF = 0.1
MOST_STANDING_M = 50.0
MOST_REAL_OFF = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came out of one kind of error and sampling, means over the runs."""

    white_m: float
    drift_m: float
    every_s: float
    reported: bool
    """Whether the accuracy is reported; else it is estimated."""
    shares: dict[str, float]
    """Measured ÷ true way, by walk."""
    standing_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """Path ÷ that of the smoother, over stays on real tracks with one declared accuracy."""

    accuracy_m: float
    stays: int
    median: float
    tenth: float
    ninetieth: float


def main(
    runs: Annotated[int, typer.Option(min=1, help="Number of walks of each kind")] = 10,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure and judge."""
    console = Console(width=130)
    kinds = [(*noise, every, reported) for reported in (True, False) for noise in NOISES for every in EVERY_S]
    walked = track(kinds, "walks …", console=console)
    rows = [measure(white, drift, every, reported=reported, runs=runs) for white, drift, every, reported in walked]
    console.print(_table(rows))
    real = list(compare(console))
    missed = [*judge(rows), *judge_real(real)]
    if json_file is not None:
        found = {"walks": [asdict(row) for row in rows], "real": [asdict(each) for each in real], "missed": missed}
        json_file.write_text(json.dumps(found, indent=1))
    for each in missed:
        console.print(f"missed: {each}")
    if strict and missed:
        raise typer.Exit(1)


def measure(white_m: float, drift_m: float, every: float, *, reported: bool, runs: int, seed: int = 1) -> Row:
    """Walk each of the walks, and stand, with errors of one kind."""
    rng = np.random.default_rng(seed)
    accuracy = 1.515 * float(np.hypot(white_m, drift_m)) if reported else np.nan
    city = _squares([(0, 0)], 300.0)
    shares = {}
    for name, corners in walks.WALKS.items():
        t, places, length = walks.along(corners, speed=SPEED_M_PER_S, every=every)
        paths = [_path(city, t, places + walks.errors(t, white_m, drift_m, rng), accuracy) for _ in range(runs)]
        shares[name] = float(np.mean(paths)) / length
    t, places = walks.stand(every=every)
    standing = [_path(city, t, places + walks.errors(t, white_m, drift_m, rng), accuracy) for _ in range(runs)]
    return Row(
        white_m=white_m,
        drift_m=drift_m,
        every_s=every,
        reported=reported,
        shares=shares,
        standing_m=float(np.mean(standing)),
    )


def judge(rows: list[Row]) -> Iterator[str]:
    """Which walks are not right within a tenth, and who walks while standing."""
    for row in rows:
        kind = f"noise {row.white_m:g} m, drift {row.drift_m:g} m, every {row.every_s:g} s" + (
            "" if row.reported else ", accuracy not reported"
        )
        usual = row.every_s <= JUDGED_S and max(row.white_m, row.drift_m) <= USUAL_M and row.white_m < USUAL_M / 2
        for name, share in row.shares.items():
            if usual and abs(share - 1) > MOST_OFF:
                yield f"{name}, {kind}: {share:.2f} of its length"
        if row.standing_m >= MOST_STANDING_M:
            yield f"standing, {kind}: {row.standing_m:.0f} m in an hour"


def judge_real(real: list[Real]) -> Iterator[str]:
    """With which accuracies the path on real tracks is not that of the smoother."""
    for each in real:
        if abs(each.median - 1) > MOST_REAL_OFF:
            yield f"real tracks, accuracy {each.accuracy_m:g} m: median {each.median:.2f}"


def compare(console: Console) -> Iterator[Real]:
    """Hold the path of stays on real tracks against the smoother's."""
    if not geolife.TRACKS.is_dir():
        console.print(f"no real tracks: {geolife.MISSING}")
        return
    table = Table(title=f"Real tracks, stays of {LEAST_M:g} m and more in squares of {SIDE_M:g} m: path ÷ smoother's")
    for name in ("accuracy", "stays", "median", "lowest tenth", "highest tenth"):
        table.add_column(name, justify="right")
    found = [(*run, smoother.smoothed(*run)) for run in track(list(_runs()), "smoothing …", console=console)]
    for accuracy in ACCURACIES:
        shares = np.array([share for run in found for share in _shares(*run, accuracy)])
        tenth, median, ninetieth = np.quantile(shares, [0.1, 0.5, 0.9]).tolist()
        real = Real(accuracy_m=accuracy, stays=len(shares), median=median, tenth=tenth, ninetieth=ninetieth)
        declared = "not reported" if np.isnan(accuracy) else f"{accuracy:g} m"
        table.add_row(declared, str(real.stays), f"{median:.2f}", f"{tenth:.2f}", f"{ninetieth:.2f}")
        yield real
    console.print(table)


def _shares(t: Float, places: Float, smooth: Float, accuracy: float) -> Iterator[float]:
    walked = np.append(0, np.cumsum(np.hypot(*np.diff(smooth, axis=0).T)))
    corners = sorted({(int(x), int(y)) for x, y in np.floor(places / SIDE_M)})
    for stay in _stays(_squares(corners, SIDE_M), t, places, accuracy):
        begin, end = np.interp([(stay.t_in - T0) / 1000, (stay.t_out - T0) / 1000], t, walked)
        whole = stay.dwell_ms >= stay.t_out - stay.t_in - 1
        if whole and stay.fixes >= LEAST_FIXES and end - begin >= LEAST_M:
            yield stay.path_m / (end - begin)


def _runs() -> Iterator[tuple[Float, Float]]:
    for path in sorted(geolife.TRACKS.glob("*.plt")):
        fixes: dict[float, tuple[float, float]] = {}
        for line in path.read_text().splitlines()[6:]:
            lat, lon, _, _, _, day, clock = line.split(",")
            moment = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)
            fixes.setdefault(moment.timestamp(), (float(lat), float(lon)))
        t, (lat, lon) = np.array(sorted(fixes)), np.array([fixes[t] for t in sorted(fixes)]).T
        east, north = degrees.metres(lat - lat[0], lon - lon[0], lat[0])
        for part in np.split(np.arange(len(t)), np.flatnonzero(np.diff(t) > 120) + 1):
            if len(part) > 30:
                yield t[part] - t[part[0]], np.stack([east, north], axis=1)[part]


def _path(grid: CityGrid, t: Float, places: Float, accuracy: float) -> float:
    return max((stay.path_m for stay in _stays(grid, t, places, accuracy)), default=0.0)


def _stays(grid: CityGrid, t: Float, places: Float, accuracy: float) -> list[Stay]:
    """Stays of a track in the cells of a grid."""
    engine, n = Engine(grid, VisitRules.always([RULE] * len(grid))), len(t)
    lat, lon = _degrees(places[:, 0], places[:, 1])
    fixes = FixColumns.from_columns(
        n, device=[1] * n, t=T0 + np.round(t * 1000).astype(np.int64), lat=lat, lon=lon, acc=np.full(n, accuracy)
    )
    reported = [*engine.advance(fixes).changes.stays, *engine.settle(T0 + 10**9).stays]
    known = {change.t_in: change.stay for change in reported}
    return [stay for stay in known.values() if stay is not None]


def _squares(corners: list[tuple[int, int]], side: float) -> CityGrid:
    """Square cells with their south-west corners at so many sides east and north."""
    around = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    rings = [np.stack(_degrees(*(side * (np.array(corner) + around)).T)[::-1], axis=1).tolist() for corner in corners]
    return CityGrid([GridCell(id=number, rings=[ring]) for number, ring in enumerate(rings, 1)])


def _degrees(x: Float, y: Float) -> tuple[Float, Float]:
    """(lat, lon) of places so many metres east and north of a corner of the city."""
    return ORIGIN[0] + y / M_PER_LAT, ORIGIN[1] + x / M_PER_LON


def _table(rows: list[Row]) -> Table:
    table = Table(title=f"Path measured ÷ walked at {SPEED_M_PER_S:g} m/s, and path of an hour on one spot")
    for name in ("noise", "drift", "accuracy", "every", *walks.WALKS, "standing"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            f"{row.white_m:g} m", f"{row.drift_m:g} m", "reported" if row.reported else "not reported",
            f"{row.every_s:g} s", *(f"{share:.2f}" for share in row.shares.values()), f"{row.standing_m:.0f} m",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    typer.run(main)
