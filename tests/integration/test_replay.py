"""Recorded tracks played to a real Mosquitto."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.truth import geolife
from device_sim.replay import replay
from patrol.services.broker import EmbeddedBroker
from schemas import wire
from tests.support import listener, mosquitto, waiting
from tests.support.tracks import needs_geolife

T0 = 1_700_000_000_000


@pytest.fixture
def walk_csv(tmp_path: Path) -> Path:
    """A track of 3,000 points, one a second."""
    path = tmp_path / "walk one.csv"
    rows = [f"{T0 + 1000 * k},{23.08 + k * 1e-5:.7f},{114.41 + k * 1e-5:.7f}" for k in range(3000)]
    path.write_text("t,lat,lon\n" + "\n".join(rows) + "\n")
    return path


def _config(broker: mosquitto.Mosquitto, *files: Path, **options: object) -> replay.ReplayConfig:
    return replay.ReplayConfig(mqtt_url=broker.url, files=files, **{"speed": 0, **options})  # type: ignore[arg-type]


async def test_replay_publishes_every_point_exactly_once(mosquitto: mosquitto.Mosquitto, walk_csv: Path) -> None:
    """Each point arrives once, under the file's name and the unit replay, with its own time and place."""
    async with listener.listen(mosquitto.port) as heard:
        report = await replay.replay(_config(mosquitto, walk_csv), asyncio.Event())
        await heard.heard(3000)
    assert (report.read, report.acknowledged, report.exit_code, report.unheard) == (3000, 3000, 0, 0)
    fixes = heard.fixes()
    assert {topic for topic, _ in fixes} == {"patrol/v1/replay/walk-one/fix"}
    assert [fix.t for _, fix in fixes] == [T0 + 1000 * k for k in range(3000)]
    assert fixes[10][1] == wire.Fix(t=T0 + 10_000, lat=23.0801, lon=114.4101)


@needs_geolife
async def test_replay_of_real_tracks_publishes_every_line(mosquitto: mosquitto.Mosquitto) -> None:
    """The GeoLife tracks arrive point for point, in arrays too, and quickly."""
    files = sorted(geolife.TRACKS.glob("*.plt"))
    lines = {path.stem: len(path.read_text().splitlines()) - 6 for path in files}
    async with listener.listen(mosquitto.port) as heard:
        report = await replay.replay(_config(mosquitto, *files, batch=100, unit="real"), asyncio.Event())
        await heard.heard(sum(lines.values()))
    assert Counter(topic.split("/")[3] for topic, _ in heard.fixes()) == lines
    assert report.exit_code == 0
    assert report.seconds < 10 * waiting.PATIENCE


async def test_replay_to_the_embedded_broker_publishes_every_point(
    iotcore_broker: EmbeddedBroker, walk_csv: Path
) -> None:
    """The embedded broker, another implementation, takes every point once too."""
    async with listener.listen(iotcore_broker.port) as heard:
        config = replay.ReplayConfig(mqtt_url=f"mqtt://127.0.0.1:{iotcore_broker.port}", files=(walk_csv,), speed=0)
        report = await replay.replay(config, asyncio.Event())
        await heard.heard(3000)
    assert [fix.t for _, fix in heard.fixes()] == [T0 + 1000 * k for k in range(3000)]
    assert report.exit_code == 0


async def test_replay_survives_a_broker_that_is_killed(
    start_mosquitto: Callable[..., mosquitto.Mosquitto], walk_csv: Path
) -> None:
    """When the broker dies and comes back in the middle, every point is acknowledged in the end, none is left out."""
    broker = start_mosquitto(persistence=True)
    acknowledged = asyncio.Event()

    def progress(done: int, _total: int) -> None:
        if done > 500:
            acknowledged.set()

    config = _config(broker, walk_csv, window=5)
    async with listener.listen(broker.port) as heard:
        playing = asyncio.create_task(replay.replay(config, asyncio.Event(), on_progress=progress))
        await asyncio.wait_for(acknowledged.wait(), 20 * waiting.PATIENCE)
        before = {fix.t for _, fix in heard.fixes()}
        await asyncio.to_thread(broker.restart)
        report = await asyncio.wait_for(playing, 60 * waiting.PATIENCE)

        async def all_heard() -> bool:
            return len({fix.t for _, fix in heard.fixes()}) == 3000

        await waiting.until(all_heard, "every point is heard")
    assert 0 < len(before) < 3000
    assert report.reconnections >= 1
    assert (report.acknowledged, report.exit_code) == (3000, 0)


