"""The law, end to end: one set of messages, imports and plans, in any order, twice, in any batches, says the same.

Over restarts and hand-overs, too. Imports and plans carry the moment from which they hold; among themselves they keep
their order, as the store demands.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from alerts.run import watch
from alerts.store.store import AlertStore
from runtime import db
from schemas import rest
from tests.support import lattice, patrols, pipelines
from tests.support.database import TestServer
from tests.support.patrols import Said
from tests.support.pipelines import Driven
from tracking.city import grids
from tracking.geometry.lookup import EVER
from tracking.store.city import city as cities
from tracking.store.city import grid_store, plan_store, route_store
from tracking.store.presence import indicator_store, observation
from tracking.store.tracks import device_store
from web.store import coverage

PATROLS, POSTS = 2, 6
MINUTES = 80
COLUMNS = 12
"""The patrols never get to the farther ones, not even in a silence."""
END = patrols.T0 + 100 * patrols.MINUTE
AREAS: tuple[coverage.Level, ...] = ("grid", "street", "district")
RULES = """
UPDATE rule_versions SET body = (body - 'limits') || '{"limit_s": 1200}'
WHERE kind = 'plan' AND scope = 'class:business';
INSERT INTO rule_versions (kind, scope, body, valid_from, made_by)
VALUES ('warning', 'city', '{"crowd_cells": 1000}', '2020-01-01Z', 'test')
"""
"""Gaps of a short shift are breached and end with a visit, and every cell is told of by itself."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is decided: a division of the city, or a plan, from a moment (ms) on; EVER: the first division."""

    holds_from: int
    division: bytes | None = None
    plan: dict[str, Any] | None = None

    async def done(self, conn: db.Connection, now: int) -> None:
        """Decide it at `now` (ms)."""
        if self.plan is not None:
            await plan_store.append(conn, "class:business", self.plan, self.holds_from, "test", now)
        if self.division is not None:
            grid = grids.parse(self.division)
            assert isinstance(grid, grids.Grid)
            made = await grid_store.import_grid(conn, grid, valid_from=max(self.holds_from, 0), now=now)
            assert isinstance(made, grid_store.GridImportResult), [str(fault) for fault in made]


Part = tuple[int, Sequence[Said | Act]]
"""What is taken together, and when, ms."""
Way = Callable[[random.Random, list[Said], list[Act]], list[Part]]


def as_it_happened(_rng: random.Random, said: list[Said], acts: list[Act]) -> list[Part]:
    """In order of arrival, every five minutes; what is decided is decided when it begins to hold."""
    parts: list[Part] = [(patrols.T0, [acts[0]])]
    left = acts[1:]
    for now, part in patrols.by_minutes(said, 5):
        due = [act for act in left if act.holds_from <= now]
        left = left[len(due) :]
        parts.append((now, [*part, *due]))
    return [*parts, (END, left)]


