"""The worker process: composes broker session, pipeline, feed and alert watcher, and runs them until told to stop."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from alerts.run import keeper, watch
from alerts.run.notify import kinds
from alerts.run.notify.outbox import Outbox
from ingest.run import heartbeat, hours, metrics, world
from ingest.run.claim import Claim
from ingest.run.clock import Latest
from ingest.run.feed import Feed
from ingest.run.housekeeper import Housekeeper
from ingest.run.late.backfill import Backfill
from ingest.run.late.cleaner import Cleaner
from ingest.run.mqtt import broker_control, mqtt
from ingest.run.mqtt.sessions import Sessions
from ingest.run.orders import Orders
from ingest.run.path.acks import Acks
from ingest.run.path.intake import Intake
from ingest.run.path.next_batch import NextBatch
from ingest.run.path.pipeline import Limits, Pipeline
from ingest.run.path.writer import Writer
from ingest.run.shares import Shares
from ingest.store.boot_ledger import BootLedger
from runtime import db, loops, retry, sockets
from runtime.clock import wall_clock
from runtime.parts import Parts
from runtime.vault import Vault
from schemas.broker import Broker
from tracking.records.parties import Pseudonyms
from tracking.store.records import migration_store, retention_store
from tracking.store.tracks import device_access

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = structlog.get_logger(__name__)

SHARED = "shared"
_CLOSE_S = 2.0
_ACKS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """What a worker needs to know."""

    database_url: str
    mqtt_url: str
    worker_id: str = "worker-1"
    units: tuple[str, ...] = ("+",)
    """Units served; "+" is all, "shared" this worker's part of all."""
    auto_enrol: bool = False
    on_ready: Callable[[], None] = lambda: None
    """Called once, when messages are being taken."""
    device_key: str | None = field(default=None, repr=False)
    """Keeps the devices' accounts in Mosquitto when given; None: the broker's accounts are not ours to keep."""
    notify_allow: str = ""
    """Networks and host names that notifications may go to though they are not public."""
    notify_services: str = ""
    """Schemes of apprise that channels may use; empty: those that talk to services only."""
    vault: Vault | None = field(default=None, repr=False)
    """Opens the key of push messages; None: none are sent."""
    subject_key: str | None = field(default=None, repr=False)
    """Secret by which parties are hashed; None: nothing of them is stored."""
    media_dir: Path | None = None
    """Folder of photographs and recordings, of which old ones are dropped; None: there is none."""
    copy: bool = True
    """False for a database that cannot take COPY (TimescaleDB in WebAssembly)."""
    receive_maximum: int = mqtt.RECEIVE_MAXIMUM
    limits: Limits = field(default_factory=Limits)

    @property
    def served(self) -> list[str] | None:
        """The units at the start; None for all."""
        if self.shares:
            return []
        return None if "+" in self.units else list(self.units)

    @property
    def shares(self) -> bool:
        """Whether the units are allotted to the workers that say so."""
        return self.units == (SHARED,)


async def run(config: WorkerConfig, stop: asyncio.Event) -> None:
    """Take messages until `stop` is set.

    Raises:
        ValueError: the broker's address cannot be read.
    """
    broker = Broker.parse(config.mqtt_url)
    with structlog.contextvars.bound_contextvars(worker=config.worker_id):
        async with _cancelled_by(stop), _pool(config) as pool:
            try:
                await _work(config, broker, pool, stop)
            finally:
                if stop.is_set():
                    await heartbeat.stopped(pool, config.worker_id)
    log.info("worker ended", worker=config.worker_id)