async def test_replay_gives_up_without_a_broker(mosquitto: mosquitto.Mosquitto, walk_csv: Path) -> None:
    """Without a broker it ends after the time allowed, says so, and does not claim success."""
    mosquitto.stop()
    report = await replay.replay(_config(mosquitto, walk_csv, give_up_after_s=0.3), asyncio.Event())
    assert report.acknowledged == 0
    assert report.exit_code == 1
    assert "the broker was given up" in report.errors[0]


@dataclass(slots=True)
class _Closed(mosquitto.Mosquitto):
    """A broker that lets nobody publish."""

    def _config(self) -> str:
        (self.folder / "acl").write_text("topic read patrol/#\n")
        return mosquitto.Mosquitto._config(self) + f"acl_file {self.folder}/acl\n"


async def test_replay_does_not_count_what_the_broker_refuses(tmp_path: Path, walk_csv: Path) -> None:
    """An acknowledgement that refuses the message is none: the replay fails and names the broker's reason."""
    broker = _Closed(tmp_path)
    broker.start()
    try:
        report = await replay.replay(_config(broker, walk_csv), asyncio.Event())
    finally:
        broker.stop()
    assert (report.acknowledged, report.exit_code) == (0, 1)
    assert "Not authorized" in report.errors[0]


async def test_replay_goes_on_past_a_bad_file(mosquitto: mosquitto.Mosquitto, walk_csv: Path, tmp_path: Path) -> None:
    """A file that cannot be read is named with its line; the others are played; the exit code says that one failed."""
    bad = tmp_path / "bad.gpx"
    bad.write_text("<gpx>\n<trk>\n")
    report = await replay.replay(_config(mosquitto, bad, walk_csv), asyncio.Event())
    assert report.acknowledged == 3000
    assert report.unheard == 3000
    assert report.exit_code == 1
    assert report.errors == [f"{bad}: line 3: not well-formed XML: no element found"]


async def test_replay_from_now_moves_the_times(mosquitto: mosquitto.Mosquitto, tmp_path: Path) -> None:
    """With from_now the first fix is now, the rest keep their distance and come when they are due."""
    path = tmp_path / "short.csv"
    path.write_text(f"t,lat,lon\n{T0},23,114\n{T0 + 400},23,114\n{T0 + 900},23,114\n")
    before = time.time() * 1000
    async with listener.listen(mosquitto.port) as heard:
        report = await replay.replay(_config(mosquitto, path, from_now=True, speed=None), asyncio.Event())
        await heard.heard(3)
    times = [fix.t for _, fix in heard.fixes()]
    assert 0 <= times[0] - before < 5_000 * waiting.PATIENCE
    assert [t - times[0] for t in times] == [0, 400, 900]
    assert report.seconds >= 0.9


async def test_replay_to_now_moves_the_times(mosquitto: mosquitto.Mosquitto, tmp_path: Path) -> None:
    """With to_now the last fix is now, whatever the pace, and the rest keep their distance."""
    path = tmp_path / "short.csv"
    path.write_text(f"t,lat,lon\n{T0},23,114\n{T0 + 400},23,114\n{T0 + 900_000},23,114\n")
    before = time.time() * 1000
    async with listener.listen(mosquitto.port) as heard:
        await replay.replay(_config(mosquitto, path, to_now=True, speed=0), asyncio.Event())
        await heard.heard(3)
    times = [fix.t for _, fix in heard.fixes()]
    assert 0 <= times[-1] - before < 5_000 * waiting.PATIENCE
    assert [t - times[0] for t in times] == [0, 400, 900_000]


async def test_replay_ends_early_when_stopped(mosquitto: mosquitto.Mosquitto, walk_csv: Path) -> None:
    """A replay at its own pace that is stopped returns at once and admits what was not sent."""
    stop = asyncio.Event()
    playing = asyncio.create_task(replay.replay(_config(mosquitto, walk_csv, speed=1), stop))
    async with listener.listen(mosquitto.port) as heard:
        await heard.heard(1)
    stop.set()
    report = await asyncio.wait_for(playing, 5 * waiting.PATIENCE)
    assert 0 < report.acknowledged < 3000
    assert report.exit_code == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"speed": -1}, "0 or more"),
        ({"from_now": True, "speed": 60}, "leave out the speed"),
        ({"from_now": True, "to_now": True, "speed": None}, "leave out one"),
        ({"batch": 0}, "1 to 10000 fixes"),
        ({"unit": "a/b"}, "cannot be the name of a unit"),
        ({"mqtt_url": "http://x"}, "mqtt://user:password@host:1883"),
    ],
)
async def test_replay_refuses_settings_that_make_no_sense(
    walk_csv: Path, options: dict[str, object], message: str
) -> None:
    """Each bad setting is refused with what to do instead."""
    config = replay.ReplayConfig(**{"mqtt_url": "mqtt://127.0.0.1:1", "files": (walk_csv,), **options})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        await replay.replay(config, asyncio.Event())
