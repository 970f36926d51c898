"""Sign in and out with JSON; the sign-in page does the same with a form."""

import time
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from schemas import pages
from schemas import people_access as access_models
from web import account_store, accounts, audit, context, problems, second_factor, signin, totp
from web.accounts import Kind, Principal

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", response_model=pages.Session)
async def sign_in(request: Request, given: access_models.SignIn) -> Response:
    """Begin a session: the answer sets the cookie."""
    here = context.context(request)
    client = signin.address(request)
    _limited(request, given.name)
    try:
        signed = await signin.attempt(here, given.name, given.password, given.code, client)
    except accounts.CodeNeededError as error:
        raise problems.ProblemError(401, "Send the code of the second factor, too.", needs="code") from error
    if signed is None:
        raise problems.ProblemError(401, "The name or the password is wrong.")
    answer = JSONResponse(_shown(signed[1]).model_dump(mode="json"))
    signin.set_cookie(answer, here, signed[0])
    return answer


@router.get("", response_model=pages.Session)
async def who(request: Request) -> pages.Session:
    """Who the caller is."""
    return _shown(context.principal(request))


@router.delete("", status_code=204)
async def sign_out(request: Request) -> Response:
    """End the session and its live connections."""
    here = context.context(request)
    who = context.principal(request)
    if who.kind is not Kind.SESSION:
        raise problems.ProblemError(422, "An API token has no session to end; delete the token instead.")
    await accounts.sign_out(here.database.pool, who)
    here.hub.check_sessions()
    return _signed_out(here)


@router.post("/password", response_model=access_models.Ended)
async def change_password(request: Request, given: access_models.PasswordChange) -> access_models.Ended:
    """Set one's own password; all other sessions and the tokens one made end."""
    here, who = _own(request)
    if not await _fits(request, given.current):
        raise problems.ProblemError(422, "The current password is wrong.")
    async with here.database.pool.acquire() as connection:
        ended = await account_store.set_password(connection, who.name, given.new, who.name, keep=who.token_hash)
    here.hub.check_sessions()
    return access_models.Ended(sessions_ended=ended)


@router.delete("/everywhere", status_code=204)
async def sign_out_everywhere(request: Request) -> Response:
    """End all one's sessions, this one too, and the tokens one made."""
    here, who = _own(request)
    async with here.database.pool.acquire() as connection:
        await account_store.sign_out_everywhere(
            connection, who.name, account_store.Granter(who.name, who, here.config.clock)
        )
    here.hub.check_sessions()
    return _signed_out(here)


@router.post("/second-factor", response_model=access_models.SecondFactor)
async def begin_second_factor(request: Request) -> access_models.SecondFactor:
    """Make a secret for an authenticator app; it counts once a first code was confirmed."""
    here, who = _own(request)
    async with here.database.pool.acquire() as connection:
        secret = await second_factor.begin(connection, who.name)
    if secret is None:
        raise problems.ProblemError(409, "There is a second factor already, or the OpenID provider asks for it.")
    return access_models.SecondFactor(secret=totp.spelt(secret), address=totp.address(secret, who.name))


@router.post("/second-factor/confirm", response_model=access_models.RecoveryCodes)
async def confirm_second_factor(request: Request, given: access_models.CodeGiven) -> access_models.RecoveryCodes:
    """Take the first code: from now on sign-in asks for one."""
    here, who = _own(request)
    async with here.database.pool.acquire() as connection, connection.transaction():
        codes = await second_factor.confirm(connection, who.name, given.code, here.config.clock())
        if codes is None:
            raise problems.ProblemError(422, "The code is wrong; look at the clock of the phone and try the next one.")
        await audit.record(connection, who.name, "account.second_factor", who.name, {"set": True})
    return access_models.RecoveryCodes(codes=codes)


@router.delete("/second-factor", status_code=204)
async def end_second_factor(request: Request, given: access_models.CodeGiven) -> Response:
    """Ask for no code any more; takes a code, so that a stolen session cannot do it."""
    here, who = _own(request)
    now = here.config.clock()
    _limited(request, who.name)
    async with here.database.pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            "SELECT name, totp_secret, totp_step FROM accounts WHERE name = $1 AND totp_confirmed", who.name
        )
        if row is None or not await second_factor.opens(connection, row, given.code, now):
            raise problems.ProblemError(422, "The code is wrong, or there is no second factor.")
        await second_factor.end(connection, who.name)
        await audit.record(connection, who.name, "account.second_factor", who.name, {"set": False})
    return Response(status_code=204)


def _own(request: Request) -> tuple[context.Context, Principal]:
    """Context and who is signed in; a token has no password of its own."""
    who = context.principal(request)
    if who.kind is not Kind.SESSION:
        raise problems.ProblemError(422, "An API token cannot change an account's own settings; sign in instead.")
    return context.context(request), who


async def _fits(request: Request, password: str) -> bool:
    """Check the current password, as limited as sign-in: a stolen session must not guess it."""
    here, who = context.context(request), context.principal(request)
    _limited(request, who.name)
    fits = await accounts.fits(here.database.pool, who.name, password)
    if fits:
        here.attempts.succeeded(who.name, signin.address(request))
    return fits


def _limited(request: Request, name: str) -> None:
    wait_s = context.context(request).attempts.begin(name, signin.address(request), time.monotonic())
    if wait_s > 0:
        after = str(int(wait_s) + 1)
        raise problems.ProblemError(429, f"Too many attempts; try again in {after} s.", headers={"Retry-After": after})


def _signed_out(here: context.Context) -> Response:
    answer = Response(status_code=204)
    answer.delete_cookie(here.cookie, path="/", httponly=True, samesite="strict", secure=here.config.secure_cookies)
    return answer


def _shown(who: Principal) -> pages.Session:
    kind: Literal["session", "token"] = "session" if who.kind is Kind.SESSION else "token"
    return pages.Session(name=who.name, role=who.role, kind=kind, expires_at=who.expires_at)
