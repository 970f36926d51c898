"""The web process as an ASGI application: routes, policy, the live part, and what they share."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from schemas import rest
from tracking.media_files import MediaFiles
from web import accounts, apidocs, audit_check, health, observe, policy, problems, signin, spa
from web.audit import Recorder
from web.config import WebConfig
from web.context import Context
from web.database import Database
from web.live.hub import Hub
from web.media import Receiver
from web.openid import routes as openid_routes
from web.openid.provider import Provider
from web.plain import auditor, officer
from web.routes import (
    accounts as account_routes,
)
from web.routes import (
    alert_steps,
    alerts,
    assignments,
    audit,
    beat_import,
    broker,
    channels,
    coverage,
    devices,
    duty,
    enrolment,
    exports,
    grid_import,
    ground,
    holds,
    indicators,
    live,
    me,
    media,
    people,
    plans,
    records,
    replay,
    rules,
    session,
    stats,
)

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 1 << 20
ANCHOR_S = 300.0
"""What is recorded after the last anchor could be cut off unseen by somebody who can change the database."""

_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong (RFC 9457).",
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def create_app(config: WebConfig) -> FastAPI:
    """Build the application; its lifespan opens the database and starts the live part."""
    database = Database(config.database_url)
    recorder = Recorder(database)
    hub = Hub(database, config.mqtt_url, recorder, config.clock)
    openid = None if config.openid is None else Provider(config.openid)
    receiver = None if config.media_dir is None else Receiver(MediaFiles(config.media_dir), config.media_most_bytes)
    made = Context(config=config, database=database, audit=recorder, hub=hub, openid=openid, media=receiver)
    app = FastAPI(
        title="patrolgrid",
        version="1",
        description="Positions, visits, coverage and alerts of a city's patrols.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        lifespan=_lifespan(made),
        responses=_PROBLEM,
        max_body_size=MAX_BODY_BYTES,
    )
    app.state.context = made
    app.state.sights = made.hub.sights
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    problems.install(app)
    _add_routes(app)
    # The last one added is the outermost: headers are on the refusals of the policy, too.
    app.add_middleware(policy.Policy, config=config, database=database, recorder=made.audit, routes=lambda: app.routes)
    app.add_middleware(observe.Observe, secure=config.secure_cookies, tiles=config.ground.origin)
    return app


def _add_routes(app: FastAPI) -> None:
    api = APIRouter(prefix="/api/v1")
    for part in (
        account_routes,
        audit,
        devices,
        enrolment,
        grid_import,
        beat_import,
        broker,
        coverage,
        indicators,
        plans,
        records,
        replay,
        rules,
        exports,
        alerts,
        assignments,
        alert_steps,
        duty,
        people,
        channels,
        holds,
        media,
        stats,
        me,
        session,
        live,
    ):
        api.include_router(part.router)
    api.include_router(ground.api)
    app.include_router(health.router)
    app.include_router(signin.router)
    app.include_router(openid_routes.router)
    app.include_router(auditor.router)
    app.include_router(officer.router)
    app.include_router(apidocs.router)
    app.include_router(api)
    app.include_router(ground.files)
    app.include_router(spa.router)  # last: it takes every other address


def _lifespan(here: Context) -> Any:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            opening = group.create_task(here.database.open(), name="web.database")
            admin = group.create_task(_ensure_admin(here), name="web.admin")
            records = [
                group.create_task(here.audit.run(), name="web.audit"),
                group.create_task(_anchor(here), name="web.anchor"),
            ]
            running = group.create_task(here.hub.run(), name="web.live")
            try:
                yield
            finally:
                await here.hub.end_all()
                here.hub.stop()
                for task in (opening, admin, *records):
                    task.cancel()
                await asyncio.wait([running], timeout=2)
                running.cancel()
        await here.database.close()

    return lifespan


async def _anchor(here: Context) -> None:
    """Write the head of the audit chain where the database cannot reach it, now and then."""
    file, key = here.config.audit_anchor, here.config.device_key
    if file is None or key is None:
        return
    pool = await here.database.opened()
    while True:
        try:
            async with pool.acquire(timeout=5) as connection:
                head = await audit_check.head_of(connection)
            await asyncio.to_thread(audit_check.anchor, file, head, key)
        except (OSError, *problems.UNREACHABLE) as error:
            log.warning("audit.not_anchored", error=str(error), retry_s=ANCHOR_S)
        await asyncio.sleep(ANCHOR_S)


async def _ensure_admin(here: Context) -> None:
    pool = await here.database.opened()
    while True:
        try:
            made = await accounts.ensure_admin(pool, here.config.admin_password)
            break
        except problems.UNREACHABLE:
            await asyncio.sleep(1)  # not migrated yet, or away again
    if made is not None:
        (here.config.on_admin_password or _print_password)(made)


def _print_password(password: str) -> None:
    sys.stderr.write(f"First start: sign in as {accounts.ADMIN} with the password {password} (shown only now).\n")
    sys.stderr.flush()


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = rest.Problem.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for item in made["paths"].values():
            for operation in item.values():
                operation["responses"].pop("422", None)  # invalid parameters are a Problem like every other error
        made["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "patrol_session"},
            "device": {"type": "http", "scheme": "basic"},
        }
        made["security"] = [{"bearer": []}, {"session": []}]
        app.openapi_schema = made
    return app.openapi_schema
