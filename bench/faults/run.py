"""A run: the stage, the load, the faults one after the other, and the verdict."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field

import httpx2

from bench.faults import devices as fleet
from bench.faults import hostile, kinds, sink, stage, verdict, viewers
from bench.faults.record import Record

UNITS = ("team-1", "team-2", "team-3")
PER_UNIT = 8
START_S = 90.0
DRAIN_S = 120.0


@dataclass(kw_only=True)
class Outcome:
    """What became of one fault."""

    number: int
    name: str
    kinds: list[str]
    loses_broker: bool
    recovered_s: float | None
    """After the cause was gone; None: not within two minutes."""
    lacking: str = ""
    """What was not well after two minutes."""
    lost_by_broker: int = 0
    restarts: int = 0


@dataclass(kw_only=True)
class Result:
    """A whole run."""

    seed: int
    outcomes: list[Outcome]
    verdict: verdict.Verdict
    seconds: float
    sent: int
    shown: int = 0
    """Items of the event log that the viewer got."""
    shown_twice: list[int] = field(default_factory=list)
    """Those that it got more than once."""
    hostile: dict[str, int] = field(default_factory=dict)
    """What the hostile device did, as often as it could."""
    overheard: list[str] = field(default_factory=list)
    """Topics of others of which it got something."""


Tell = Callable[[kinds.Fault, Outcome | None], None]


async def run(
    plan: Callable[[stage.Stage], Sequence[kinds.Fault]], seed: int, tell: Tell, *, most_s: float = math.inf
) -> Result:
    """Strike the faults of a plan one after the other, and compare in the end.

    Args:
        plan: gives the faults, of those that are possible on this stage.
        seed: of the load.
        tell: called for each fault when it begins (None) and when it is over.
        most_s: no fault begins later than so long after the start.

    Raises:
        RuntimeError: it did not come up, or what waits in the outboxes does not come through in the end.
    """
    began, record = time.monotonic(), Record()
    enrolled = fleet.named(UNITS, PER_UNIT)
    async with stage.stage({**enrolled, hostile.NAME: hostile.UNIT}) as here, sink.receiving(record) as sink_port:
        await _until(lambda: _ready(here), "the server is ready", START_S)
        await _channel(here, sink_port)
        devices = fleet.make(UNITS, PER_UNIT, record, stage.places())
        checker = verdict.Checker(here, record)
        viewer = viewers.Viewer(here)
        port, password = here.network["devices"].port, here.password(hostile.NAME)
        enemy = hostile.Hostile(port, password, list(enrolled.items()), seed)
        async with _load(here, devices, (viewer.watch(), enemy.run(), viewers.remark(here, record)), seed) as quiet:
            outcomes = []
            await _settled(checker, devices)
            for fault in plan(here):
                if time.monotonic() - began > most_s:
                    break
                tell(fault, None)
                outcomes.append(await _strike(fault, kinds.Scene(stage=here, devices=devices), checker))
                tell(fault, outcomes[-1])
            quiet.set()
            await _until(lambda: _drained(devices), "all outboxes are empty", DRAIN_S, lambda: _waiting(devices))
        steps = await verdict.steps(here.database_url)  # devices that fall silent bring about others afterwards
        await _until(lambda: _all_sent(here), "all notifications are sent", DRAIN_S)
        broker_lost = any(outcome.loses_broker for outcome in outcomes)
        found = await verdict.compare(checker, steps, broker_lost=broker_lost)
        await _check_stays(here, found)
    return Result(
        seed=seed,
        outcomes=outcomes,
        verdict=found,
        seconds=time.monotonic() - began,
        sent=len(record.sent),
        shown=len(viewer.seen),
        shown_twice=sorted(seq for seq, times in viewer.seen.items() if times > 1),
        hostile=dict(enemy.acts),
        overheard=sorted(enemy.heard),
    )


async def _strike(fault: kinds.Fault, scene: kinds.Scene, checker: verdict.Checker) -> Outcome:
    await asyncio.sleep(fault.after_s)
    lost, restarts = len(checker.lost_by_broker), scene.stage.restarts
    await kinds.strike(fault, scene)
    took = await checker.recover(time.monotonic(), scene.devices, loses_broker=fault.loses_broker)
    return Outcome(
        number=fault.number,
        name=fault.name,
        kinds=[kind.name for kind in fault.kinds],
        loses_broker=fault.loses_broker,
        recovered_s=took,
        lacking=checker.lacking,
        lost_by_broker=len(checker.lost_by_broker) - lost,
        restarts=scene.stage.restarts - restarts,
    )


@contextlib.asynccontextmanager
async def _load(
    here: stage.Stage, devices: list[fleet.Device], others: Sequence[Coroutine[None, None, None]], seed: int
) -> AsyncIterator[asyncio.Event]:
    """Devices, and people and whatever else there is; the event that is given ends the taking of fixes."""
    quiet, stop = asyncio.Event(), asyncio.Event()
    for device in devices:
        device.connect(here.network["devices"].port, seed, here.password(device.name))
    tasks = [asyncio.create_task(device.link.run(stop), name=device.name) for device in devices]
    tasks.append(asyncio.create_task(fleet.drive(devices, quiet, seed=seed)))
    tasks += [asyncio.create_task(each) for each in (*others, viewers.never_read(here))]
    try:
        yield quiet
    finally:
        await end(tasks, stop)


async def end(tasks: Sequence["asyncio.Task[None]"], stop: asyncio.Event) -> None:
    """Stop and cancel tasks; raises what one of them failed with."""
    stop.set()
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


async def _settled(checker: verdict.Checker, devices: list[fleet.Device]) -> None:
    if await checker.recover(time.monotonic(), devices, loses_broker=False) is None:
        raise RuntimeError(f"the server does not store what devices send: {checker.lacking}")


async def _drained(devices: list[fleet.Device]) -> bool:
    return not _waiting(devices)


def _waiting(devices: list[fleet.Device]) -> dict[str, int]:
    """Messages in the outboxes that are not empty."""
    return {device.name: len(device.link) for device in devices if len(device.link)}


async def _ready(here: stage.Stage) -> bool:
    assert here.server is not None
    if here.server.poll() is not None:
        raise RuntimeError(f"patrol serve ended: {(here.folder / 'serve.log').read_text()[-2000:]}")
    try:
        async with httpx2.AsyncClient(timeout=3) as client:
            return (await client.get(f"{here.url}/readyz")).status_code == 200
    except httpx2.HTTPError:
        return False


async def _all_sent(here: stage.Stage) -> bool:
    return await verdict.all_sent(here.database_url)


async def _channel(here: stage.Stage, port: int) -> None:
    hook = {
        "kind": "webhook", "name": "sink", "url": f"http://127.0.0.1:{port}/", "system": True, "level": "blue",
        "per_hour": 1000,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {here.token}"}
    async with httpx2.AsyncClient(base_url=here.url, headers=headers, timeout=60) as client:
        (await client.post("/api/v1/channels", json=hook)).raise_for_status()


async def _check_stays(here: stage.Stage, found: verdict.Verdict) -> None:
    """Compute all stays again from the stored fixes: nothing may differ."""
    words = ("rebuild", "--from", "2020-01-01", "--to", time.strftime("%Y-%m-%d", time.gmtime(time.time() + 172_800)))
    for _ in range(10):
        done = await asyncio.to_thread(here.command, *words, "--check")
        if "wait for late data" not in done.stdout:
            break
        await asyncio.sleep(3)
    found.stays, found.stays_differ = (done.stdout + done.stderr).strip(), done.returncode != 0


async def _until(
    probe: Callable[[], Awaitable[bool]], what: str, within_s: float, why: Callable[[], object] = str
) -> None:
    deadline = time.monotonic() + within_s
    while not await probe():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {within_s:.0f} s: {what} {why()}".rstrip())
        await asyncio.sleep(0.3)
