"""Alerts and their steps."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from alerts.store import past, shown
from runtime import db
from schemas import alerting, pages
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.http import cursors, params

router = APIRouter(prefix="/alerts", tags=["alerts"])

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which alerts a list shows."""

    state: Annotated[
        alerting.AlertState | Literal["standing", "ended"] | None,
        Query(description="A state, or standing or ended for several."),
    ] = None
    level: Annotated[alerting.AlertLevel | None, Query()] = None
    kind: Annotated[str | None, Query(pattern=r"^[a-z_]{1,40}$", description="Such as coverage_gap.")] = None
    cell: params.CellFilter = None
    device: params.DeviceFilter = None
    area: params.CodeFilter = None
    at: Annotated[params.Time | None, Query(description="Alerts open then, as known then.")] = None


@router.get("", response_model=pages.Alerts)
async def listed(
    pool: Pool,
    see: See,
    which: Annotated[Which, Depends()],
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> pages.Alerts:
    """Alerts, newest first."""
    after = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as connection:
        items, more = await (_now if which.at is None else _then)(connection, which, see, after, limit)
    end = None if more is None else cursors.encode(more)
    return pages.Alerts(items=items, next=end)


Found = tuple[list[alerting.Alert], int | None]


async def _now(connection: db.Connection, which: Which, see: Sight, after: int | None, limit: int) -> Found:
    wanted = shown.AlertFilter(
        state=which.state,
        level=which.level,
        kind=which.kind,
        cell=which.cell,
        device=which.device,
        areas=None if which.area is None else [which.area],
        seen=see.seen,
    )
    items = await shown.page(connection, wanted, after, limit)
    return items, items[-1].id if len(items) == limit else None


async def _then(connection: db.Connection, which: Which, see: Sight, after: int | None, limit: int) -> Found:
    if which.at is None or any((which.state, which.kind, which.device, which.area)):
        raise problems.ProblemError(422, "at can be combined with level and cell only; leave the other parameters out.")
    return await past.standing(
        connection, db.millis(which.at), level=which.level, cell=which.cell, seen=see.seen, cursor=after, limit=limit
    )


@router.get("/{number}", response_model=alerting.Alert)
async def one(pool: Pool, see: See, number: params.Number) -> alerting.Alert:
    """A single alert with its steps."""
    async with pool.acquire() as connection:
        alert = await shown.with_steps(connection, number, see.seen)
    if alert is None:
        raise problems.not_found(f"Alert {number}")
    return alert
