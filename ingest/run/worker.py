"""The worker process: combines broker sessions, pipeline, feed and alerts, and runs them until stopped."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from alerts.run import timers, watch
from alerts.run.notify import kinds
from alerts.run.notify.outbox import Outbox
from ingest.run import acknowledging, database, heartbeat, hours, units
from ingest.run.clock import Latest
from ingest.run.config import WorkerConfig
from ingest.run.housekeeper import Housekeeper
from ingest.run.late.cleaner import Cleaner
from ingest.run.mqtt import broker_control
from ingest.run.mqtt.sessions import Sessions
from ingest.run.orders import Orders
from ingest.run.path.assembly import Served, make_pipeline
from ingest.run.path.engine_host import EngineHost
from ingest.run.path.handover import Handover
from ingest.run.path.pipeline import Pipeline
from ingest.run.units import Units
from ingest.store import worker_store, world_version
from runtime import db
from runtime.clock import wall_clock
from runtime.parts import Parts
from runtime.stopping import cancelled_by
from schemas.broker import Broker
from tracking.store.tracks import device_access

log = structlog.get_logger(__name__)


async def run(config: WorkerConfig, stop: asyncio.Event) -> None:
    """Process messages until `stop` is set.

    Raises:
        ValueError: the broker's address cannot be read.
    """
    broker = Broker.parse(config.mqtt_url)
    with structlog.contextvars.bound_contextvars(worker=config.worker_id):
        async with cancelled_by(stop), database.pool(config) as pool:
            try:
                await _work(config, broker, pool, stop)
            finally:
                if stop.is_set():
                    await heartbeat.stopped(pool, config.worker_id)
    log.info("worker ended", worker=config.worker_id)


async def _work(config: WorkerConfig, broker: Broker, pool: db.Pool, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        parts = Parts(group, stop.is_set)
        latest = Latest()
        # The later of the two clocks counts, so that nothing is refused because this machine's clock is slow.
        async with pool.acquire() as conn:
            latest.hear(await world_version.now(conn))
            former = await worker_store.units(conn, config.worker_id)
        sessions = _sessions(config, broker, former, latest)
        host, handover = EngineHost(config.served), Handover(sessions.intake.wake)
        held = units.of(config, host, handover, sessions)
        parts.start("units", held.run())
        # Stored data of devices of another worker would be outdated.
        await held.wait()
        async with pool.acquire() as conn:
            await device_access.note_server(conn, broker.user)
        served, publish = Served(host, handover, held.wait), sessions.own.publish
        pipeline = await make_pipeline(config, pool, sessions.intake, publish, latest=latest, served=served)
        for name, job in _jobs(_Line(config, broker, pool, sessions, pipeline, held), stop).items():
            parts.start(name, job)
        parts.start("ready", _ready(config, sessions, held), ends=True)


@dataclass(frozen=True, slots=True)
class _Line:
    """The path from the broker to the database."""

    config: WorkerConfig
    broker: Broker
    pool: db.Pool
    sessions: Sessions
    pipeline: Pipeline
    units: Units

    def counters(self) -> dict[str, Any]:
        """Figures of the worker."""
        return {
            **self.pipeline.tally.totals,
            "queue": len(self.pipeline.waiting),
            "broker": self.sessions.own.ready.is_set(),
            "taken": self.sessions.taken,
        }


def _sessions(config: WorkerConfig, broker: Broker, former: Sequence[str], latest: Latest) -> Sessions:
    return Sessions(
        broker,
        worker=config.worker_id,
        units=() if config.shares else config.units,
        former=("+", *former) if config.shares else former,
        receive_maximum=config.receive_maximum,
        latest=latest,
    )


def _jobs(line: _Line, stop: asyncio.Event) -> dict[str, Coroutine[Any, Any, None]]:
    config, pipeline, session, pool = line.config, line.pipeline, line.sessions.own, line.pool
    senders = kinds.make(pool, allow=config.notify_allow, services=config.notify_services, vault=config.vault)
    jobs: dict[str, Coroutine[Any, Any, None]] = {
        "sessions": line.sessions.run(),
        "pipeline": pipeline.run(),
        "feed": pipeline.feed.run(),
        "acks": acknowledging.keep(pipeline.acks, session, pool),
        "heartbeat": heartbeat.Heartbeat(
            pool=pool,
            worker=config.worker_id,
            units=lambda: sorted(line.units.serving),
            counters=line.counters,
            shares=config.shares,
        ).run(),
        "watcher": watch.Watcher(pool).run(stop),
        "timers": timers.AlertTimers(pool).run(),
        "notifier": Outbox(pool, senders).run(),
        "cleaner": Cleaner(pool, lambda: pipeline.host.grid, wall_clock).run(),
        "housekeeper": Housekeeper(pool, wall_clock, config.media_dir).run(),
        "hours": hours.keep(pool),
        "orders": Orders(pool, session.order, session.ready).run(),
    }
    if config.device_key is not None:
        jobs["accounts"] = broker_control.keep(pool, line.broker, config.device_key)
    return jobs


async def _ready(config: WorkerConfig, sessions: Sessions, held: Units) -> None:
    await sessions.ready()
    await held.settled()
    config.on_ready()
    log.info("worker takes messages", units=config.units)
