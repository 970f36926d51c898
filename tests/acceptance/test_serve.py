"""`patrol serve` against a Mosquitto and a PostgreSQL that are there: nothing lost, nothing twice."""

import asyncio
import collections
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest

from bench.truth import geolife
from tests.support import tracks, waiting
from tests.support.database import TestServer
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product

REAL = sorted(geolife.TRACKS.glob("*.plt"))
"""Real tracks where they are at hand; they are no part of the repository."""
NOW_MS = int(datetime.now(UTC).timestamp() * 1000)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """The external broker."""
    made = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(postgres: TestServer, broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running `patrol serve` on an empty database, enrolling what it hears."""
    database_url = asyncio.run(postgres.create(migrated=False))
    env = {"PATROL_DATABASE_URL": database_url, "PATROL_MQTT_URL": broker.url, "PATROL_AUTO_ENROL": "true"}
    product = Product(tmp_path_factory.mktemp("serve"), env=env)
    product.start("serve")
    try:
        product.wait_ready()
        yield product
    finally:
        product.stop()
        asyncio.run(postgres.drop(database_url))


async def test_replay_is_stored_exactly_once_and_a_second_replay_changes_nothing(
    server: Product, broker: Mosquitto, tmp_path: Path
) -> None:
    """Of GPX, CSV and real tracks, every distinct fix is in the API once; sent again, each answer stays as it was."""
    expected = {
        "walk-csv": tracks.write_csv(tmp_path / "walk-csv.csv", points=1500, seed=1, repeats=300),
        "walk-gpx": tracks.write_gpx(tmp_path / "walk-gpx.gpx", points=700, seed=2),
    }
    files = [tmp_path / "walk-csv.csv", tmp_path / "walk-gpx.gpx"]
    for path in REAL:
        files.append(tracks.moved_plt(path, tmp_path))
        expected[path.stem] = tracks.read_plt(files[-1])

    await _replay(server, broker, files)
    first = {name: _track(server, name) for name in expected}
    for name, fixes in expected.items():
        assert tracks.read_answer(first[name]) == sorted(fixes.items()), name

    await _replay(server, broker, files)
    assert {name: _track(server, name) for name in expected} == first


async def test_worker_killed_during_a_replay_stores_every_fix_exactly_once(
    server: Product, broker: Mosquitto, tmp_path: Path
) -> None:
    """Killed twice without warning while fixes stream in, the worker comes back and completes what the broker kept."""
    names = ["killed-0", "killed-1"]
    expected = {name: tracks.write_csv(tmp_path / f"{name}.csv", points=4000, seed=n) for n, name in enumerate(names)}
    files = [str(tmp_path / f"{name}.csv") for name in names]
    replay = asyncio.create_task(asyncio.to_thread(server.run, "sim", "replay", *files, "--speed", "0", within=120))
    for part in (0.05, 0.4):
        reached = min(expected[names[0]]) + part * 4_000_000

        async def stored(reached: float = reached) -> bool:
            device = server.devices().get(names[0])
            last = None if device is None else device["last"]
            return last is not None and _millis(last["t"]) >= reached

        await waiting.until(stored, f"{part:.0%} of the fixes are stored", within=60, every=0.01)
        server.child("worker").kill()
    done = await replay
    assert done.returncode == 0, done.stdout + done.stderr

    await _caught_up(server, broker)
    for name, fixes in expected.items():
        assert tracks.read_answer(_track(server, name)) == sorted(fixes.items()), name


def _fix(**changes: Any) -> dict[str, Any]:
    return {"t": NOW_MS, "lat": 23.1, "lon": 114.4} | changes


MALFORMED: list[tuple[str, bytes, str]] = [
    ("fix", b"", "empty"),
    ("fix", b"[]", "empty"),
    ("fix", b"not json", "malformed"),
    ("fix", msgspec.msgpack.encode(_fix())[:-3], "malformed"),
    ("fix", b'{"t": ' + str(NOW_MS).encode() + b', "lat": NaN, "lon": 114.4}', "not_finite"),
    ("fix", msgspec.msgpack.encode(_fix(lat=float("nan"))), "not_finite"),
    ("fix", json.dumps(_fix(lat="23.1")).encode(), "wrong_type"),
    ("fix", json.dumps({"lat": 23.1, "lon": 114.4}).encode(), "wrong_type"),
    ("fix", json.dumps(_fix(lat=91)).encode(), "out_of_range"),
    ("fix", json.dumps(_fix(t=NOW_MS + 86_400_000)).encode(), "future_time"),
    ("fix", json.dumps(_fix(duty="off")).encode(), "off_duty"),
    ("fix", json.dumps([_fix(t=NOW_MS + 1)] * 10_001).encode(), "too_many"),
    ("fixes", json.dumps(_fix()).encode(), "unknown_kind"),
    ("fix", random.Random(1).randbytes(10_000_000), "too_large"),  # noqa: S311 - test data
]


async def test_malformed_payloads_are_counted_by_reason_and_stop_nothing(server: Product, broker: Mosquitto) -> None:
    """Each of a table of bad payloads is refused with its own reason, and the fix after each is stored."""
    before = server.get("stats")["refusals"]
    async with _client(broker) as device:
        for n, (kind, payload, _) in enumerate(MALFORMED):
            await device.publish(f"patrol/v1/bad/malformed-{n}/{kind}", payload, qos=1)
            await device.publish(f"patrol/v1/bad/after-{n}/fix", json.dumps(_fix(t=NOW_MS - 1000)).encode(), qos=1)
    await _caught_up(server, broker)

    devices = server.devices()
    assert [n for n in range(len(MALFORMED)) if f"after-{n}" not in devices] == []
    assert [n for n in range(len(MALFORMED)) if f"malformed-{n}" in devices and devices[f"malformed-{n}"]["last"]] == []
    kept = {item["topic"].split("/")[3]: item["reason"] for item in server.get("refusals", limit=100)["items"]}
    assert {n: kept.get(f"malformed-{n}", reason) for n, (_, _, reason) in enumerate(MALFORMED)} == {
        n: reason for n, (_, _, reason) in enumerate(MALFORMED)
    }
    wanted = collections.Counter(reason for _, _, reason in MALFORMED)

    async def counted() -> bool:
        after = collections.Counter(server.get("stats")["refusals"])
        return after - collections.Counter(before) == wanted

    await waiting.until(counted, f"the refusals are counted as {wanted}")


def test_serve_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    """Nothing given: one line that names both options."""
    done = Product(tmp_path).run("serve")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "--database-url" in done.stderr
    assert "--mqtt-url" in done.stderr


async def _replay(server: Product, broker: Mosquitto, files: list[Path]) -> None:
    names = [str(path) for path in files]
    done = await asyncio.to_thread(server.run, "sim", "replay", *names, "--speed", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    await _caught_up(server, broker)


async def _caught_up(server: Product, broker: Mosquitto) -> None:
    """Wait until the worker has stored all that was published before now: a fix of a new device comes behind it."""
    name = f"sentinel-{random.getrandbits(40):x}"
    async with _client(broker) as device:
        await device.publish(f"patrol/v1/test/{name}/fix", json.dumps(_fix(t=NOW_MS - 5000)).encode(), qos=1)

    async def stored() -> bool:
        return name in server.devices()

    await waiting.until(stored, "the worker has caught up", within=60, every=0.1)


def _track(server: Product, name: str) -> str:
    """The whole track of a device as CSV."""
    start, end = datetime(2000, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    query = {"from": start.isoformat(), "to": end.isoformat(), "format": "csv"}
    with server.client() as client:
        answer = client.get(f"/api/v1/devices/{name}/track", params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def _millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _client(broker: Mosquitto) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5)
