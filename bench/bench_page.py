"""Cost of the map page in a browser: script time per frame with the whole fleet moving, memory, time to the first map.

make bench-page ARGS="--strict --minutes 30". A real Chromium renders in software on the same machine:
frames are slow, and each processes the messages of a longer time, so script time per frame is rather too high.
"""

import asyncio
import json
import secrets
import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx2
import psutil
import typer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench import stack, stretches
from bench.figures import finish
from bench.live import load, stage, trace

MOST_SCRIPT_MS = 8.0
MOST_FIRST_MAP_S = 2.0
MOST_GROWTH = 1.1
"""Heap of the last third of the time to that of the first."""
LOADS = 3
TRACE_S = 10.0
SAMPLES = 12
SLOW_MS = 120_000
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WATCH = """
const look = setInterval(() => {
  if (!document.querySelector('.map[data-ready]') || !(window.__patrol.stats().positions > 0)) return;
  window.__firstMapMs = performance.now();
  clearInterval(look);
}, 25);
"""
"""Notes when cells are drawn and officers have come; the clock starts with the navigation."""

CASES = {"sent": ("as the server sends", "patrol"), "every": ("every device", "bench.live.everything")}
"""Name of each case in the figures, and the module that is run in place of `patrol`."""

console = Console(width=120)


def main(
    devices: Annotated[int, typer.Option(min=100, help="Devices at 1 Hz, all drawn")] = 20_000,
    minutes: Annotated[
        float, typer.Option(min=0.2, help="Minutes for which memory is measured; the guarantee is for 30")
    ] = 1.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file")] = None,
    picture: Annotated[Path | None, typer.Option(help="Keep a screenshot, PNG")] = None,
    only: Annotated[str | None, typer.Option(help=f"One case: {' or '.join(CASES)}")] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if a target is missed")] = False,
) -> None:
    """Measure the page."""
    cases = list(CASES.values()) if only is None else [CASES[only]]
    figures = asyncio.run(_measure(cases, devices, minutes, picture))
    _show(figures)
    finish(figures, list(_missed(figures)), json_file, strict=strict)


async def _measure(cases: list[tuple[str, str]], devices: int, minutes: float, picture: Path | None) -> dict[str, Any]:
    path = shutil.which("chromium")
    if path is None:
        raise SystemExit("The bench needs Chromium: sudo apt-get install chromium fonts-noto-cjk")
    figures: dict[str, Any] = {"machine": stack.machine(), "devices": devices, "minutes": minutes}
    async with stack.services() as services:
        slots = await stage.enrol(services.database_url, devices)
        password = secrets.token_urlsafe(12)
        fleet = load.Plan(
            port=services.mqtt_port, slots=slots, places=stretches.town_places(), began=float(int(time.time()))
        )
        with stage.talking("bench.live.load", fleet):
            for name, module in cases:
                with stack.web(services, module, {"PATROL_ADMIN_PASSWORD": password}) as (port, _):
                    async with async_playwright() as playwright:
                        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=SLOW_MS)
                        url = f"http://127.0.0.1:{port}"
                        cookie = await _sign_in(url, password)
                        figures[name] = await _watch(browser, url, cookie, minutes, picture)
                        await browser.close()
    return figures


async def _sign_in(url: str, password: str) -> dict[str, str]:
    """A session's cookie, once the first account is there and positions are."""
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        deadline = time.monotonic() + stack.START_S
        while True:
            answer = await client.post("/api/v1/session", json={"name": "admin", "password": password})
            if answer.status_code == 200:
                ((name, value),) = client.cookies.items()
                return {"name": name, "value": value, "url": url}
            if time.monotonic() > deadline:
                raise SystemExit(f"Nobody can sign in: {answer.status_code} {answer.text[:500]}")
            await asyncio.sleep(0.5)


async def _watch(
    browser: Browser, url: str, cookie: dict[str, str], minutes: float, picture: Path | None
) -> dict[str, Any]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        steps = progress.add_task("first map", total=LOADS + SAMPLES)
        first: list[float] = []
        busy: list[float] = []
        for n in range(LOADS):
            context, page = await _open(browser, url, cookie)
            first.append(await page.evaluate("window.__firstMapMs") / 1000)
            busy.append(await _busy_s(page))
            progress.advance(steps)
            if n < LOADS - 1:
                await context.close()
        held = await _until_whole(page)
        progress.update(steps, description="memory")
        heap = await _memory(browser, page, 60 * minutes, lambda: progress.advance(steps))
        progress.update(steps, description="trace")
        script, seconds = await _trace(browser, page)
        if picture is not None:
            await page.screenshot(path=picture, timeout=SLOW_MS)
        await context.close()
    script.sort()
    return {
        "first_map_s": first,
        "first_map_busy_s": busy,
        "drawn": held,
        "frames": len(script),
        "frames_per_s": len(script) / seconds,
        "script_ms": {"p50": statistics.median(script), "p95": script[int(0.95 * len(script))], "most": script[-1]},
        "script_share": sum(script) / 1000 / seconds,
        **heap,
    }