async def _work(config: WorkerConfig, broker: Broker, pool: db.Pool, stop: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        parts = Parts(group, stop.is_set)
        if config.shares:
            line = await _compose(config, broker, pool)
            units = _share(config, line)
            line.pipeline.claimed = units.wait
            parts.start("units", units.run())
        else:
            claim = Claim(config.database_url, config.served)
            parts.start("claim", claim.run())
            await claim.wait()
            line = await _compose(config, broker, pool)
            units = None
            claim.lost, line.pipeline.claimed = line.pipeline.writer.break_off, claim.wait
        for name, job in _jobs(config, line, units, stop).items():
            parts.start(name, job)
        parts.start("ready", _ready(config, line.sessions, units), ends=True)
        if config.device_key is not None:
            parts.start("accounts", broker_control.keep(pool, broker, config.device_key))


@dataclass(frozen=True, slots=True)
class _Line:
    """The way from the broker to the database."""

    broker: Broker
    intake: Intake
    sessions: "Sessions"
    pipeline: Pipeline

    @property
    def session(self) -> mqtt.Session:
        """The worker's own session, by which it also publishes."""
        return self.sessions.own


def _share(config: WorkerConfig, line: _Line) -> Shares:
    return Shares(
        database_url=config.database_url,
        worker=config.worker_id,
        serve=line.pipeline.serve,
        listen=line.sessions.listen,
        hush=line.sessions.hush,
        broken=line.pipeline.writer.break_off,
    )


def _jobs(
    config: WorkerConfig, line: _Line, units: Shares | None, stop: asyncio.Event
) -> dict[str, Coroutine[Any, Any, None]]:
    pipeline, session, pool = line.pipeline, line.session, line.pipeline.pool
    senders = kinds.make(pool, allow=config.notify_allow, services=config.notify_services, vault=config.vault)
    return {
        "sessions": line.sessions.run(),
        "pipeline": pipeline.run(),
        "feed": pipeline.feed.run(),
        "acks": _acknowledge(pipeline.acks, session, pool),
        "heartbeat": heartbeat.beat(
            pool,
            config.worker_id,
            lambda: list(config.units) if units is None else sorted(units.serving),
            lambda: _counters(pipeline, line.sessions),
            shares=config.shares,
        ),
        "watcher": watch.Watcher(pool).run(stop),
        "keeper": keeper.Keeper(pool).run(stop),
        "notifier": Outbox(pool, senders).run(stop),
        "cleaner": Cleaner(pool, lambda: pipeline.writer.world.atlas.grid, wall_clock).run(),
        "housekeeper": Housekeeper(pool, wall_clock, config.media_dir).run(),
        "hours": hours.keep(pool),
        "orders": Orders(pool, session.order, session.ready).run(),
    }


async def _compose(config: WorkerConfig, broker: Broker, pool: db.Pool) -> _Line:
    intake = Intake()
    former = await pool.fetchval("SELECT units FROM workers WHERE id = $1", config.worker_id) or ()
    async with pool.acquire() as conn:
        await device_access.note_server(conn, broker.user)
    latest = Latest()
    # Where the two disagree, the later counts: nothing is refused because this machine's clock is behind.
    latest.hear(db.millis(await pool.fetchval("SELECT now()")))
    sessions = Sessions(
        broker,
        worker=config.worker_id,
        units=() if config.shares else config.units,
        former=("+", *former) if config.shares else former,
        intake=intake,
        receive_maximum=config.receive_maximum,
        latest=latest,
    )
    intake.on_full, intake.on_room = sessions.pause, sessions.resume
    pipeline = await make_pipeline(config, pool, intake, sessions.own.publish, latest=latest)
    return _Line(broker, intake, sessions, pipeline)


async def make_pipeline(
    config: WorkerConfig,
    pool: db.Pool,
    intake: Intake,
    publish: Callable[[str, bytes], object],
    clock: Callable[[], int] = wall_clock,
    latest: Callable[[], int] | None = None,
) -> Pipeline:
    """Make a pipeline whose engine knows what the store holds; `publish` sends the live feed."""
    async with pool.acquire() as conn:
        made = await world.load(conn, config.served, clock())
        woken = await world.wake(conn, config.served, clock())
        horizons = await retention_store.horizons(conn)
    log.info("engine made from the store", cells=len(made.city.cells), stays_going_on=woken)
    feed = Feed(config.worker_id, publish)
    writer = Writer(made, feed.offer, copy=config.copy, pseudonyms=Pseudonyms(config.subject_key))
    return Pipeline(
        pool=pool,
        intake=intake,
        devices=world.DeviceBook(config.auto_enrol),
        writer=writer,
        backfill=Backfill(lambda: writer.world, config.served, writer.break_off),
        feed=feed,
        acks=Acks(),
        clock=clock,
        waiting=NextBatch(
            intake=intake,
            clock=clock,
            latest=latest or clock,
            messages=config.limits.messages,
            rows=config.limits.rows,
            bytes=config.limits.bytes,
        ),
        limits=config.limits,
        horizons=horizons,
    )


async def _ready(config: WorkerConfig, sessions: Sessions, units: Shares | None) -> None:
    await sessions.ready()
    if units is not None:
        await units.allotted.wait()
    config.on_ready()
    log.info("worker takes messages", units=config.units)


async def _acknowledge(acks: Acks, session: mqtt.Session, pool: db.Pool) -> None:
    """Tell devices with an outbox how far they are stored. What the broker misses is told again with the next fix."""
    ledger = BootLedger(pool, wall_clock)
    while True:
        await asyncio.sleep(_ACKS_EVERY_S)
        try:
            for topic, payload in await acks.due(wall_clock(), ledger):
                session.publish(topic, payload)
        except Exception as error:
            loops.unless_ending()
            if not retry.is_transient(error):
                raise
            metrics.RETRIES.labels("acks").inc()
            log.warning("acknowledgements wait for the database", error=str(error))


def _counters(pipeline: Pipeline, sessions: Sessions) -> dict[str, Any]:
    return {
        **pipeline.tally,
        "queue": len(pipeline.waiting),
        "broker": sessions.own.ready.is_set(),
        "taken": sessions.taken,
    }


@asynccontextmanager
async def _pool(config: WorkerConfig) -> "AsyncIterator[db.Pool]":
    """A pool on a database that answers and has its tables."""
    pool = await _opened(config)
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def _opened(config: WorkerConfig) -> db.Pool:
    for wait in retry.delays():
        try:
            pool = await asyncpg.create_pool(
                config.database_url,
                min_size=1,
                max_size=10,
                command_timeout=60,
                timeout=10,
                init=sockets.watch_database,
                server_settings={
                    "application_name": f"patrol {config.worker_id}",
                    "timezone": "UTC",
                    "jit": "off",
                    **sockets.SERVER_SETTINGS,
                },
            )
        except Exception as error:
            if not (retry.is_transient(error) or retry.is_misfit(error)):
                raise
            metrics.RETRIES.labels("start").inc()
            remedy = "check PATROL_DATABASE_URL and that the database runs"
            log.warning("database is not ready", error=f"{type(error).__name__}: {error}", remedy=remedy)
            await asyncio.sleep(wait)
        else:
            await _until_migrated(pool)
            return pool
    raise AssertionError  # the delays have no end


async def _until_migrated(pool: db.Pool) -> None:
    """Wait for the tables of this release.

    Raises:
        NewerTablesError: they are of a newer one.
    """
    for wait in retry.delays():
        try:
            async with pool.acquire() as conn:
                await migration_store.refuse_newer(conn)
                missing = await migration_store.missing(conn)
        except Exception as error:
            if not (retry.is_transient(error) or retry.is_misfit(error)):
                raise
            missing = [f"{type(error).__name__}: {error}"]
        if not missing:
            return
        metrics.RETRIES.labels("start").inc()
        log.warning("database is not ready", error=f"it lacks {', '.join(missing[:5])}", remedy="run `patrol migrate`")
        await asyncio.sleep(wait)


@asynccontextmanager
async def _cancelled_by(stop: asyncio.Event) -> "AsyncIterator[None]":
    """Cancel the body when `stop` is set, and end without an error then."""
    body = asyncio.current_task()
    assert body is not None  # noqa: S101 - a coroutine always runs in a task

    async def waiting() -> None:
        await stop.wait()
        body.cancel()

    watcher = asyncio.create_task(waiting(), name="stop")
    try:
        yield
    except asyncio.CancelledError:
        if not stop.is_set() or body.uncancel() > 0:
            raise
    finally:
        watcher.cancel()
