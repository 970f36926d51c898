"""What may go wrong with a request, as exceptions with their status: raised by stores and routes alike."""

from collections.abc import Mapping
from typing import Any

import asyncpg

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.UndefinedTableError,
)
"""What a database that is away, starting, or not migrated yet raises."""


class ProblemError(Exception):
    """The request cannot be answered; the fields say why and what to do."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


class NotReadyError(ProblemError):
    """The database cannot be reached now; the same request may succeed in a few seconds."""

    def __init__(self, detail: str = "The database cannot be reached; try again, and see /readyz.") -> None:
        super().__init__(503, detail, headers={"Retry-After": "2"})


def not_found(what: str) -> ProblemError:
    """Say that `what` does not exist."""
    return ProblemError(404, f"{what} does not exist.")


def invalid_value(where: str, message: str) -> ProblemError:
    """Say what is wrong with a value of the body; `where` is its path in it."""
    place = f"body.{where}"
    return ProblemError(422, f"{place}: {message}", errors=[{"where": place, "message": message}])
