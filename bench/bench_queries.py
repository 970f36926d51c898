"""Speed of queries for visits, coverage at any time, indicators and history, and the rows that they read.

A town of 1,528 cells and 600 devices is filled by SQL. For each question: time, rows of `fixes` and `stays` that were
read, and whether a table was scanned. The baseline is the same visits of a day found by looking at every stay.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.figures import Figure
from bench.filled import DAY, DEVICES, NOW, SETTINGS, filled
from patrol.services import migrate, postgres
from runtime import db
from schemas import clips
from tracking.store.city import route_store
from tracking.store.presence import indicator_store, patrol_store, stay_store
from tracking.store.tracks import fix_store
from web.store import coverage, presence

REPEATS = 5
MOST_MS = {
    "coverage now": 500,
    "coverage a week ago": 500,
    "coverage as known": 1_500,
    "drive-throughs": 500,
    "visits of a cell": 100,
    "stays of a device": 100,
    "indicators of a day": 3_000,
    "indicators of a week": 12_000,
    "officers of a day": 3_000,
    "track of a day": 500,
    "track of 90 days": 15_000,
    "who was here": 1_000,
}
"""Longest median that holds, ms."""
MOST_FIXES = 20_000
"""Rows of `fixes` that a question may read: some for each event of an officer, never the table."""
ALL_OF_IT = {"track of 90 days"}
"""Questions for all that is stored of one device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a question cost."""

    name: str
    ms: float
    """Median time, the pure part in Python included."""
    fixes: int
    """Rows of the table that were read."""
    stays: int
    scans: int
    """Scans of a whole table, of `fixes` and `stays`."""


async def ask(conn: db.Connection, name: str, question: Callable[[], Awaitable[object]]) -> Answer:
    """Ask a question some times."""
    await question()
    before = await _read(conn)
    spent = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        await question()
        spent.append((time.perf_counter() - started) * 1000)
    after = await _read(conn)
    rows = {table: (after[table][0] - before[table][0]) // REPEATS for table in after}
    scans = sum(after[table][1] - before[table][1] for table in after)
    return Answer(name=name, ms=statistics.median(spent), fixes=rows["fixes"], stays=rows["stays"], scans=scans)


async def _read(conn: db.Connection) -> dict[str, tuple[int, int]]:
    """Rows read and scans of whole tables so far, by table."""
    await conn.execute("SELECT pg_stat_force_next_flush()")
    await conn.execute("SELECT pg_stat_clear_snapshot()")
    rows = await conn.fetch(
        "SELECT t.relname, coalesce(t.seq_tup_read, 0) + coalesce(sum(i.idx_tup_read), 0)::bigint AS read, t.seq_scan "
        "FROM pg_stat_user_tables t LEFT JOIN pg_stat_user_indexes i USING (relid) "
        "WHERE t.relname IN ('fixes', 'stays') GROUP BY t.relname, t.seq_tup_read, t.seq_scan"
    )
    return {row["relname"]: (int(row["read"]), int(row["seq_scan"])) for row in rows}


async def measure(conn: db.Connection) -> tuple[list[Answer], float]:
    """Answers to all questions, and the time of the baseline, ms."""
    place = await coverage.load_place(conn)
    town, code = place.city, place.city.cells[7].code
    routes = await route_store.load(conn, town.grid)

    async def judged(at: int, known: int | None = None) -> None:
        basis, arrivals = await coverage.read_inputs(conn, place, at, known)
        coverage.judge(place, basis, arrivals, at)

    async def indicators(days: int) -> None:
        indicator_store.figures(town, await indicator_store.read(conn, town, routes, NOW - days * DAY, NOW))

    drawn = clips.PresenceQuery.model_validate(
        {"polygon": town.cells[7].geometry,
         "from": db.moment(NOW - DAY // 48), "to": db.moment(NOW)}
    )  # fmt: skip
    basis, arrivals = await coverage.read_inputs(conn, place, NOW)
    now = coverage.judge(place, basis, arrivals, NOW)
    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "coverage now": lambda: judged(NOW),
        "coverage a week ago": lambda: judged(NOW - 7 * DAY),
        "coverage as known": lambda: judged(NOW - 7 * DAY, NOW - 7 * DAY),
        "drive-throughs": lambda: coverage.drive_throughs(conn, now),
        "visits of a cell": lambda: stay_store.listed(conn, stay_store.StayFilter(cell=code), limit=200),
        "stays of a device": lambda: stay_store.listed(conn, stay_store.StayFilter(device="cam-7"), limit=200),
        "indicators of a day": lambda: indicators(1),
        "indicators of a week": lambda: indicators(7),
        "officers of a day": lambda: patrol_store.read(
            conn, town.grid, (NOW - DAY, NOW), "officer", devices=None
        ),
        "track of a day": lambda: track_of(conn, NOW - DAY),
        "track of 90 days": lambda: track_of(conn, NOW - 90 * DAY),
        "who was here": lambda: presence.inside(conn, town, drawn),
    }  # fmt: skip
    answers = [await ask(conn, name, each) for name, each in track(questions.items(), description="asking")]
    started = time.perf_counter()
    await conn.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off")
    await indicator_store.read(conn, town, routes, NOW - DAY, NOW)
    await conn.execute("RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan")
    return answers, (time.perf_counter() - started) * 1000


async def track_of(conn: db.Connection, since: int) -> int:
    """Read the track of a device from `since` (ms) to now, page by page; how many fixes it has."""
    found, page = 0, 5_000
    while True:
        part = await fix_store.page_of(conn, 7, since, NOW, page)
        found += len(part)
        if len(part) < page:
            return found
        since = int(part.t[-1]) + 1


async def run(stays: int, fixes: int, kept: Path | None = None) -> tuple[list[Answer], float]:
    """Fill a database of our own and ask it; the one in the folder `kept` is filled once and asked again."""
    with tempfile.TemporaryDirectory(prefix="patrol-bench-") as folder:
        server = postgres.EmbeddedPostgres(kept or Path(folder), settings=SETTINGS)
        await server.start()
        try:
            await migrate.migrate(server.url)
            conn = await asyncpg.connect(server.url)
            try:
                await filled(conn, stays, fixes)
                return await measure(conn)
            finally:
                await conn.close()
        finally:
            server.stop()


def faults(answers: list[Answer]) -> list[str]:
    """What does not hold."""
    found = [f"{a.name}: {a.ms:.0f} ms, more than {MOST_MS[a.name]}" for a in answers if a.ms > MOST_MS[a.name]]
    found += [
        f"{a.name}: {a.fixes} fixes read, more than {MOST_FIXES}"
        for a in answers
        if a.fixes > MOST_FIXES and a.name not in ALL_OF_IT
    ]
    return found + [f"{a.name}: a whole table was scanned" for a in answers if a.scans]


async def measure_figures(stays: int = 500_000, fixes: int = 2_000_000) -> list[Figure]:
    """The answers as figures, each by the time of reading a day without indexes; a fault of the plan is a figure."""
    answers, baseline = await run(stays, fixes)
    size = f"{fixes:,} fixes"
    return [
        *(Figure(bench="queries", name=f"{each.name}, {size}", value=each.ms, unit="ms", most=MOST_MS[each.name],
                 baseline="a day without indexes", ratio=each.ms / baseline) for each in answers),
        Figure(bench="queries", name="whole tables that were scanned", value=sum(each.scans for each in answers),
               unit="scans", most=0.5),
    ]  # fmt: skip


def main(
    stays: Annotated[int, typer.Option(min=10_000, help="Stays in the database")] = 500_000,
    fixes: Annotated[int, typer.Option(min=10_000, help="Fixes in the database")] = 2_000_000,
    folder: Annotated[Path | None, typer.Option(help="Folder in which the database is kept and used again")] = None,
    file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a bound is missed")] = False,
) -> None:
    """Fill a database and ask it."""
    console = Console(width=120)
    answers, baseline = asyncio.run(run(stays, fixes, folder))
    table = Table(title=f"{stays:,} stays, {fixes:,} fixes, 1,528 cells, {DEVICES} devices")
    for name in ("question", "ms", "at most", "fixes read", "stays read", "table scans"):
        table.add_column(name, justify="left" if name == "question" else "right")
    for each in answers:
        table.add_row(
            each.name, f"{each.ms:.0f}", str(MOST_MS[each.name]), *map(str, (each.fixes, each.stays, each.scans))
        )
    console.print(table)
    day = next(each.ms for each in answers if each.name == "indicators of a day")
    console.print(f"Reading a day without indexes: {baseline:.0f} ms, {baseline / day:.1f} times its whole answer.")
    wrong = faults(answers)
    if file is not None:
        figures = {
            "stays": stays,
            "fixes": fixes,
            "baseline_ms": baseline,
            "answers": [asdict(each) for each in answers],
        }
        file.write_text(json.dumps(figures, indent=2) + "\n")
    for fault in wrong:
        console.print(f"[red]{fault}[/red]")
    if wrong and strict:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
