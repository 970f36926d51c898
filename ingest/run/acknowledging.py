"""Tells devices with an outbox how far they are stored."""

import asyncio

import structlog

from ingest.run import metrics
from ingest.run.mqtt.session import Session
from ingest.run.path.acks import Acks
from ingest.store.boot_ledger import BootLedger
from runtime import db, loops, retry
from runtime.clock import wall_clock

log = structlog.get_logger(__name__)

EVERY_S = 1.0


async def keep(acks: Acks, session: Session, pool: db.Pool) -> None:
    """Tell devices with an outbox how far they are stored. What the broker misses is told again with the next fix."""
    ledger = BootLedger(pool, wall_clock)
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            for topic, payload in await acks.due(wall_clock(), ledger):
                session.publish(topic, payload)
        except Exception as error:
            loops.unless_ending()
            if not retry.is_transient(error):
                raise
            metrics.RETRIES.labels("acks").inc()
            log.warning("acknowledgements wait for the database", error=str(error))
