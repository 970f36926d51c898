"""Sign in and out with JSON; the sign-in page does the same with a form."""

import time

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from schemas import pages
from web import accounts, context, problems, signin
from web.accounts import Kind, Principal

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", response_model=pages.Session)
async def sign_in(request: Request, given: pages.SignIn) -> Response:
    """Begin a session: the answer sets the cookie."""
    here = context.context(request)
    client = signin.address(request)
    wait_s = here.attempts.wait_s(given.name, client, time.monotonic())
    if wait_s > 0:
        after = str(int(wait_s) + 1)
        raise problems.ProblemError(429, f"Too many attempts; try again in {after} s.", headers={"Retry-After": after})
    signed = await signin.attempt(here, given.name, given.password, client)
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
    answer = Response(status_code=204)
    answer.delete_cookie(here.cookie, path="/", httponly=True, samesite="strict", secure=here.config.secure_cookies)
    return answer


def _shown(who: Principal) -> pages.Session:
    return pages.Session(name=who.name, role=who.role, kind=who.kind.value, expires_at=who.expires_at)
