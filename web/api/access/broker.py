"""Authentication and authorisation of devices for brokers, over HTTP, as plugins of EMQX, HiveMQ and Mosquitto ask.

Two ways of answering, since brokers differ: /authn and /authz say it in the body (EMQX), /user and /acl by the status.
"""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from ingest.units import broker_accounts
from runtime import db
from schemas.enrolment import Answered, Asked, AskedIn
from tracking.city import device_grant
from tracking.store.tracks import device_access
from web import context
from web.api.access import enrolment

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/broker", tags=["broker"])

Pool = Annotated[db.Pool, Depends(context.pool)]
_REFUSED: dict[int | str, dict[str, Any]] = {403: {"description": "No."}}


@router.post("/authn")
async def authenticate(request: Request, pool: Pool, login: AskedIn) -> Answered:
    """Whether the device `username` may connect with `password` and `clientid`."""
    return _answer(allowed=await _comes_in(request, pool, login))


@router.post("/authz")
async def authorize(pool: Pool, access: Asked) -> Answered:
    """Whether the device `username` may publish or subscribe to `topic`."""
    return _answer(allowed=await _may(pool, access))


@router.post("/user", status_code=200, response_class=Response, responses=_REFUSED)
async def user(request: Request, pool: Pool, login: AskedIn) -> Response:
    """Whether a device may connect, answered by the status."""
    return Response(status_code=200 if await _comes_in(request, pool, login) else 403)


@router.post("/acl", status_code=200, response_class=Response, responses=_REFUSED)
async def acl(pool: Pool, access: Asked) -> Response:
    """Whether a device may use a topic, answered by the status."""
    return Response(status_code=200 if await _may(pool, access) else 403)


async def _comes_in(request: Request, pool: db.Pool, login: AskedIn) -> bool:
    key = enrolment.device_key(request)
    async with pool.acquire() as conn:
        grant = await device_access.grant_of(conn, login.username.replace("\0", ""))
    if not login.clientid:
        log.warning("the broker does not say as which client id a device comes: add clientid to what it asks")
    # A connection takes over the session of its client id: a device has its own and nobody else's. That is no error of
    # the request: brokers take one for "ask somebody else".
    return device_grant.password_fits(key, grant, login.password) and login.clientid == login.username


async def _may(pool: db.Pool, access: Asked) -> bool:
    async with pool.acquire() as conn:
        grant = await device_access.grant_of(conn, access.username.replace("\0", ""))
    return grant is not None and broker_accounts.may(grant, access.topic, publish=access.action == "publish")


def _answer(*, allowed: bool) -> Answered:
    return Answered(result="allow" if allowed else "deny")
