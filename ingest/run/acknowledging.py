"""Sends `ack` to devices with an outbox."""

from ingest.run import surviving
from ingest.run.mqtt.session import Session
from ingest.run.path.acks import Acks
from ingest.store.boot_ledger import BootLedger
from runtime import db
from runtime.clock import wall_clock
from runtime.every import every

EVERY_S = 1.0


async def keep(acks: Acks, session: Session, pool: db.Pool) -> None:
    """Send `ack` to devices with an outbox. One lost at the broker is repeated with the next fix."""
    ledger = BootLedger(pool, wall_clock)

    async def tell() -> None:
        for topic, payload in await acks.due(wall_clock(), ledger):
            session.publish(topic, payload)

    await every(EVERY_S, tell, survive=surviving.of_database("acks", "acknowledgements wait for the database"))
