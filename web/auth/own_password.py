"""One's own password: asked again before actions that a stolen session must not do, and changed."""

import time

from starlette.requests import Request

from web import context, problems
from web.audit.store import audit_log
from web.auth import passwords, signin
from web.auth.principal import CredentialKind, Principal
from web.auth.store import accounts, credentials


def own(request: Request) -> tuple[context.Context, Principal]:
    """Context and the signed-in account.

    Raises:
        ProblemError: an API token, which has no password of its own.
    """
    who = context.principal(request)
    if who.kind is not CredentialKind.SESSION:
        raise problems.ProblemError(422, "An API token cannot change an account's own settings; sign in instead.")
    return context.context(request), who


async def change(request: Request, current: str, new: str) -> int:
    """Set it; all other sessions and the tokens of the account end. Returns how many.

    Raises:
        ProblemError: the current one is wrong, or the new one is too common.
    """
    here, who = own(request)
    await demand(request, current)
    try:
        await passwords.demand(new, who.name)
    except passwords.CommonPasswordError as error:
        raise problems.ProblemError(422, str(error)) from error
    async with here.database.pool.acquire() as connection:
        ended = await accounts.set_password(connection, who.name, new, who.name, keep=who.token_hash)
    here.hub.check_sessions()
    return ended


async def demand(request: Request, password: str) -> None:
    """Check it, with the same limits as sign-in, so that a stolen session cannot guess it.

    Raises:
        ProblemError: it is wrong, which is recorded.
    """
    here, who = context.context(request), context.principal(request)
    limited(request, who.name)
    address = signin.address(request)
    if not await credentials.fits(here.database.pool, who.name, password):
        await here.audit.put(
            audit_log.entry(who.name, "account.refused", who.name, {"by": "password", "client": address})
        )
        raise problems.ProblemError(422, "The current password is wrong.")
    here.attempts.succeeded(who.name, address)


def limited(request: Request, name: str) -> None:
    """Check that a try under a name is allowed.

    Raises:
        ProblemError: there were too many.
    """
    wait_s = context.context(request).attempts.begin(name, signin.address(request), time.monotonic())
    if wait_s > 0:
        after = str(int(wait_s) + 1)
        raise problems.ProblemError(429, f"Too many attempts; try again in {after} s.", headers={"Retry-After": after})