def shuffled(rng: random.Random, said: list[Said], acts: list[Act]) -> list[Part]:
    """Everything hours later, in any order, some of it twice, cut anywhere; what was decided in between."""
    mess: list[Said | Act] = [*said, *rng.sample(said, len(said) // 4)]
    rng.shuffle(mess)
    for at, act in zip(sorted((rng.randrange(len(mess)) for _ in acts), reverse=True), acts[::-1], strict=True):
        mess.insert(at, act)
    cuts = sorted(rng.randrange(len(mess)) for _ in range(9))
    return [(END, mess[lo:hi]) for lo, hi in zip([0, *cuts], [*cuts, len(mess)], strict=True)]


def backwards(_rng: random.Random, said: list[Said], acts: list[Act]) -> list[Part]:
    """The newest first, each device by itself, and then what was decided long before."""
    devices: list[Part] = [
        (END, [one for one in said[::-1] if f"cam-{n + 1}/" in one.topic]) for n in range(PATROLS + POSTS)
    ]
    return [*devices, (END, acts)]


WAYS: tuple[Way, ...] = (as_it_happened, shuffled, backwards)


def decided() -> list[Act]:
    """The city; in mid-shift its second cell is split, and the third is named anew; a plan asks for less."""
    first, second = lattice.collection(COLUMNS, 1), lattice.collection(COLUMNS, 1)
    south, north = lattice.square(1, 0), lattice.square(1, 0)
    middle = lattice.SOUTH + lattice.STEP / 2
    south[2][1] = south[3][1] = north[0][1] = north[1][1] = north[4][1] = middle
    at = next(n for n, each in enumerate(second["features"]) if each["properties"]["code"].endswith("002"))
    second["features"][at : at + 1] = [lattice.cell(91, south, "G0"), lattice.cell(92, north, "G0", "residential")]
    second["features"][at + 2]["properties"] |= {"name": "新名", "class": "residential", "weight": 3.0}
    return [
        Act(EVER, division=lattice.encoded(first)),
        Act(patrols.T0 + 42 * patrols.MINUTE, division=lattice.encoded(second)),
        Act(patrols.T0 + 50 * patrols.MINUTE, plan={"limit_s": 1200, "dwell_s": 200, "path_m": 90.0}),
    ]


def a_shift(seed: int) -> list[Said]:
    """Patrols of all but the farther cells, who sign off, and officers who stand in the first cell to the end."""
    place = lattice.SOUTH + lattice.STEP / 2, lattice.WEST + lattice.STEP / 2
    said = patrols.shift(seed, devices=PATROLS, minutes=MINUTES, leaving=1)
    for number in range(PATROLS, PATROLS + POSTS):
        times = range(patrols.T0, END, 2 * patrols.MINUTE)
        posts = [patrols.Fix(device=f"cam-{number + 1}", t=t, lat=place[0], lon=place[1], acc=5.0) for t in times]
        said += [patrols.message([post], post.t + 400) for post in posts]
    return sorted(said, key=lambda one: one.arrives)


async def stored(conn: db.Connection) -> list[Any]:
    """Visits and all other stays, runs, and since when the city is watched."""
    return [
        await conn.fetch(
            "SELECT device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open FROM stays "
            "WHERE known_to IS NULL ORDER BY device, t_in"
        ),
        await conn.fetch(
            "SELECT device, t_first, lat_first, lon_first, t_last, lat_last, lon_last, open FROM runs "
            "ORDER BY device, t_first"
        ),
        await observation.observed_since(conn),
    ]


async def shown(conn: db.Connection) -> list[Any]:
    """Coverage of cells and areas now and at moments before, and the indicators of the period."""
    place: coverage.CityAt | None = None
    made: list[Any] = []
    for at in range(patrols.T0 + 10 * patrols.MINUTE, END + 1, 15 * patrols.MINUTE):
        place = await coverage.load_place(conn, place, at)
        judged = coverage.judge(place, *await coverage.read_inputs(conn, place, at), at)
        drives = await coverage.drive_throughs(conn, judged, None)
        made += [coverage.of_cell(judged, row, drives) for row in range(len(place.city.cells))]
        made += [coverage.of_areas(judged, level, drives) for level in AREAS]
    loaded = await cities.load(conn, END - 1)
    routes = await route_store.load(conn, loaded.grid)
    figures, sums = indicator_store.figures(loaded, await indicator_store.read(conn, loaded, routes, patrols.T0, END))
    return [made, repr({**asdict(figures), **asdict(sums)})]


async def breached(pool: db.Pool, cells: Sequence[rest.CellCoverage]) -> list[str]:
    """Gaps beyond their limit that alerts tell of, where coverage can tell; and it tells the same."""
    overdue = {cell.cell for cell in cells if cell.state == "overdue"}
    told = [alert for alert in await AlertStore(pool).open() if alert.level == "red" and alert.cell in overdue]
    assert {alert.cell for alert in told} == overdue
    return sorted(alert.key for alert in told)


async def verdicts(conn: db.Connection) -> dict[str, bool | None]:
    """What the final state of each alert of a gap says: it stands (None), it was a breach, or it was none.

    Each is held against a slow answer from the visits as they are known at the end, whatever was told on the way.
    """
    said: dict[str, bool | None] = {}
    since = await observation.observed_since(conn)
    city = await cities.load(conn, END)
    for row in await conn.fetch("SELECT key, cell, state, level, facts FROM alerts WHERE kind = 'coverage_gap'"):
        if row["cell"] not in city.index:
            assert row["state"] in ("resolved", "withdrawn")
            continue
        begins = max(since, city.cells[city.index[row["cell"]]].begins)
        visits = await conn.fetch(
            "SELECT t_in, t_out FROM stays WHERE cell = $1 AND kind = 'visit' AND known_to IS NULL ORDER BY t_out",
            row["cell"],
        )
        facts, start = json.loads(row["facts"]), int(row["key"].rsplit(":", 1)[1])
        after = next((visit for visit in visits if db.millis(visit["t_out"]) > start), None)
        founded = start in ({db.millis(visit["t_out"]) for visit in visits} if facts["visited"] else {begins})
        ended = row["state"] in ("resolved", "withdrawn")
        said[row["key"]] = row["state"] == "resolved" and row["level"] == "red" if ended else None
        due = datetime.fromisoformat(facts["due"])
        true = None if founded and after is None else founded and after is not None and after["t_in"] > due
        assert said[row["key"]] == true, (dict(row), true)
    return said


async def taken(driven: Driven, conn: db.Connection, things: Sequence[Said | Act], now: int) -> None:
    """Take messages and decisions in this order; the worker is not told of a decision."""
    said: list[Said] = []
    for each in things:
        if isinstance(each, Act):
            await driven.take(said, now, together=40)
            await each.done(conn, now)
            said = []
        else:
            said.append(each)
    await driven.take(said, now, together=40)


async def outcome(url: str, parts: Sequence[Part], *, restarts: bool) -> list[Any]:
    """What is known when all has arrived and the city was looked at once more."""
    async with asyncpg.create_pool(url, min_size=1, max_size=4) as pool, pool.acquire() as conn:
        await conn.execute(RULES)
        for number in range(PATROLS + POSTS):
            await device_store.enrol(conn, {f"cam-{number + 1}": patrols.UNIT})
        clock = pipelines.Clock(patrols.T0)
        watcher = watch.Watcher(pool, now=clock)
        for group in [[part] for part in parts] if restarts else [parts]:
            async with pipelines.driven(url, clock.now) as driven:
                for now, said in group:
                    await taken(driven, conn, said, now)
                    clock.now = now
                    await watcher.look_once(conn)
        async with pipelines.driven(url, END) as driven:
            await driven.take([], END)
        clock.now = END
        await watcher.look_once(conn)
        # Gaps that ended are held against what came late not at every look.
        clock.now = END + watch.LATE_MS
        await watcher.look_once(conn)
        made = await shown(conn)
        at_end = [each for each in made[0][-COLUMNS - 4 :] if isinstance(each, rest.CellCoverage)]
        return [await stored(conn), made, await breached(pool, at_end), await verdicts(conn)]


@pytest.mark.parametrize("seed", [11, 12])
async def test_any_arrival_gives_the_same(postgres: TestServer, seed: int) -> None:
    """Visits, coverage, indicators and the gaps that stand depend on what devices said, not on when it came."""
    said = a_shift(seed)
    outcomes = []
    for way in WAYS:
        url = await postgres.create()
        parts = way(random.Random(seed), list(said), decided())  # noqa: S311 - test data
        outcomes.append(await outcome(url, parts, restarts=way is shuffled))
        await postgres.drop(url)
    first = outcomes[0]
    assert len(first[0][0]) > 10, "the shift holds too little"
    assert first[2], "no gap stands at the end"
    told = [each.pop() for each in outcomes]
    assert any(verdict is True for verdict in told[0].values()), "no breach ended by a visit"
    assert any(verdict is False for verdict in told[0].values()), "nothing was warned of in vain, or withdrawn"
    for other, verdict in zip(outcomes[1:], told[1:], strict=True):
        for mine, theirs in zip(first, other, strict=True):
            assert theirs == mine
        both = told[0].keys() & verdict.keys()
        assert {key: verdict[key] for key in both} == {key: told[0][key] for key in both}
