"""Errors of requests, as exceptions with their status; raised by stores and routes."""

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
"""Errors of a database that is unreachable, starting, or not migrated yet."""


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
    """Error: `what` does not exist."""
    return ProblemError(404, f"{what} does not exist.")


def invalid_value(where: str, message: str) -> ProblemError:
    """Error in a value of the body; `where` is its path."""
    place = f"body.{where}"
    return ProblemError(422, f"{place}: {message}", errors=[{"where": place, "message": message}])
