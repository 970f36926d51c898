"""Accounts and API tokens, for administrators of the whole city."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from runtime import db
from schemas import people_access as models
from web import context
from web.auth.store import accounts, granting, token_grants
from web.http import cursors, params

router = APIRouter(tags=["accounts"])

Pool = Annotated[db.Pool, Depends(context.pool)]
AccountName = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f]+$", description="Name of the account.")]


@router.get("/accounts", response_model=models.Accounts)
async def listed(pool: Pool, cursor: params.Cursor = None, limit: params.Limit = 200) -> models.Accounts:
    """Accounts by name."""
    after = params.stored_text(cursors.decode(cursor, str))
    async with pool.acquire() as connection:
        items = await accounts.listed(connection, after, limit)
    return models.Accounts(items=items, next=cursors.encode(items[-1].name) if len(items) == limit else None)


@router.post("/accounts", response_model=models.AccountMade, status_code=201)
async def create(request: Request, pool: Pool, account: models.AccountGiven) -> models.AccountMade:
    """Create an account; a generated password is shown only in this answer."""
    async with pool.acquire() as connection:
        shown, password = await accounts.create(connection, account, _granter(request), issuer=_issuer(request))
    return models.AccountMade(**shown.model_dump(), password=password)


@router.get("/accounts/{account}", response_model=models.Account)
async def one(pool: Pool, account: AccountName) -> models.Account:
    """A single account."""
    async with pool.acquire() as connection:
        return await accounts.by_name(connection, account)


@router.patch("/accounts/{account}", response_model=models.Account)
async def change(request: Request, pool: Pool, account: AccountName, changes: models.AccountChange) -> models.Account:
    """Change permissions, validity or password, or disable the account; its sessions and tokens end."""
    async with pool.acquire() as connection:
        shown = await accounts.change(connection, account, changes, _granter(request))
    context.context(request).hub.check_sessions()
    return shown


@router.post("/accounts/{account}/sign-out", response_model=models.Ended)
async def sign_out(request: Request, pool: Pool, account: AccountName) -> models.Ended:
    """End all sessions and tokens of an account."""
    async with pool.acquire() as connection:
        ended = await accounts.sign_out_everywhere(connection, account, _granter(request))
    context.context(request).hub.check_sessions()
    return models.Ended(sessions_ended=ended)


@router.get("/tokens", response_model=models.Tokens)
async def tokens(pool: Pool, cursor: params.Cursor = None, limit: params.Limit = 200) -> models.Tokens:
    """API tokens, without their secrets."""
    after = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as connection:
        items = await token_grants.listed(connection, after, limit)
    return models.Tokens(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.post("/tokens", response_model=models.TokenMade, status_code=201)
async def create_token(request: Request, pool: Pool, wanted: models.TokenGiven) -> models.TokenMade:
    """Create an API token; it is shown only now, and ends with the account or token that creates it."""
    async with pool.acquire() as connection:
        token = await token_grants.create(connection, wanted, _granter(request))
    return models.TokenMade(token=token)


@router.delete("/tokens/{token}", status_code=204)
async def revoke_token(request: Request, pool: Pool, token: Annotated[int, Path(ge=1, le=(1 << 31) - 1)]) -> Response:
    """Delete an API token; its live connections end within a second."""
    async with pool.acquire() as connection:
        await token_grants.revoke(connection, token, _granter(request))
    context.context(request).hub.check_sessions()
    return Response(status_code=204)


def _granter(request: Request) -> granting.Granter:
    who = context.principal(request)
    return granting.Granter(who.name, who, context.context(request).config.clock)


def _issuer(request: Request) -> str | None:
    openid = context.context(request).config.openid
    return None if openid is None else openid.issuer