async def _open(browser: Browser, url: str, cookie: dict[str, str]) -> tuple[BrowserContext, Page]:
    """A page as a person opens it for the first time, its map drawn and its officers there."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", color_scheme="dark")
    context.set_default_timeout(SLOW_MS)
    await context.add_cookies([cookie])  # type: ignore[list-item]
    await context.add_init_script(WATCH)
    page = await context.new_page()
    await page.goto(url)
    deadline = time.monotonic() + SLOW_MS / 1000
    while not await page.evaluate("window.__firstMapMs ?? 0"):
        if time.monotonic() > deadline:
            raise SystemExit("The page draws no map, or no officers come.")
        await asyncio.sleep(0.25)
    return context, page


async def _busy_s(page: Page) -> float:
    """Processor time of the page's process so far, s: what else runs on the machine hardly lengthens it."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in (await session.send("Performance.getMetrics"))["metrics"]}
    await session.detach()
    return float(metrics["ProcessTime"])


async def _until_whole(page: Page) -> int:
    """How many officers are drawn once their number no longer grows."""
    last = -1
    while (now := await page.evaluate("window.__patrol.stats().positions")) > last:
        last = now
        await asyncio.sleep(3)
    return last


async def _memory(browser: Browser, page: Page, seconds: float, tell: Any) -> dict[str, Any]:
    """Heap that is in use after tidying up, over the time; the first sample is taken when the map has settled."""
    session = await page.context.new_cdp_session(page)
    heap, resident = [], []
    for _ in range(SAMPLES):
        await asyncio.sleep(seconds / SAMPLES)
        await session.send("HeapProfiler.collectGarbage")
        heap.append((await session.send("Runtime.getHeapUsage"))["usedSize"] / 2**20)
        resident.append(await _resident_mib(browser))
        tell()
    third = SAMPLES // 3
    growth = statistics.median(heap[-third:]) / statistics.median(heap[:third])
    return {"heap_mib": heap, "renderer_mib": resident, "heap_growth": growth}


async def _resident_mib(browser: Browser) -> float:
    """Memory of the renderer that holds most."""
    session = await browser.new_browser_cdp_session()
    processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
    await session.detach()
    sizes = [psutil.Process(int(one["id"])).memory_info().rss for one in processes if one["type"] == "renderer"]
    return float(max(sizes)) / 2**20


async def _trace(browser: Browser, page: Page) -> tuple[list[float], float]:
    await browser.start_tracing(page=page, categories=trace.CATEGORIES)
    await asyncio.sleep(TRACE_S)
    recorded: dict[str, Any] = json.loads(await browser.stop_tracing())
    return trace.frames_ms(recorded["traceEvents"])


def _missed(figures: dict[str, Any]) -> Iterator[str]:
    for name, found in _measured(figures):
        if found["script_ms"]["p50"] > MOST_SCRIPT_MS:
            yield f"{name}: script per frame {found['script_ms']['p50']:.1f} ms > {MOST_SCRIPT_MS:g} ms"
        if found["heap_growth"] > MOST_GROWTH:
            yield f"{name}: heap grew by {found['heap_growth']:.2f} > {MOST_GROWTH:g}"
        first = statistics.median(found["first_map_s"])
        if name == CASES["sent"][0] and first > MOST_FIRST_MAP_S:
            yield f"first map {first:.1f} s > {MOST_FIRST_MAP_S:g} s"
        if name == CASES["every"][0] and found["drawn"] < figures["devices"]:
            yield f"{name}: {found['drawn']} drawn of {figures['devices']}"


def _measured(figures: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cases that were measured, with their figures."""
    return ((name, figures[name]) for name, _ in CASES.values() if name in figures)


def _show(figures: dict[str, Any]) -> None:
    console.print(" · ".join(f"{name} {value}" for name, value in figures["machine"].items()))
    head = ("first map, s", "its processor s", "script per frame, ms: p50", "p95", "most", "frames/s", "script, share")
    table = Table("", "drawn", *head, "heap, MiB", "growth", "renderer, MiB")
    for name, found in _measured(figures):
        table.add_row(
            name,
            f"{found['drawn']:,}",
            ", ".join(f"{one:.1f}" for one in found["first_map_s"]),
            f"{statistics.median(found['first_map_busy_s']):.1f}",
            *(f"{found['script_ms'][key]:.1f}" for key in ("p50", "p95", "most")),
            f"{found['frames_per_s']:.0f}",
            f"{found['script_share']:.0%}",
            f"{found['heap_mib'][0]:.1f} → {found['heap_mib'][-1]:.1f}",
            f"{found['heap_growth']:.2f}",
            f"{found['renderer_mib'][0]:.0f} → {found['renderer_mib'][-1]:.0f}",
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
