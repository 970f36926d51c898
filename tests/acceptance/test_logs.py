"""What a real worker says of itself: structured, with batch and device, without secrets and places."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiomqtt

from tests.support import waiting
from tests.support.mosquitto import Mosquitto
from tests.support.product import Product


async def test_lines_name_worker_batch_and_device_and_no_place(
    database_url: str, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Fixes and rubbish that repeats places and secrets: who was refused and why is told, what was sent is not."""
    env = {"PATROL_DATABASE_URL": database_url, "PATROL_MQTT_URL": mosquitto.url, "PATROL_AUTO_ENROL": "true",
           "PATROL_LOG_FORMAT": "json"}  # fmt: skip
    product = Product(tmp_path, env=env)
    product.start("worker")
    try:
        product.wait_said("worker takes messages")
        now = time.time_ns() // 1_000_000
        async with aiomqtt.Client("127.0.0.1", mosquitto.port, protocol=aiomqtt.ProtocolVersion.V5) as device:
            good = {"t": now - 1_000, "lat": 23.08412, "lon": 114.41345}
            for body in (
                good,
                good | {"lat": 123.08412},
                {"lat": "23.08412", "password": "opensesame"},
                good | {"t": 1},
            ):
                await device.publish("patrol/v1/team/cam-7/fix", json.dumps(body), qos=1)
            await device.publish("patrol/v1/team/cam-8/fix", b"23.08412 opensesame", qos=1)

        async def told() -> bool:
            return {"cam-7", "cam-8"} <= {line.get("device") for line in _lines(product)}

        await waiting.until(told, "the refusals are told", every=0.1)
        refused = [line for line in _lines(product) if line["event"] == "refused"]
        assert all(line["worker"] == "worker-1" and line["batch"] >= 1 and line["reason"] for line in refused)
    finally:
        product.stop()
    for line in _lines(product):
        assert {"timestamp", "level", "logger", "event"} <= line.keys()
    for secret in (
        "23.0841",
        "114.4134",
        "opensesame",
        product.password,
        product.token,
        urlsplit(database_url).password,
    ):
        assert secret
        assert secret not in product.output


def _lines(product: Product) -> list[dict[str, Any]]:
    return [json.loads(line) for line in product.output.splitlines() if line.endswith("}")]
