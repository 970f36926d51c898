"""Notification channels of people and systems, test messages, and the delivery log.

Everybody who sees alerts manages their own browsers; administrators set addresses that the server calls.
"""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from alerts.run.notify import push, services, webhook
from alerts.store.notify import channels, queue
from runtime import db
from runtime.clock import wall_clock
from runtime.vault import VaultError
from schemas import alerting, pages
from web import context, problems
from web.auth import access
from web.auth.access import Permission, Sight
from web.auth.store import accounts
from web.http import cursors, params
from web.store import areas

router = APIRouter(tags=["notifications"])

Pool = Annotated[db.Pool, Depends(context.pool)]


def owner(request: Request) -> str | None:
    """Whose channels the caller may see and change; None: all."""
    who = context.principal(request)
    return None if Permission.OPERATIONS in who.permissions and who.areas is None else who.name


Owner = Annotated[str | None, Depends(owner)]
See = Annotated[Sight, Depends(access.sight)]


@router.get("/channels", response_model=pages.Channels)
async def listed(pool: Pool, of: Owner) -> pages.Channels:
    """The caller's channels, for administrators all; without addresses and secrets."""
    async with pool.acquire() as conn:
        return pages.Channels(items=await channels.listed(conn, of), next=None)


@router.post("/channels", response_model=alerting.ChannelMade, status_code=201)
async def add(request: Request, pool: Pool, of: Owner, channel: alerting.ChannelGiven) -> alerting.ChannelMade:
    """Add a webhook or an Apprise service; browsers use /push/subscriptions."""
    if of is not None:
        raise problems.ProblemError(403, "Only administrators may set addresses that the server calls.")
    caller = context.principal(request).name
    secret = webhook.new_secret() if channel.kind == "webhook" else None
    target = _target(request, channel, secret)
    account = None if channel.system else channel.account or caller
    async with pool.acquire() as conn, conn.transaction():
        await _known(conn, account, channel.area)
        number = await channels.add(conn, channel, target, account=account, by=caller, at=wall_clock())
        return await _made(conn, number, secret)


@router.put("/channels/{number}", response_model=alerting.Channel)
async def change(
    pool: Pool, of: Owner, see: See, number: params.Number, settings: alerting.ChannelSettings
) -> alerting.Channel:
    """Change the settings of a channel; enabling it clears its fault."""
    if settings.area is not None and not see.sees_area(settings.area):
        raise _no_area(settings.area)
    async with pool.acquire() as conn, conn.transaction():
        await _known(conn, None, settings.area)
        if not await channels.change(conn, number, settings, None, owner=of):
            raise problems.not_found(f"Channel {number}")
        channel = await channels.get(conn, number, of)
    if channel is None:
        raise problems.not_found(f"Channel {number}")
    return channel


@router.delete("/channels/{number}", status_code=204)
async def remove(pool: Pool, of: Owner, number: params.Number) -> Response:
    """Delete a channel and its address; its deliveries stay in the log."""
    async with pool.acquire() as conn:
        if not await channels.remove(conn, number, of, wall_clock()):
            raise problems.not_found(f"Channel {number}")
    return Response(status_code=204)


@router.post("/channels/{number}/test", response_model=pages.SentTest, status_code=202)
async def test(pool: Pool, of: Owner, number: params.Number) -> pages.SentTest:
    """Send a test message; the delivery log shows the result."""
    async with pool.acquire() as conn, conn.transaction():
        known = await channels.owned(conn, number, of)
        sent = await queue.test(conn, number, secrets.token_hex(6), wall_clock()) if known else None
    if sent is None:
        raise problems.not_found(f"Channel {number}")
    return pages.SentTest(delivery=sent)


@router.get("/deliveries", response_model=pages.Deliveries)
async def deliveries(
    pool: Pool,
    of: Owner,
    channel: Annotated[int | None, Query(ge=1, le=(1 << 63) - 1)] = None,
    alert: Annotated[int | None, Query(ge=1, le=(1 << 63) - 1)] = None,
    state: Annotated[alerting.DeliveryState | None, Query()] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Deliveries:
    """Deliveries by channel, newest first."""
    before = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as conn:
        items = await channels.deliveries(
            conn, owner=of, channel=channel, alert=alert, state=state, before=before, limit=limit
        )
    return pages.Deliveries(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.get("/push/key", response_model=pages.PushKey)
async def push_key(request: Request, pool: Pool) -> pages.PushKey:
    """Key needed by browsers to subscribe to push messages."""
    async with pool.acquire() as conn:
        try:
            private_key = await push.key(conn, context.context(request).demand_vault())
        except VaultError as error:
            detail = "The push key cannot be decrypted: restore the key for secrets (docs/backup.md)."
            raise problems.ProblemError(503, detail) from error
    return pages.PushKey(key=push.public(private_key))


@router.post("/push/subscriptions", response_model=alerting.ChannelMade, status_code=201)
async def subscribe(request: Request, pool: Pool, subscription: pages.PushGiven) -> alerting.ChannelMade:
    """Subscribe the caller's browser to push messages; the same browser gives the same channel."""
    caller = context.principal(request).name
    channel = alerting.ChannelGiven(name=subscription.name, kind="webpush")
    async with pool.acquire() as conn, conn.transaction():
        await _known(conn, caller, None)
        target = {"endpoint": subscription.endpoint, "keys": subscription.keys.model_dump()}
        number = await channels.add(conn, channel, target, account=caller, by=caller, at=wall_clock())
        return await _made(conn, number, None)


def _target(request: Request, channel: alerting.ChannelGiven, secret: str | None) -> dict[str, Any]:
    """The target of a channel as stored; whether it may be called is checked at each message."""
    if channel.url is None or channel.kind == "webpush":
        raise problems.ProblemError(422, "url is required: https://… for a webhook, or an Apprise address.")
    if channel.kind == "webhook":
        if not channel.url.startswith(("https://", "http://")):
            raise problems.ProblemError(422, "The address of a webhook begins with https://.")
        return {"url": channel.url, "secret": secret}
    allowed = context.context(request).config.notify_services
    try:
        services.service(channel.url, services.schemes(allowed))
    except ValueError as error:
        raise problems.ProblemError(422, f"{error}.") from None
    return {"url": channel.url}


async def _known(conn: db.Connection, account: str | None, area: str | None) -> None:
    if account is not None and not await accounts.exists(conn, account):
        raise problems.ProblemError(
            422, f"There is no account {account}: name an existing one, or make it a system channel."
        )
    if area is not None and not await areas.existing(conn, [area]):
        raise _no_area(area)


def _no_area(code: str) -> problems.ProblemError:
    return problems.ProblemError(422, f"There is no area {code}; GET /api/v1/areas lists them.")


async def _made(conn: db.Connection, number: int | None, secret: str | None) -> alerting.ChannelMade:
    channel = None if number is None else await channels.get(conn, number, None)
    if channel is None:
        raise problems.ProblemError(409, f"There are {channels.MOST_OF_ONE} channels already; delete one first.")
    return alerting.ChannelMade(**channel.model_dump(), secret=secret)
