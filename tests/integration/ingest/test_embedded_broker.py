"""The worker on the broker that `patrol demo` embeds."""

import json
from typing import TYPE_CHECKING

from tests.integration.ingest.conftest import client, fix, working
from tests.integration.ingest.counting import FIX, counted
from tests.support import waiting

if TYPE_CHECKING:
    from patrol.services.broker import EmbeddedBroker
    from runtime import db


async def test_worker_serves_devices_of_the_embedded_broker(
    conn: "db.Connection", iotcore_broker: "EmbeddedBroker", database_url: str
) -> None:
    """Fixes far beyond its window of 100 are stored once each, and the next worker goes on in the same session."""
    for start in (0, 300):
        async with working(database_url=database_url, mqtt_url=iotcore_broker.direct_url):
            async with client(iotcore_broker.url) as device:
                for n in range(start, start + 300):
                    await device.publish(FIX, json.dumps(fix(n * 1000)), qos=1)
            await waiting.until(counted(conn, start + 300), "all are stored")
