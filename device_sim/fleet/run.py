"""The simulation: a town, its officers, their history so far and then their live tracks, over real MQTT connections."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from device_sim.city import city, streets
from device_sim.fleet import fleet, mix, officer, post, truth, uplink
from schemas.broker import Broker

logger = logging.getLogger(__name__)

TRUTH_EVERY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimConfig:
    """What to simulate."""

    mqtt_url: str = field(repr=False)
    """mqtt://user:password@host:port, or mqtts."""
    officers: int = 200
    seed: int = 1
    """Same seed, same town, officers, ways, noise and events."""
    history_minutes: float = 0.0
    """Of the shift that are uploaded as buffered arrays before the live track goes on."""
    interval_s: int = 10
    """Between fixes while moving; body cameras take one a second; standing, one a minute."""
    unit_prefix: str = ""
    """Put before the street's code to make the unit."""
    connections: int = 200
    """Most MQTT connections."""
    history_rate: float = 15_000.0
    """Fixes a second while the history is uploaded, at most."""
    faults: mix.Mix = mix.NONE
    """What goes wrong with officers, receivers, handsets and the radio."""
    packed: bool = False
    """MessagePack instead of JSON."""
    until_stored: bool = False
    """Devices keep their fixes until `ack` says that the database has them; else until the broker has them."""
    truth: Path | None = None
    """Where to write what really happened, JSON lines of device_sim.fleet.truth.TruthFile."""


@dataclass(slots=True)
class SimReport:
    """What was sent, counted."""

    officers: int = 0
    messages: int = 0
    """Messages acknowledged by the broker."""
    fixes: int = 0
    """Fixes in them."""
    dropped: int = 0
    """Messages dropped from full outboxes."""
    waiting: int = 0
    """Messages not acknowledged when it ended."""


Progress = Callable[[str, int, int | None], None]
"""Called with a stage ("prepare": officers, "history": fixes), how much is done, and of how much (None: unknown)."""


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    pass


async def simulate(
    config: SimConfig,
    stop: asyncio.Event,
    *,
    on_progress: Progress = _silent,
    on_live: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.time,
) -> SimReport:
    """Simulate until `stop` is set; connections come and go with the broker without ending it.

    Args:
        config: What to simulate.
        stop: Set it to say good-bye and end, within 5 s.
        on_progress: Told of the preparation and the history upload; `console.sim_progress()` draws it.
        on_live: Called when the history is acknowledged and the live track begins.
        clock: Seconds since 1970.

    Raises:
        ValueError: the broker's address is none, or there are no officers.
    """
    if config.officers < 1 or config.interval_s < 1 or config.connections < 1:
        raise ValueError("officers, interval and connections must be at least 1")
    broker = Broker.parse(config.mqtt_url)
    begin = int(clock() * 1000)
    devices = await _prepare(config, begin - int(config.history_minutes * 60_000), on_progress)
    report = SimReport(officers=len(devices))

    def acknowledged(message: uplink.Message) -> None:
        report.messages += 1
        report.fixes += message.points
        on_progress("history", report.fixes, None)

    simulated = fleet.Fleet(
        devices,
        broker,
        connections=config.connections,
        now=lambda: int(clock() * 1000),
        on_ack=acknowledged,
        until_stored=config.until_stored,
    )
    await _work(config, simulated, stop, on_live)
    report.dropped = sum(link.dropped for link in simulated.uplinks)
    report.waiting = sum(len(link) for link in simulated.uplinks)
    return report


async def _prepare(config: SimConfig, since: int, on_progress: Progress) -> list[post.SimulatedDevice]:
    """Lay out the town and start the devices, off the event loop."""
    await asyncio.to_thread(city.build, config.seed)
    await asyncio.to_thread(streets.build, config.seed)
    officers = officer.recruit(
        config.officers, config.seed, interval_s=config.interval_s, unit_prefix=config.unit_prefix
    )
    officers = officer.with_habits(officers, config.seed, config.faults.habits)
    routes: dict[tuple[int, int], list[int]] = {}
    devices = []
    for who in officers:
        device = post.SimulatedDevice(config.seed, who, plan=config.faults, packed=config.packed, routes=routes)
        await asyncio.to_thread(device.start, since)
        devices.append(device)
        on_progress("prepare", len(devices), len(officers))
    return devices


async def _work(config: SimConfig, simulated: fleet.Fleet, stop: asyncio.Event, on_live: Callable[[], None]) -> None:
    with contextlib.ExitStack() as stack:
        truth_file = None
        if config.truth is not None:
            codes = [cell.code for cell in city.build(config.seed).cells]
            truth_file = stack.enter_context(truth.TruthFile(config.truth, codes))
        async with asyncio.TaskGroup() as group:
            group.create_task(simulated.connect(stop), name="connections")
            if truth_file is not None:
                group.create_task(_write_truth(truth_file, simulated, stop), name="truth")
            if config.history_minutes > 0:
                await _unless(stop, simulated.upload(simulated.now(), rate=config.history_rate))
            if not stop.is_set():
                on_live()
                await simulated.live(stop)


async def _unless(stop: asyncio.Event, work: "asyncio._CoroutineLike[None]") -> None:
    """Do the work, or leave it when `stop` comes first."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for pending in (task, stopped):
        pending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _write_truth(file: truth.TruthFile, simulated: fleet.Fleet, stop: asyncio.Event) -> None:
    """Write each presence and gap when it has ended, and what is going on at the end."""
    written = dict.fromkeys((device.who.name for device in simulated.devices), 0)
    gaps = dict(written)
    while True:
        stopping = stop.is_set()
        now = simulated.now()
        for device in simulated.devices:
            name = device.who.name
            ended, going_on = device.truth(now)
            for presence in ended[written[name] :]:
                file.presence(name, presence)
            written[name] = len(ended)
            while gaps[name] < len(device.gaps) and device.gaps[gaps[name]].t_from <= now:
                file.gap(name, device.gaps[gaps[name]])
                gaps[name] += 1
            if stopping and going_on is not None:
                file.presence(name, going_on, still_there=True)
            for stay in device.stays(now) if stopping else ():
                file.stay(name, stay)
        if stopping:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TRUTH_EVERY_S)
