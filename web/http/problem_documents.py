"""Every error as an RFC 9457 problem document: one form for routes, validation, policy and faults."""

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from schemas import rest
from web.problems import UNREACHABLE, NotReadyError, ProblemError

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)

_TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Not a kind that is taken",
    422: "Invalid parameters",
    429: "Too many attempts",
    500: "Internal error",
    503: "Not ready",
    507: "No room",
}


def response(problem: ProblemError, instance: str | None = None) -> Response:
    """Render a problem as a response; `instance` is the path of the request."""
    body = rest.Problem(
        title=_TITLES.get(problem.status, "Error"), status=problem.status, detail=problem.detail, instance=instance
    )
    return JSONResponse(
        {**body.model_dump(), **problem.extra},
        status_code=problem.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Answer every kind of exception with a problem document."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(asyncpg.DataError, _on_data)
    for kind in UNREACHABLE:
        app.add_exception_handler(kind, _on_unreachable)
    app.add_exception_handler(Exception, _on_fault)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - Starlette calls it with nothing else
    return response(error, request.url.path)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - Starlette calls it with nothing else
    errors = [{"where": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()]
    detail = "; ".join(f"{e['where']}: {e['message']}" for e in errors)
    return response(ProblemError(422, detail, errors=errors), request.url.path)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it with nothing else
    detail = error.detail
    if error.status_code == 404:
        detail = "There is nothing at this address; /docs lists what there is."
    elif error.status_code == 405:
        detail = f"{request.method} is not allowed at this address; /docs lists what is."
    return response(ProblemError(error.status_code, detail, headers=error.headers), request.url.path)


async def _on_data(request: Request, error: Exception) -> Response:
    """Values that PostgreSQL refuses are errors of the caller, also if no check found them before."""
    log.warning("web.value_refused", path=request.url.path, error=str(error))
    return response(ProblemError(422, "A parameter has a value that cannot be stored or compared."), request.url.path)


async def _on_unreachable(request: Request, error: Exception) -> Response:
    log.warning("web.database_away", path=request.url.path, error=repr(error))
    return response(NotReadyError(), request.url.path)


async def _on_fault(request: Request, error: Exception) -> Response:
    log.error("web.fault", path=request.url.path, exc_info=error)
    return response(ProblemError(500, "Internal error; the log of the web process has the details."), request.url.path)
