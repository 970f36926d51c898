"""Histories of one shift through the real pipeline on a real PostgreSQL: every order must give the same result."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog

from alerts.run import watch
from alerts.store.store import AlertStore
from bench import figures
from bench.figures import Figure
from bench.truth import history, judge, referee
from bench.truth.history import END, T0, Decided, Said, Shift
from bench.truth.referee import Stay
from bench.truth.score import Score
from ingest.decoding.message import DeviceMessage
from ingest.run.config import WorkerConfig
from ingest.run.path.assembly import make_pipeline
from ingest.run.path.intake import Intake
from ingest.run.path.pipeline import BatchLimits, Pipeline
from patrol.services import migrate, postgres
from runtime import db
from tracking.store.city import city as cities
from tracking.store.city import route_store
from tracking.store.presence import indicator_store, observation
from tracking.store.tracks import device_store
from web.store import coverage

LEVELS: tuple[coverage.Level, ...] = ("grid", "street", "district")
LOOK_MS = 15 * history.MINUTE
BATCH = 40
_ONE_BY_ONE = """
INSERT INTO rule_versions (kind, scope, body, valid_from, made_by)
VALUES ('warning', 'city', '{"crowd_cells": 1000}', '2020-01-01Z', 'bench')
"""
"""Every cell is reported by itself, since the cells that an alert of a street names depend on when it opens."""
WHAT = "stays", "runs", "since when observed", "fixes", "coverage", "indicators", "gaps of alerts"


@dataclass(slots=True)
class Tally:
    """What the histories of some shifts came to."""

    score: Score = field(default_factory=Score)
    differing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WHAT, 0))
    """Histories that say otherwise than the first one of their shift, by what they say."""
    lost: int = 0
    """Fixes that are not stored, or beside those of the shift."""
    refused: int = 0
    old: int = 0
    moved_s: float = 0.0
    gaps: int = 0

    def add(self, name: str, shift: Shift, known: Sequence[dict[str, Any]]) -> None:
        """Count a shift."""
        expected, first = _expected(shift), known[0]
        self.score.add(name, expected, first["by device"])
        said = sum(map(len, shift.tracks.values()))
        self.score.fixes += said
        for what in WHAT:
            self.differing[what] += sum(each[what] != first[what] for each in known[1:])
        self.lost += sum(abs(each["fixes"] - said) for each in known)
        self.refused += first["refused as old"]
        self.old += sum(
            len(one.payload.split(b'"t"')) - 1 for one in shift.said if one.topic.split("/")[3] in history.OLD
        )
        since = min(stay.begin for stays in expected.values() for stay in stays)
        self.moved_s = max(self.moved_s, *(abs(each["since when observed"] / 1000 - since) for each in known))
        self.gaps += len(first["gaps of alerts"][0])

    def figures(self) -> list[Figure]:
        """What it says."""
        ways = f"{len(history.WAYS)} histories, {self.score.stays} stays"
        return [
            *judge.figures("through the pipeline", self.score, bound=True),
            *(_none("any order", f"differ in {name}", count, ways) for name, count in self.differing.items()),
            Figure(bench="any order", name="gaps that stand", value=self.gaps, unit="", baseline=ways, least=1),
            _none("any order", "fixes lost or doubled", self.lost, f"{self.score.fixes:,} fixes"),
            _none("clocks of years ago", "not refused", self.old - self.refused, f"{self.old} fixes"),
            Figure(
                bench="clocks of years ago", name="start of observation moved", value=self.moved_s, unit="s",
                baseline="by the rules", most=0.01,
            ),
        ]  # fmt: skip


def _none(bench: str, name: str, count: int, baseline: str) -> Figure:
    """A count of what must not be."""
    return Figure(bench=bench, name=name, value=count, unit="", baseline=baseline, most=0)


async def measure(seeds: Sequence[int] = (1, 2)) -> list[Figure]:
    """Figures of the histories of some shifts."""
    # The pipeline tells of every stretch that it computes again.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    tally = Tally()
    tasks = [(seed, way) for seed in seeds for way in history.WAYS]
    known: dict[int, list[dict[str, Any]]] = {seed: [] for seed in seeds}
    with tempfile.TemporaryDirectory(prefix="patrol-bench-") as folder:
        server = postgres.EmbeddedPostgres(Path(folder) / "postgres")
        await server.start()
        try:
            for seed, way in figures.progress(tasks, "histories"):
                known[seed].append(await _known(server.url, history.shift(seed), way, seed))
        finally:
            server.stop()
    for seed, answers in known.items():
        tally.add(f"shift {seed}", history.shift(seed), answers)
    return tally.figures()


async def _known(url: str, shift: Shift, way: history.Way, seed: int) -> dict[str, Any]:
    """What is known in the end of a history, in a database of its own."""
    name = f"truth_{way.__name__}_{seed}"
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
    finally:
        await admin.close()
    own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    await migrate.migrate(own)
    async with asyncpg.create_pool(own, min_size=1, max_size=4) as pool, pool.acquire() as conn:
        names = sorted({one.topic.split("/")[3] for one in shift.said})
        for device in names:
            await device_store.enrol(conn, {device: history.UNIT})
        await conn.execute(_ONE_BY_ONE)
        watcher = watch.Watcher(pool, now=lambda: clock[0])
        clock = [T0]
        for now, things in way(Random(seed), shift):  # noqa: S311 - a simulation
            pipeline = await _pipeline(own, pool, clock)
            await _taken(pipeline, clock, conn, things, now)
            await watcher.look_once(conn)
        clock[0] = END + watch.LATE_MS
        await watcher.look_once(conn)
        return await _answers(pool, conn, shift)


async def _pipeline(url: str, pool: db.Pool, clock: list[int]) -> Pipeline:
    """A pipeline that knows only what the database holds, as after a restart or a hand-over."""
    limits = BatchLimits(upkeep_s=0.0, backfill_s=30.0)
    config = WorkerConfig(database_url=url, mqtt_url="", auto_enrol=True, limits=limits)
    return await make_pipeline(config, pool, Intake(), lambda _topic, _payload: None, lambda: clock[0])


async def _taken(
    pipeline: Pipeline, clock: list[int], conn: db.Connection, things: Sequence[Said | Decided], now: int
) -> None:
    waiting = 0
    for each in things:
        if isinstance(each, Decided):
            await _settled(pipeline)
            await each.done(conn, now)
            continue
        clock[0] = min(max(clock[0], each.arrives), now)
        pipeline.intake.put([DeviceMessage(each.topic, each.payload, False, clock[0], 1)])  # noqa: FBT003 - a tuple
        waiting += 1
        if waiting % BATCH == 0:
            await pipeline.step()
    clock[0] = now
    await _settled(pipeline)


async def _settled(pipeline: Pipeline) -> None:
    await pipeline.step()
    while await pipeline.database.pool.fetchval("SELECT EXISTS (SELECT FROM dirty_windows)"):
        await pipeline.step()


async def _answers(pool: db.Pool, conn: db.Connection, shift: Shift) -> dict[str, Any]:
    stays = await conn.fetch(
        "SELECT device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open FROM stays "
        "WHERE known_to IS NULL ORDER BY device, t_in"
    )
    coverage_now = await _coverage(conn)
    overdue = {cell.cell for cell in coverage_now[-1] if cell.state == "overdue"}
    reported = [alert for alert in await AlertStore(pool).open() if alert.level == "red" and alert.cell in overdue]
    return {
        "stays": stays,
        "runs": await conn.fetch(
            "SELECT device, t_first, lat_first, lon_first, t_last, lat_last, lon_last, open FROM runs "
            "ORDER BY device, t_first"
        ),
        "since when observed": await observation.observed_since(conn),
        "fixes": await conn.fetchval("SELECT count(*) FROM fixes"),
        "coverage": coverage_now,
        "indicators": await _indicators(conn),
        "gaps of alerts": (sorted(overdue), sorted(alert.key for alert in reported)),
        "refused as old": await conn.fetchval(
            "SELECT coalesce(sum(n), 0)::bigint FROM refusal_counts WHERE reason IN ('too_old', 'week_rollover')"
        ),
        "by device": await _by_device(conn, shift),
    }


async def _by_device(conn: db.Connection, shift: Shift) -> dict[int, list[Stay]]:
    """Stays by number of the device, cells by our own numbers."""
    made: dict[int, list[Stay]] = {n: [] for n in shift.tracks}
    rows = await conn.fetch(
        "SELECT d.name, c.code, s.* FROM stays s JOIN devices d ON d.id = s.device JOIN cells c ON c.id = s.cell "
        "WHERE s.known_to IS NULL AND s.kind <> 'between'"
    )
    for row in rows:
        made[int(row["name"].removeprefix("cam-"))].append(
            Stay(
                cell=int(row["code"][-3:]),
                begin=db.millis(row["t_in"]) / 1000,
                end=db.millis(row["t_out"]) / 1000,
                dwell_s=row["dwell_ms"] / 1000,
                path_m=row["path_m"],
                fixes=row["fixes"],
                kind=row["kind"],
            )
        )
    return made


async def _coverage(conn: db.Connection) -> list[Any]:
    """Coverage of cells and areas at moments of the shift; last the cells at its end."""
    made: list[Any] = []
    place: coverage.CityAt | None = None
    for at in range(T0 + LOOK_MS, END + 1, LOOK_MS):
        place = await coverage.load_place(conn, place, at)
        judged = coverage.judge(place, *await coverage.read_inputs(conn, place, at), at)
        drives = await coverage.drive_throughs(conn, judged, None)
        made += [coverage.of_areas(judged, level, drives) for level in LEVELS]
        made.append([coverage.of_cell(judged, row, drives) for row in range(len(place.city.cells))])
    return made


async def _indicators(conn: db.Connection) -> str:
    city = await cities.load(conn, END - 1)
    routes = await route_store.load(conn, city.grid)
    indicators, sums = indicator_store.figures(city, await indicator_store.read(conn, city, routes, T0, END))
    return repr({**asdict(indicators), **asdict(sums)})


def _expected(shift: Shift) -> dict[int, list[Stay]]:
    city = shift.ground.city
    return {device: referee.stays(city, track, shift.ground.asked) for device, track in shift.tracks.items()}
