"""Metrics of real processes: all that rules and dashboard ask for is there, and tells what happened."""

import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiomqtt
import httpx2
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.contract import test_watch
from tests.support import ports, promql, waiting
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product


class Pair:
    """A worker and a web process, as docker-compose runs them."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.port = ports.free_port()
        self.worker = Product(folder / "worker", env={**env, "PATROL_METRICS_PORT": str(self.port)})
        self.web = Product(folder / "web", env=env)

    def start(self) -> None:
        """Start both and wait until they are ready."""
        self.worker.start("worker")
        self.web.start("web")
        self.web.wait_ready()

    def stop(self) -> None:
        """End both."""
        self.web.stop()
        self.worker.stop()

    def families(self) -> list[Metric]:
        """Everything that both tell."""
        return [*_families(httpx2.get(f"http://127.0.0.1:{self.port}/metrics").text), *_families(_scraped(self.web))]

    def figure(self, name: str, **labels: str) -> float:
        """One sample, the sum of both processes."""
        return sum(
            sample.value
            for family in self.families()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


def _scraped(product: Product) -> str:
    with product.client() as client:
        return client.get("/metrics").raise_for_status().text


def _families(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


@pytest.fixture
async def pair(
    database_url: str, start_mosquitto: Callable[..., Mosquitto], tmp_path: Path
) -> AsyncIterator[tuple[Pair, Mosquitto]]:
    """The pair with a broker of its own."""
    broker = start_mosquitto()
    env = {"PATROL_DATABASE_URL": database_url, "PATROL_MQTT_URL": broker.url, "PATROL_AUTO_ENROL": "true"}
    made = Pair(tmp_path, env)
    try:
        made.start()
        yield made, broker
    finally:
        made.stop()


async def test_rules_and_dashboard_ask_for_what_the_processes_tell(pair: tuple[Pair, Mosquitto]) -> None:
    """Every metric and label is really there; figures are of what was sent; a lost broker is seen."""
    both, broker = pair
    now = time.time_ns() // 1_000_000
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as device:
        for t in (now - 2_000, now - 1_000, now - 1_000):
            body = json.dumps({"t": t, "lat": 23.1, "lon": 114.4})
            await device.publish("patrol/v1/team/cam-1/fix", body, qos=1)
        await device.publish("patrol/v1/team/cam-1/fix", b"not json", qos=1)

    async def shown() -> bool:
        return (
            both.figure("patrol_fixes_stored_total") == 2
            and both.figure("patrol_refusals_total", reason="malformed") == 1
            and both.figure("patrol_live_lag_seconds_count") >= 1
            and both.figure("patrol_alert_evaluation_seconds_count") >= 1
        )

    await waiting.until(shown, "what was sent is stored, refused, shown and judged", every=0.2)
    for name, value in (("patrol_fixes_duplicate_total", 1), ("patrol_messages_total", 4), ("patrol_claim_held", 1),
                        ("patrol_broker_connected", 1), ("patrol_live_feed_connected", 1)):  # fmt: skip
        assert both.figure(name) == value, name
    assert both.figure("patrol_live_devices", state="heard") == 1
    assert both.figure("patrol_store_lag_seconds_count") >= 1
    assert both.figure("patrol_fix_lag_seconds_count") >= 1
    _all_is_told(both.families())

    async def counted() -> bool:
        return bool(both.web.get("stats")["fixes_last_hour"] == 2)

    await waiting.until(counted, "the figure of the last hour has them", every=0.5)

    broker.stop()

    async def noticed() -> bool:
        return both.figure("patrol_broker_connected") == 0 == both.figure("patrol_live_feed_connected")

    await waiting.until(noticed, "both notice that the broker is gone", every=0.2)
    broker.start()

    async def back() -> bool:
        return both.figure("patrol_broker_sessions_total") >= 2 and both.figure("patrol_live_feed_connected") == 1

    await waiting.until(back, "both are connected again, and it was counted", within=40, every=0.2)
    assert both.figure("patrol_live_feed_losses_total") >= 1


def _all_is_told(families: list[Metric]) -> None:
    told = {family.name: {label for sample in family.samples for label in sample.labels} for family in families}
    ours = {name for expression in test_watch.expressions() for name, _ in promql.asked(expression)}
    for name in ours - test_watch.OF_PROMETHEUS:
        base = promql.family(name)
        assert base in told or name.removesuffix("_total") in told or name in told or name in ARCHIVE_ONLY, name
    for expression in test_watch.expressions():
        for name, labels in promql.asked(expression):
            known = told.get(name, set())
            if name.startswith("patrol_") and known:
                assert labels - test_watch.OF_SCRAPES <= known, (name, labels)


ARCHIVE_ONLY = {"patrol_wal_archive_failing", "patrol_wal_archive_age_seconds"}
"""Told only where the database archives; `tests/integration/patrol/test_backup.py` looks at them there."""


def test_processes_that_share_a_folder_tell_each_figure_once(demo: Product) -> None:
    """The page of `patrol demo` has the worker's figures and the web process's, none twice."""
    families = _families(_scraped(demo))
    names = [family.name for family in families]
    assert len(set(names)) == len(names)
    assert {"patrol_fixes_stored", "patrol_live_viewers", "patrol_alerts_open", "patrol_claim_held"} <= set(names)
    samples = [(sample.name, frozenset(sample.labels.items())) for family in families for sample in family.samples]
    assert len(set(samples)) == len(samples)


async def test_gauges_of_a_killed_worker_go_and_its_counters_stay(own_folder: Callable[[], Path]) -> None:
    """Its session and its claim are not told beside those of the one that replaced it; what it stored is."""
    product = Product(own_folder())
    try:
        product.start("demo", "--officers", "2", "--history-minutes", "5")
        product.wait_ready()

        def figure(name: str) -> float:
            return sum(s.value for f in _families(_scraped(product)) for s in f.samples if s.name == name)

        async def some() -> float:
            return figure("patrol_fixes_stored_total")

        stored = await waiting.until(some, "fixes are stored", within=60, every=0.2)
        killed = product.child("worker")
        killed.kill()

        async def replaced() -> bool:
            found = product.find("worker")
            return found is not None and found.pid != killed.pid and figure("patrol_broker_sessions_total") == 2

        await waiting.until(replaced, "another worker has a session", within=40, every=0.2)
        assert (figure("patrol_claim_held"), figure("patrol_broker_connected")) == (1, 1)
        assert figure("patrol_fixes_stored_total") >= stored
    finally:
        product.stop()
