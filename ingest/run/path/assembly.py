"""Builds a pipeline, with an engine loaded from the store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from ingest.run.config import WorkerConfig
from ingest.run.feed import FeedPublisher
from ingest.run.late.backfill import Backfill
from ingest.run.path.acks import Acks
from ingest.run.path.device_book import DeviceBook
from ingest.run.path.engine_host import EngineHost
from ingest.run.path.handover import Handover
from ingest.run.path.intake import Intake
from ingest.run.path.next_batch import NextBatch
from ingest.run.path.pipeline import Pipeline
from ingest.run.path.retrying_pool import RetryingPool, at_once
from ingest.run.path.tally import Tally
from ingest.run.path.upkeep import Upkeep
from ingest.run.path.writer import Writer
from runtime import db
from runtime.clock import wall_clock
from tracking.records.parties import Pseudonyms
from tracking.store.records import retention_store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
    """The engine of a pipeline, and the permission to advance it.

    Args:
        host: the engine; nothing is loaded yet.
        handover: requests for other units.
        claimed: returns when this worker holds the claim on its units.
    """

    host: EngineHost
    handover: Handover
    claimed: Callable[[], Awaitable[None]] = at_once


async def make_pipeline(
    config: WorkerConfig,
    pool: db.Pool,
    intake: Intake,
    publish: Callable[[str, bytes], object],
    clock: Callable[[], int] = wall_clock,
    *,
    latest: Callable[[], int] | None = None,
    served: Served | None = None,
) -> Pipeline:
    """Build a pipeline whose engine is loaded from the store.

    Args:
        config: units, bounds, and what to store.
        pool: the database.
        intake: source of messages.
        publish: sends the live feed.
        clock: the time, ms.
        latest: upper bound of the true time, ms.
        served: None: the units of `config`, not shared.
    """
    served = served or Served(EngineHost(config.served), Handover(intake.wake))
    host = served.host
    async with pool.acquire() as conn:
        await host.load(conn, clock())
        woken = await host.wake(conn, clock())
        horizons = await retention_store.horizons(conn)
    log.info("engine made from the store", cells=len(host.city.cells), stays_going_on=woken)
    devices, feed, acks = DeviceBook(config.auto_enrol), FeedPublisher(config.worker_id, publish), Acks()
    limits, tally = config.limits, Tally(devices, clock)
    waiting = NextBatch(
        intake=intake,
        clock=clock,
        latest=latest or clock,
        messages=limits.messages,
        rows=limits.rows,
        bytes=limits.bytes,
    )
    database = RetryingPool(pool=pool, claimed=served.claimed, waiting=lambda: len(waiting))
    upkeep = Upkeep(
        database=database,
        host=host,
        devices=devices,
        backfill=Backfill(host),
        handover=served.handover,
        feed=feed,
        acks=acks,
        minutes=tally.minutes,
        clock=clock,
        horizons=horizons,
        every_s=limits.upkeep_s,
        backfill_s=limits.backfill_s,
    )
    return Pipeline(
        database=database,
        intake=intake,
        waiting=waiting,
        devices=devices,
        host=host,
        writer=Writer(copy=config.copy, pseudonyms=Pseudonyms(config.subject_key)),
        feed=feed,
        acks=acks,
        tally=tally,
        upkeep=upkeep,
        clock=clock,
    )
