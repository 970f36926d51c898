"""The simulated fleet on a real Mosquitto."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from device_sim.fleet import officer, post, run
from schemas import wire
from tests.support import listener, mosquitto, waiting


def _expected(config: run.SimConfig, since: int, until: int) -> set[tuple[str, int]]:
    """(Device, time) of every fix taken in a stretch of time, ms, by the simulation's own pure functions."""
    found = set()
    decoder = msgspec.json.Decoder(list[wire.Fix] | wire.Fix)
    for who in officer.recruit(config.officers, config.seed, interval_s=config.interval_s):
        device = post.SimulatedDevice(config.seed, who)
        device.start(since)
        for message in device.messages(until, join=True):
            if message.points:
                fixes = decoder.decode(message.payload)
                found |= {(who.name, fix.t) for fix in (fixes if isinstance(fixes, list) else [fixes])}
    return found


async def test_simulation_uploads_its_history_and_goes_on(mosquitto: mosquitto.Mosquitto, tmp_path: Path) -> None:
    """History and live fixes arrive without a gap or a double, statuses are retained, and the truth is written."""
    truth = tmp_path / "truth.jsonl"
    config = run.SimConfig(
        mqtt_url=mosquitto.url, officers=12, history_minutes=12, interval_s=1, connections=10, truth=truth
    )
    stop, live = asyncio.Event(), asyncio.Event()
    begin = int(time.time() * 1000)
    async with listener.listen(mosquitto.port) as heard:
        task = asyncio.create_task(run.simulate(config, stop, on_live=live.set))
        await asyncio.wait_for(live.wait(), 40 * waiting.PATIENCE)
        history = len(heard.fixes())
        await heard.heard(history + 20)
        stop.set()
        report = await asyncio.wait_for(task, 5 * waiting.PATIENCE)
        await heard.heard(report.fixes)
    got = [(topic.split("/")[3], fix.t) for topic, fix in heard.fixes()]
    assert len(set(got)) == len(got) == report.fixes
    last = max(t for _, t in got)
    expected = {pair for pair in _expected(config, begin - 11 * 60_000, last) if pair[1] < last - 2_000}
    assert expected <= set(got)
    assert report.waiting == report.dropped == 0

    async with listener.listen(mosquitto.port, "patrol/v1/+/+/status") as statuses:

        async def all_said() -> bool:
            return len(statuses.messages) >= config.officers

        await waiting.until(all_said, "every device has a retained status")
    for _, payload, retained in statuses.messages:
        assert retained
        assert msgspec.json.decode(payload, type=wire.Status).online is False

    lines = [json.loads(line) for line in truth.read_text().splitlines()]
    present = [line for line in lines if line["kind"] == "presence"]
    assert sum(line["open"] for line in present) == config.officers
    stays = [line for line in lines if line["kind"] == "stay"]
    assert sum(line["dwell_ms"] for line in stays) == sum(line["t_out"] - line["t_in"] for line in present)
    assert all(len(line["cell"]) == 15 and line["t_in"] <= line["t_out"] for line in lines)


async def test_simulation_keeps_what_it_could_not_send(
    start_mosquitto: Callable[..., mosquitto.Mosquitto],
) -> None:
    """Fixes taken while the broker is away arrive after it is back; the simulation does not end."""
    broker = start_mosquitto(persistence=True)
    config = run.SimConfig(mqtt_url=broker.url, officers=4, interval_s=1)
    stop, live = asyncio.Event(), asyncio.Event()
    async with listener.listen(broker.port) as heard:
        task = asyncio.create_task(run.simulate(config, stop, on_live=live.set))
        await asyncio.wait_for(live.wait(), 40 * waiting.PATIENCE)
        begin = int(time.time() * 1000)
        await heard.heard(4)
        await asyncio.to_thread(broker.stop)
        await asyncio.sleep(2)  # fixes are taken meanwhile: it is their time that has to pass
        await asyncio.to_thread(broker.start)
        back = int(time.time() * 1000)
        wanted = _expected(config, begin, back)

        async def all_heard() -> bool:
            return wanted <= {(topic.split("/")[3], fix.t) for topic, fix in heard.fixes()}

        await waiting.until(all_heard, "what was taken during the outage is heard")
        stop.set()
        report = await asyncio.wait_for(task, 5 * waiting.PATIENCE)
    assert wanted
    assert report.waiting == 0


async def test_simulation_without_a_broker_ends_when_told(mosquitto: mosquitto.Mosquitto) -> None:
    """With no broker at all it keeps trying, and ends within seconds when it is stopped."""
    mosquitto.stop()
    config = run.SimConfig(mqtt_url=mosquitto.url, officers=3, history_minutes=10)
    stop, prepared = asyncio.Event(), asyncio.Event()

    def progress(stage: str, done: int, total: int | None) -> None:
        if (stage, done) == ("prepare", total):
            prepared.set()

    task = asyncio.create_task(run.simulate(config, stop, on_progress=progress))
    await asyncio.wait_for(prepared.wait(), 40 * waiting.PATIENCE)
    stop.set()
    report = await asyncio.wait_for(task, 5 * waiting.PATIENCE)
    assert report.messages == 0
    assert report.waiting > 0
