"""`patrol rebuild`: compute the visits of a period again from the stored fixes; compare or correct them."""

import asyncio
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ingest.run import loaded_city, rebuild
from ingest.run.rebuild import Difference, RebuildCheck, RebuildResult
from patrol.checks import connectivity
from patrol.cli import errors
from patrol.settings.settings import Settings
from runtime import db
from schemas import rest
from tracking.city.enrolment import Device
from tracking.presence.stays import Run, Stay
from tracking.records.reasons import Cause
from tracking.store.city import atlas, route_store
from tracking.store.records import settings_store
from tracking.store.tracks import window_store

_SHOWN = 40
_STALLED_S = 120.0
"""Time after which waiting for a worker ends."""


def run(settings: Settings, *, start: str, end: str, devices: list[str] | None, check: bool) -> None:
    """Check every run of the period; print differences, and correct them unless only a check is requested.

    Raises:
        SetupError: the period or a device is not known, or with `check` something differs.
    """
    asyncio.run(_run(connectivity.database_url(settings), (start, end), devices, check=check))


async def _run(url: str, period: tuple[str, str], names: list[str] | None, *, check: bool) -> None:
    async with connectivity.connected(url, application_name="patrol rebuild", timezone="UTC") as conn:
        lo, hi = await _period(conn, period)
        devices = await _devices(conn, names)
        result = await _look(conn, lo, hi, devices)
        console = Console(highlight=False, soft_wrap=True)
        _tell(console, result)
        hours = await _routes(conn, console, (lo, hi), devices, store=not check)
        if check and (result.differences or hours):
            raise errors.SetupError(
                f"{len(result.differences)} stays and runs and {hours} hours of roads and checkpoints differ from what "
                "the fixes give; without --check they are corrected."
            )
        if result.windows:
            await _mend(conn, console, result)


async def _period(conn: db.Connection, period: tuple[str, str]) -> tuple[int, int]:
    zone = await settings_store.time_zone(conn)
    lo, hi = moment(period[0], zone), moment(period[1], zone, end=True) - 1
    if hi < lo:
        raise errors.SetupError(f"--to {period[1]} is not after --from {period[0]}.")
    return lo, hi


def moment(text: str, zone: ZoneInfo, *, end: bool = False) -> int:
    """Parse RFC 3339 with an offset, or a local day, which stands for its begin or end; ms since 1970-01-01 UTC.

    Raises:
        SetupError: it is not valid.
    """
    try:
        if len(text) == len("2026-05-01"):
            day = date.fromisoformat(text) + timedelta(days=end)
            return db.millis(datetime(day.year, day.month, day.day, tzinfo=zone))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as fault:
        raise errors.SetupError(f"{text!r} is not a time: write 2026-05-01 or 2026-05-01T08:00:00+08:00.") from fault
    if at.tzinfo is None:
        raise errors.SetupError(f"{text!r} has no offset: write {text}+08:00 or {text}Z.")
    return db.millis(at)


async def _devices(conn: db.Connection, names: list[str] | None) -> list[Device]:
    devices = await rebuild.devices(conn, names)
    missing = sorted(set(names or ()) - {device.name for device in devices})
    if missing:
        raise errors.SetupError(f"--device: {', '.join(missing)} is not enrolled.")
    return devices


async def _look(conn: db.Connection, lo: int, hi: int, devices: Sequence[Device]) -> RebuildResult:
    result = RebuildResult()
    checker = RebuildCheck(await loaded_city.load(conn), time.time_ns() // 1_000_000)
    with _progress() as progress:
        task = progress.add_task("devices 终端", total=len(devices), found="")
        for device in devices:
            await checker.check(conn, device, lo, hi, result)
            progress.update(task, advance=1, found=f"{result.fixes:,} fixes, {len(result.differences)} differences")
    return result


async def _routes(
    conn: db.Connection, console: Console, period: tuple[int, int], devices: Sequence[Device], *, store: bool
) -> int:
    """Check roads and checkpoints, if any; returns the number of hours that differ."""
    routes = await route_store.load(conn, await atlas.grid(conn))
    looked = differed = 0
    if routes.empty:
        return 0
    with _progress() as progress:
        task = progress.add_task("roads 道路", total=len(devices), found="")
        for device in devices:
            hours, others = await rebuild.routes(conn, routes, device, *period, store=store)
            looked, differed = looked + hours, differed + others
            progress.update(task, advance=1, found=f"{looked:,} hours, {differed} differences")
    done = "; the corrections are stored" if store and differed else ""
    console.print(f"{looked:,} hours compared with roads and checkpoints: {differed:,} differ{done}.", markup=False)
    return differed


async def _mend(conn: db.Connection, console: Console, result: RebuildResult) -> None:
    """Store the windows; process those that no worker processes, and wait for the others."""
    units = await _store(conn, result)
    received, numbers = result.windows[0].received, sorted({window.device for window in result.windows})
    for unit in units:
        if not await rebuild.mend(conn, unit, time.time_ns() // 1_000_000):
            console.print(f"A worker serves {unit}: it recomputes what differs, between two batches.", markup=False)
    with _progress() as progress:
        task = progress.add_task("windows 窗口", total=len(result.windows), found="")
        before, since = len(result.windows), time.monotonic()
        while left := await window_store.left(conn, Cause.REBUILD, received, numbers):
            progress.update(task, completed=len(result.windows) - left)
            before, since = (left, time.monotonic()) if left < before else (before, since)
            if time.monotonic() - since > _STALLED_S:
                raise errors.SetupError(
                    f"{left} windows were not recomputed: see the log of the worker that serves them."
                )
            await asyncio.sleep(0.5)  # written by another process, which sends no event
        progress.update(task, completed=len(result.windows))
    console.print(f"{len(result.windows)} windows were recomputed.", markup=False)


async def _store(conn: db.Connection, result: RebuildResult) -> list[str]:
    await window_store.insert(conn, result.windows)
    return sorted({difference.device.unit for difference in result.differences})


def _tell(console: Console, result: RebuildResult) -> None:
    console.print(
        f"{result.runs:,} runs with {result.fixes:,} fixes: {result.same:,} stays and runs are stored correctly, "
        f"{len(result.differences):,} differ.",
        markup=False,
    )
    if result.waiting:
        console.print(f"{result.waiting} runs wait for late data to be processed: check again later.", markup=False)
    if result.cut:
        console.print(f"{result.cut} runs were skipped: their first fixes are no longer stored.", markup=False)
    for difference in result.differences[:_SHOWN]:
        begins = rest.rfc3339(db.moment(_key(difference)))
        line = f"stored 已存 {described(difference.stored)}; computed 应为 {described(difference.computed)}"
        console.print(f"{difference.device.name} {begins}: {line}", markup=False)
    if len(result.differences) > _SHOWN:
        console.print(f"… and {len(result.differences) - _SHOWN} more", markup=False)


def _key(difference: Difference) -> int:
    either = difference.stored or difference.computed
    if either is None:
        raise ValueError("a difference between nothing and nothing")
    return either.key


def described(what: Stay | Run | None) -> str:
    """Short text of a stay or run; "-": none."""
    if what is None:
        return "-"
    if isinstance(what, Run):
        return f"run, {(what.t_last - what.t_first) / 1000:.1f} s{', open' if what.open else ''}"
    shape = f"{what.dwell_ms / 1000:.1f} s, {what.path_m:.1f} m, {what.fixes} fixes"
    return f"{what.kind} in cell {what.cell}, {shape}{', open' if what.open else ''}"


def _progress() -> Progress:
    text = TextColumn("[progress.description]{task.description}")
    return Progress(text, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[found]}"))
