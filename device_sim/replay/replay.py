"""Replays recorded tracks as devices over MQTT: every point is published once, and again while unacknowledged."""

import asyncio
import heapq
import itertools
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import msgspec

from device_sim.fleet import uplink
from device_sim.replay import traces
from schemas import topics, wire
from schemas.broker import Broker

_TELL_EVERY_S = 0.1
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayConfig:
    """What to replay, and how."""

    mqtt_url: str = field(repr=False)
    files: tuple[Path, ...]
    """GPX, GeoLife PLT, CSV or GeoJSON. A device is named by its file, or by the file's device column."""
    unit: str = "replay"
    speed: float | None = None
    """Times as fast as it was; 0: as fast as the broker acknowledges. None: 60, or 1 with `from_now`."""
    batch: int = 1
    """Fixes in one message, at most."""
    qos: int = 1
    from_now: bool = False
    """Move each device's times so that its first fix is now."""
    to_now: bool = False
    """Move each device's times so that its last fix is now. With neither, the original times are kept."""
    window: int = 50
    """Messages on the way at a time, at most; the broker may ask for fewer."""
    give_up_after_s: float = 60.0
    """Seconds without the broker after which the replay ends."""


@dataclass(slots=True)
class DeviceReport:
    """What became of the points of one device."""

    device: str
    read: int = 0
    """Points that are fixes."""
    published: int = 0
    acknowledged: int = 0


@dataclass(slots=True)
class ReplayReport:
    """What became of all points."""

    devices: list[DeviceReport] = field(default_factory=list)
    skipped: list[tuple[str, str, int, str]] = field(default_factory=list)
    """(File, reason, points, where it was met first)."""
    errors: list[str] = field(default_factory=list)
    """Files that could not be read and why, and why the broker was given up."""
    unheard: int = 0
    """Messages the broker took though nobody subscribes to them: no worker runs."""
    reconnections: int = 0
    seconds: float = 0.0

    @property
    def read(self) -> int:
        """Points that are fixes."""
        return sum(device.read for device in self.devices)

    @property
    def acknowledged(self) -> int:
        """Points in messages that the broker has acknowledged."""
        return sum(device.acknowledged for device in self.devices)

    @property
    def exit_code(self) -> int:
        """0 when every file was read and every point acknowledged, else 1."""
        return 0 if not self.errors and self.acknowledged == self.read else 1


Progress = Callable[[int, int], None]
"""Called with points acknowledged and points in all, ten times a second."""


async def replay(
    config: ReplayConfig,
    stop: asyncio.Event,
    *,
    on_progress: Progress = lambda _done, _total: None,
    clock: Callable[[], float] = time.time,
) -> ReplayReport:
    """Publish every point of the files, at the pace asked for, and wait until all are acknowledged.

    A cut connection is made again and what was not acknowledged is sent again. Setting `stop` ends the replay early.

    Args:
        config: What to replay, and how.
        stop: Ends it early; the report then counts less acknowledged than read.
        on_progress: Told how far it is; `console.replay_progress` draws it.
        clock: Seconds since 1970, for `from_now` and `to_now`.

    Raises:
        ValueError: the settings contradict each other or the broker's address is none.
    """
    pace = _check(config)
    broker = Broker.parse(config.mqtt_url)
    report = ReplayReport()
    tracks = await asyncio.to_thread(_load, config.files, report)
    if config.from_now or config.to_now:
        now, at = int(clock() * 1000), 0 if config.from_now else -1
        tracks = {name: _moved(fixes, now - fixes[at].t) for name, fixes in tracks.items()}
    report.devices = [DeviceReport(device=name, read=len(fixes)) for name, fixes in tracks.items()]
    begin = time.monotonic()
    if report.read:
        await _publish(config, broker, pace, (list(tracks.values()), report, on_progress), stop)
    report.seconds = time.monotonic() - begin
    return report


def _check(config: ReplayConfig) -> float:
    """The speed to play at.

    Raises:
        ValueError: a setting is out of its range.
    """
    pace = config.speed if config.speed is not None else (1.0 if config.from_now else 60.0)
    if config.from_now and pace != 1:
        raise ValueError("with from-now the tracks are played at the pace they had: leave out the speed, or make it 1")
    if config.from_now and config.to_now:
        raise ValueError("tracks either begin now or end now: leave out one of from-now and to-now")
    if pace < 0 or config.qos not in (0, 1):
        raise ValueError("the speed is 0 or more, the QoS 0 or 1")
    if not 1 <= config.batch <= wire.MAX_FIXES_PER_MESSAGE:
        raise ValueError(f"a message holds 1 to {wire.MAX_FIXES_PER_MESSAGE} fixes")
    if not topics.NAME.fullmatch(config.unit) or topics.is_reserved(config.unit):
        raise ValueError(f"{config.unit!r} cannot be the name of a unit")
    return pace


