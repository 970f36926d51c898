"""The web process as an ASGI application: routes, policy, the live part, and their shared context."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from runtime.vault import Vault
from schemas import imports, rest
from tracking.store.tracks.media_files import MediaFiles
from web.api.access import accounts as account_routes
from web.api.access import audit, broker, enrolment, me, people, session
from web.api.alerts import alert_steps, alerts, assignments, channels, duty, rules
from web.api.city import coverage, grid_import, ground, indicators, plans, route_import, stats
from web.api.records import devices, exports, holds, live, media, records, replay
from web.audit.recorder import Recorder
from web.auth import policy, signin
from web.auth.openid import routes as openid_routes
from web.auth.openid.provider import Provider
from web.config import WebConfig
from web.context import Context
from web.database import Database
from web.export.media import Receiver
from web.health import health
from web.http import apidocs, observe, problem_documents, redacting, spa
from web.live.run.hub import Hub
from web.plain import auditor, officer, password

MAX_BODY_BYTES = 1 << 20

_PROBLEM: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong (RFC 9457).",
        "content": {problem_documents.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def create_app(config: WebConfig) -> FastAPI:
    """Build the application; `background.run` opens its database and starts the live part."""
    database = Database(config.database_url)
    recorder = Recorder(database)
    hub = Hub(database, config.mqtt_url, recorder, config.clock)
    openid = None if config.openid is None else Provider(config.openid)
    receiver = None if config.media_dir is None else Receiver(MediaFiles(config.media_dir), config.media_most_bytes)
    vault = None if config.secrets_key is None else Vault(config.secrets_key)
    context = Context(
        config=config, vault=vault, database=database, audit=recorder, hub=hub, openid=openid, media=receiver
    )
    app = FastAPI(
        title="patrolgrid",
        version="1",
        description="Positions, visits, coverage and alerts of city patrols.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        responses=_PROBLEM,
        max_body_size=MAX_BODY_BYTES,
    )
    app.state.context = context
    app.state.sights = context.hub.sights
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    problem_documents.install(app)
    _add_routes(app)
    # The last one added is the outermost, so refusals of the policy get headers, too.
    app.add_middleware(redacting.Redacting, sights=lambda: context.hub.sights)
    app.add_middleware(
        policy.Policy, config=config, database=database, recorder=context.audit, routes=lambda: app.routes
    )
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
        route_import,
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
    app.include_router(password.router)
    app.include_router(apidocs.router)
    app.include_router(api)
    app.include_router(ground.files)
    app.include_router(spa.router)  # last, since it matches every other address


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        _, problem = models_json_schema(
            [(rest.Problem, "serialization"), (imports.ImportProblem, "serialization")],
            ref_template="#/components/schemas/{model}",
        )
        schemas |= problem["$defs"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        document["components"]["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "patrol_session"},
            "device": {"type": "http", "scheme": "basic"},
        }
        document["security"] = [{"bearer": []}, {"session": []}]
        app.openapi_schema = document
    return app.openapi_schema
