"""The way to the OpenID provider and back; ends with a session like that of the sign-in form."""

import time
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from web import problems
from web.audit.store import audit_log
from web.auth import signin
from web.auth.openid import claims, flow, membership
from web.auth.openid.client import ProviderError
from web.auth.openid.flow import Flow
from web.auth.openid.provider import NotProvenError, Provider
from web.auth.store import members, sessions
from web.context import Context, context
from web.http import browser, origin, templates

router = APIRouter(include_in_schema=False)
log = structlog.get_logger(__name__)

CALLBACK = "/login/openid/callback"
_LIMITED = "openid"
"""Failures are counted under this name and the caller's address."""

_NOTICES: dict[type[Exception], tuple[str, int]] = {
    NotProvenError: ("openid_failed", 401),
    membership.NotWelcomeError: ("openid_not_welcome", 403),
    claims.UnusableError: ("openid_not_welcome", 403),
    **dict.fromkeys((ProviderError, problems.NotReadyError, *problems.UNREACHABLE), ("openid_away", 503)),
}
"""Text and status for each failure of a sign-in."""

_Text = Annotated[str | None, Query(max_length=4_000)]


@router.get("/login/openid")
async def begin(
    request: Request,
    next_path: Annotated[str | None, Query(alias="next", max_length=4_000)] = None,
    lang: Annotated[str | None, Query(max_length=10)] = None,
) -> Response:
    """Send the browser to the provider."""
    here, provider = _here(request)
    language = templates.language(request, lang)
    target = browser.safe_next(next_path)
    begun = Flow(began=int(here.config.clock().timestamp()), target=target[:1_500], lang=language)
    try:
        where = await provider.address(begun, _redirect_uri(request))
    except ProviderError as error:
        log.warning("openid.away", error=str(error))
        return signin.sign_in_page(here, language, target, notice="openid_away", status=503)
    answer = RedirectResponse(where, status_code=303)
    secure = here.config.secure_cookies
    # Lax, so that the browser sends it when it returns from the provider.
    answer.set_cookie(
        flow.cookie_name(secure=secure), begun.encoded(), max_age=int(flow.LASTS.total_seconds()), path="/",
        httponly=True, samesite="lax", secure=secure,
    )  # fmt: skip
    return answer


@router.get(CALLBACK)
async def come_back(
    request: Request, state: _Text = None, code: _Text = None, error: _Text = None, iss: _Text = None
) -> Response:
    """Receive the provider's answer and begin a session."""
    here, provider = _here(request)
    cookie = flow.cookie_name(secure=here.config.secure_cookies)
    begun = flow.decoded(browser.cookie(request.headers, cookie))
    if begun is None or not begun.fits(state or "", here.config.clock()):
        return _refused(here, Flow(began=0, target="/", lang=templates.language(request, None)), "openid_expired", 400)
    address = signin.address(request)
    wait_s = here.attempts.begin(_LIMITED, address, time.monotonic())
    if wait_s > 0:
        return signin.wait_page(here, begun.lang, begun.target, wait_s)
    try:
        if code is None or error is not None or iss not in (None, provider.config.issuer):
            raise NotProvenError((error or "no code, or of another provider")[:100])
        token = await _session(request, here, provider, begun, code)
    except tuple(_NOTICES) as fault:
        notice, status = next(told for kind, told in _NOTICES.items() if isinstance(fault, kind))
        log.warning(notice, error=str(fault))
        if status < 500:
            how = {"by": "openid", "client": address, "why": notice}
            await here.audit.put(audit_log.entry(sessions.NOBODY, "session.refused", sessions.UNKNOWN, how))
        return _refused(here, begun, notice, status)
    here.attempts.succeeded(_LIMITED, address)
    # A page instead of a redirect: browsers do not send strict cookies in a chain that began at another site.
    answer = signin.welcome_page(begun.lang, begun.target)
    signin.set_cookie(answer, here, token)
    answer.delete_cookie(cookie, path="/", httponly=True, samesite="lax", secure=here.config.secure_cookies)
    return answer


async def _session(request: Request, here: Context, provider: Provider, begun: Flow, code: str) -> str:
    """Authenticate the person, update the account by the claims, and begin a session."""
    now = here.config.clock()
    said = claims.read(await provider.claims(begun, code, _redirect_uri(request), now), provider.config)
    refused: membership.NotWelcomeError | None = None
    async with here.database.pool.acquire() as conn, conn.transaction():
        try:
            name = await members.account(conn, said, roles_are_mapped=bool(provider.config.roles))
        except membership.NotWelcomeError as error:
            refused = error  # its effects must be committed
    if refused is not None:
        here.hub.check_sessions()
        raise refused
    here.hub.check_sessions()
    signed = await sessions.begin_vouched_session(here.database.pool, name, now, client=signin.address(request))
    if signed is None:
        raise membership.NotWelcomeError(f"the account {name} is disabled, or its time is over")
    return signed[0]


def _refused(here: Context, begun: Flow, notice: str, status: int) -> Response:
    answer = signin.sign_in_page(here, begun.lang, begun.target, notice=notice, status=status)
    answer.delete_cookie(flow.cookie_name(secure=here.config.secure_cookies), path="/")
    return answer


def _here(request: Request) -> tuple[Context, Provider]:
    here = context(request)
    if here.openid is None:
        raise problems.ProblemError(404, "There is nothing at this address; /docs lists what there is.")
    return here, here.openid


def _redirect_uri(request: Request) -> str:
    return origin.page(request) + CALLBACK
