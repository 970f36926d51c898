"""Sign in and out with JSON; the sign-in page does the same with a form."""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from schemas import pages
from schemas import people_access as access_models
from web import context, problems
from web.audit.store import audit_log
from web.auth import authentication, own_password, signin, totp
from web.auth.principal import CredentialKind, Principal
from web.auth.store import accounts, granting, second_factor, sessions

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", response_model=pages.Session)
async def sign_in(request: Request, login: access_models.SignIn) -> Response:
    """Start a session; the answer sets the cookie."""
    here = context.context(request)
    client = signin.address(request)
    own_password.limited(request, login.name)
    try:
        signed = await signin.attempt(here, login.name, login.password, login.code, client)
    except authentication.CodeNeededError as error:
        raise problems.ProblemError(401, "Also send the code of the second factor.", needs="code") from error
    if signed is None:
        raise problems.ProblemError(401, "The name or the password is wrong.")
    answer = JSONResponse(_shown(signed[1]).model_dump(mode="json"))
    signin.set_cookie(answer, here, signed[0])
    return answer


@router.get("", response_model=pages.Session)
async def who(request: Request) -> pages.Session:
    """The account of the caller."""
    return _shown(context.principal(request))


@router.delete("", status_code=204)
async def sign_out(request: Request) -> Response:
    """End the session and its live connections."""
    here = context.context(request)
    who = context.principal(request)
    if who.kind is not CredentialKind.SESSION:
        raise problems.ProblemError(422, "An API token has no session to end; delete the token instead.")
    await sessions.sign_out(here.database.pool, who)
    here.hub.check_sessions()
    return _signed_out(here)


@router.post("/password", response_model=access_models.Ended)
async def change_password(request: Request, change: access_models.PasswordChange) -> access_models.Ended:
    """Change the own password; all other sessions and the tokens created by the account end."""
    return access_models.Ended(sessions_ended=await own_password.change(request, change.current, change.new))


@router.delete("/everywhere", status_code=204)
async def sign_out_everywhere(request: Request) -> Response:
    """End all own sessions, including this one, and the tokens created by the account."""
    here, who = own_password.own(request)
    async with here.database.pool.acquire() as connection:
        await accounts.sign_out_everywhere(connection, who.name, granting.Granter(who.name, who, here.config.clock))
    here.hub.check_sessions()
    return _signed_out(here)


@router.post("/second-factor", response_model=access_models.SecondFactor)
async def begin_second_factor(request: Request, current: access_models.CurrentPassword) -> access_models.SecondFactor:
    """Create a secret for an authenticator app; it is active after a first code is confirmed. Requires the password.

    To change it, remove the present one first, with a code of it.
    """
    here, who = own_password.own(request)
    vault = here.demand_vault()
    async with here.database.pool.acquire() as connection:
        possible = await second_factor.possible(connection, who.name)
    if not possible:
        raise _no_second_factor()
    await own_password.demand(request, current.current)
    async with here.database.pool.acquire() as connection:
        secret = await second_factor.begin(connection, who.name, vault)
    if secret is None:  # another session was first
        raise _no_second_factor()
    return access_models.SecondFactor(secret=totp.spelt(secret), address=totp.address(secret, who.name))


@router.post("/second-factor/confirm", response_model=access_models.RecoveryCodes)
async def confirm_second_factor(request: Request, entered: access_models.CodeGiven) -> access_models.RecoveryCodes:
    """Confirm the first code; sign-in asks for codes from now on."""
    here, who = own_password.own(request)
    async with here.database.pool.acquire() as connection, connection.transaction():
        codes = await second_factor.confirm(
            connection, who.name, entered.code, here.config.clock(), here.demand_vault()
        )
        if codes is None:
            raise problems.ProblemError(422, "The code is wrong. Check the clock of the phone and try the next code.")
        await audit_log.record(connection, who.name, "account.second_factor", who.name, {"set": True})
    return access_models.RecoveryCodes(codes=codes)


@router.delete("/second-factor", status_code=204)
async def end_second_factor(request: Request, entered: access_models.CodeGiven) -> Response:
    """Remove the second factor; requires a code, so that a stolen session cannot do it."""
    here, who = own_password.own(request)
    now = here.config.clock()
    own_password.limited(request, who.name)
    async with here.database.pool.acquire() as connection, connection.transaction():
        row = await second_factor.confirmed(connection, who.name)
        if row is None or not await second_factor.opens(connection, row, entered.code, now, here.vault):
            raise problems.ProblemError(422, "The code is wrong, or there is no second factor.")
        await second_factor.end(connection, who.name)
        await audit_log.record(connection, who.name, "account.second_factor", who.name, {"set": False})
    return Response(status_code=204)


def _no_second_factor() -> problems.ProblemError:
    return problems.ProblemError(409, "There is a second factor already, or the OpenID provider asks for one.")


def _signed_out(here: context.Context) -> Response:
    answer = Response(status_code=204)
    answer.delete_cookie(here.cookie, path="/", httponly=True, samesite="strict", secure=here.config.secure_cookies)
    return answer


def _shown(who: Principal) -> pages.Session:
    kind: Literal["session", "token"] = "session" if who.kind is CredentialKind.SESSION else "token"
    return pages.Session(name=who.name, role=who.role, kind=kind, expires_at=who.expires_at)
