"""Liveness (/healthz), readiness (/readyz) and metrics (/metrics)."""

import os
from datetime import timedelta

import structlog
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from starlette.responses import JSONResponse, Response

from runtime import db
from runtime.clock import wall_clock
from schemas import pages
from tracking.store.records import migration_store
from web import context, problems
from web.context import Context
from web.health import gauges
from web.health.store import operation

router = APIRouter(tags=["operation"])
log = structlog.get_logger(__name__)

HEARTBEAT_WITHIN = timedelta(seconds=15)
_BIND = "does another client have its client id? Bind client ids to accounts: docs/devices.md"


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", response_model=pages.Readiness, responses={503: {"model": pages.Readiness}})
async def readyz(request: Request) -> Response:
    """The process can do its work; 503 says what is missing."""
    here = context.context(request)
    checks = await _database_checks(here)
    checks["feed"] = (
        pages.Check(ok=True, detail="connected")
        if here.hub.feed.connected
        else pages.Check(ok=False, detail="not connected to the broker; is it running at the MQTT URL of the settings?")
    )
    checks["live"] = (
        pages.Check(ok=True, detail="event log read")
        if here.hub.ready.is_set()
        else pages.Check(ok=False, detail="the event log was not read yet")
    )
    readiness = pages.Readiness(ready=all(check.ok for check in checks.values()), checks=checks)
    return JSONResponse(readiness.model_dump(), status_code=200 if readiness.ready else 503)


async def _database_checks(here: Context) -> dict[str, pages.Check]:
    try:
        async with here.database.pool.acquire(timeout=3) as connection:
            tables = await _tables(connection)
            checks = {"database": pages.Check(ok=True, detail="reached"), "migrations": tables}
            return checks | ({"worker": await _worker(connection)} if tables.ok else {})
    except (problems.NotReadyError, *problems.UNREACHABLE):
        return {"database": pages.Check(ok=False, detail="cannot be reached; is it running at the database URL?")}


async def _tables(connection: db.Connection) -> pages.Check:
    try:
        await migration_store.refuse_newer(connection)
    except migration_store.NewerTablesError as error:
        return pages.Check(ok=False, detail=str(error))
    if missing := await migration_store.missing(connection):
        return pages.Check(ok=False, detail=f"missing {', '.join(missing)}; run patrol migrate")
    return pages.Check(ok=True, detail="up to date")


async def _worker(connection: db.Connection) -> pages.Check:
    newest = await operation.newest_worker(connection)
    if newest is None:
        return pages.Check(ok=False, detail="no worker runs; start one with patrol worker")
    worker, age = newest
    if age > HEARTBEAT_WITHIN:
        return pages.Check(ok=False, detail=f"{worker} was last heard {age.total_seconds():.0f} s ago")
    taken = await operation.taken_over(connection, HEARTBEAT_WITHIN)
    if taken:
        return pages.Check(ok=False, detail=f"the broker keeps ending the session of {', '.join(taken)}; {_BIND}")
    return pages.Check(ok=True, detail=f"{worker} is at work")


@router.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    here = context.context(request)
    total, _, _, silent, _ = here.hub.state.tally(wall_clock())
    text = generate_latest(registry) + gauges.devices(total, silent) + await _stored(here)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


async def _stored(here: Context) -> bytes:
    """Figures out of the database; nothing while it is away, so that the rest can be read."""
    try:
        async with here.database.pool.acquire(timeout=3) as connection:
            return await gauges.stored(connection)
    except (problems.NotReadyError, *problems.UNREACHABLE) as error:
        log.warning("web.no_stored_figures", error=str(error) or type(error).__name__)
        return b""