def _load(files: Sequence[Path], report: ReplayReport) -> dict[str, list[wire.Fix]]:
    """Fixes of each device in order of time; what could not be read goes into the report."""
    tracks: dict[str, list[wire.Fix]] = {}
    for path in files:
        try:
            points = traces.read(path)
        except traces.TraceError as error:
            report.errors.append(str(error))
            continue
        stem = traces.device_name(path.stem)
        for device, fix in points.fixes:
            tracks.setdefault(device or stem, []).append(fix)
        report.skipped += [(str(path), why, n, points.first[why]) for why, n in points.skipped.items()]
    for fixes in tracks.values():
        fixes.sort(key=lambda fix: fix.t)
    return tracks


def _moved(fixes: list[wire.Fix], by_ms: int) -> list[wire.Fix]:
    return [msgspec.structs.replace(fix, t=fix.t + by_ms) for fix in fixes]


async def _publish(
    config: ReplayConfig,
    broker: Broker,
    pace: float,
    work: tuple[list[list[wire.Fix]], ReplayReport, Progress],
    stop: asyncio.Event,
) -> None:
    tracks, report, on_progress = work

    total, last_reported = report.read, time.monotonic()

    def acknowledged(message: uplink.Message) -> None:
        nonlocal last_reported
        report.devices[message.source].acknowledged += message.points
        now = time.monotonic()
        if now - last_reported >= _TELL_EVERY_S:
            last_reported = now
            on_progress(report.acknowledged, total)

    link = uplink.Uplink(
        broker, f"replay-{secrets.token_hex(4)}", hooks=uplink.Hooks(on_ack=acknowledged), window=config.window,
        bound=8 * config.window, timing=uplink.Timing(give_up_s=config.give_up_after_s),
    )  # fmt: skip
    done = asyncio.Event()
    connection = asyncio.create_task(link.run(done), name="replay connection")
    feeding = asyncio.create_task(_feed(config, pace, tracks, report, link), name="replay feed")
    stopping = asyncio.create_task(stop.wait(), name="replay stop")
    await asyncio.wait({connection, feeding, stopping}, return_when=asyncio.FIRST_COMPLETED)
    done.set()
    for task in (feeding, stopping):
        task.cancel()
    for outcome in await asyncio.gather(connection, feeding, stopping, return_exceptions=True):
        if isinstance(outcome, aiomqtt.MqttError | uplink.RefusedError):
            report.errors.append(f"the broker was given up: {outcome}")
        elif isinstance(outcome, Exception):
            raise outcome
    report.unheard, report.reconnections = link.unheard, max(link.connections - 1, 0)


async def _feed(
    config: ReplayConfig, pace: float, tracks: list[list[wire.Fix]], report: ReplayReport, link: uplink.Uplink
) -> None:
    """Post every message when it is due, and wait until all are acknowledged."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    streams = [_messages(n, fixes, config.batch) for n, fixes in enumerate(tracks)]
    for after_ms, source, fixes in heapq.merge(*streams, key=lambda message: message[0]):
        if pace:
            await asyncio.sleep(max(0.0, begin + after_ms / 1000 / pace - loop.time()))
        await link.room(4 * config.window)
        device = report.devices[source]
        topic = str(topics.Topic(config.unit, device.device, topics.TopicKind.FIX))
        payload = _encode(fixes[0] if len(fixes) == 1 else fixes)
        link.post(uplink.Message(topic=topic, payload=payload, qos=config.qos, points=len(fixes), source=source))
        device.published += len(fixes)
    await link.room(0)


def _messages(source: int, fixes: list[wire.Fix], batch: int) -> Iterator[tuple[int, int, list[wire.Fix]]]:
    """(ms after the device's first fix, device, fixes of the message)."""
    first = fixes[0].t
    for start in itertools.count(0, batch):
        part = fixes[start : start + batch]
        if not part:
            return
        yield part[-1].t - first, source, part
