"""Patrol plans with their versions, the calendar of holidays, and the owners of areas."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, status
from starlette.responses import Response

from runtime import db
from schemas import plans as models
from tracking.city.grid_faults import FaultKind, fault
from tracking.plans import calendar_file
from tracking.plans.plans import KIND
from tracking.store.city import calendar_store, rule_store
from web import context, problems
from web.context import Context
from web.http import cursors, imports, params
from web.store import plans, scopes

router = APIRouter(tags=["plans"])

Pool = Annotated[db.Pool, Depends(context.pool)]
Here = Annotated[Context, Depends(context.context)]
MOST_DAYS = 800
_FORMS: dict[str, calendar_file.Form] = {"application/json": "json", "text/csv": "csv", "text/calendar": "ics"}


@router.get("/plans", response_model_exclude_unset=True)
async def in_force(
    pool: Pool,
    at: Annotated[params.Time | None, Query(description="A moment, also in the future; default: now.")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> models.Plans:
    """Plans in force by scope."""
    first = max(0, cursors.decode(cursor, int) or 0)
    async with pool.acquire() as conn:
        versions = await rule_store.current(conn, KIND, db.millis(at or datetime.now(UTC)))
    end = first + limit
    items = [plans.to_rest(version) for version in versions[first:end]]
    return models.Plans(items=items, next=cursors.encode(end) if end < len(versions) else None)


@router.get("/plans/history", response_model_exclude_unset=True)
async def history(
    pool: Pool,
    scope: Annotated[models.Scope | None, Query()] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> models.Plans:
    """All versions, including ended and future ones, the latest created first."""
    before = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as conn:
        versions = await rule_store.history(conn, KIND, scope, limit=limit, before=before)
    items = [plans.to_rest(version) for version in versions]
    return models.Plans(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.post("/plans", status_code=status.HTTP_201_CREATED, response_model_exclude_unset=True)
async def append(request: Request, pool: Pool, plan: models.NewPlan) -> models.PlanVersion:
    """Add a version of a plan; the version in force at its start ends there."""
    async with pool.acquire() as conn:
        return await plans.append(conn, plan, context.principal(request).name, datetime.now(UTC))


@router.post("/plans/trial")
async def trial(here: Here, pool: Pool, tried: models.PlanTried) -> models.PlanTrial:
    """Number of cells that a plan would make overdue at once; changes nothing."""
    judged = here.hub.judging.judged
    if judged is None:
        raise problems.NotReadyError
    async with pool.acquire() as conn:
        scope = await scopes.stored_scope(conn, tried.scope)
    return await asyncio.to_thread(plans.trial, judged, scope, tried.plan)


@router.get("/calendar")
async def days(
    pool: Pool,
    start: Annotated[date | None, Query(alias="from", description="Default: the first day of this year.")] = None,
    end: Annotated[date | None, Query(alias="to", description="Not included; default: a year later.")] = None,
) -> models.CalendarDays:
    """Workdays and holidays, with their origin and whether they are provisional."""
    first = start or datetime.now(UTC).date().replace(month=1, day=1)
    count = ((end or first + timedelta(days=366)) - first).days
    if not 0 < count <= MOST_DAYS or not 2000 <= first.year < 2099:
        raise problems.ProblemError(422, f"to must lie after from, {MOST_DAYS} days at most, between 2000 and 2099.")
    days = [first + timedelta(days=n) for n in range(count)]
    async with pool.acquire() as conn:
        holidays = await calendar_store.holidays(conn)
        sources = await calendar_store.sources(conn, days[0], days[-1])
    marks = [(day, holidays.mark(day)) for day in days]
    return models.CalendarDays(
        items=[
            models.CalendarDay(
                day=day, workday=mark.workday, name=mark.name, provisional=mark.provisional, source=sources.get(day)
            )
            for day, mark in marks
        ]
    )


@router.post(
    "/calendar",
    responses=imports.REFUSES,
    openapi_extra={"requestBody": {"required": True, "content": {form: {"schema": {}} for form in _FORMS}}},
)
async def imported(request: Request, pool: Pool, dry_run: imports.DryRun = False) -> models.Imported:  # noqa: FBT002
    """Import holidays and make-up workdays from JSON, CSV (day, workday, name) or iCalendar, by the Content-Type."""
    form = _FORMS.get(request.headers.get("content-type", "").split(";")[0].strip().lower())
    if form is None:
        raise problems.ProblemError(415, f"Send one of {', '.join(_FORMS)} as Content-Type.")
    try:
        # In a thread: the largest of files take seconds.
        parsed = await asyncio.to_thread(calendar_file.parse, await request.body(), form)
    except calendar_file.CalendarError as error:
        raise imports.refused([fault(FaultKind.NOT_CALENDAR, None, None, why=error)]) from error
    async with pool.acquire() as conn, db.trial_transaction(conn, dry_run=dry_run):
        changed = await calendar_store.put(conn, parsed, f"api/{form}", context.principal(request).name)
    return models.Imported(done=not dry_run, days=len(parsed), changed=changed)


@router.post("/areas/{code}/owner", status_code=status.HTTP_204_NO_CONTENT)
async def owner(pool: Pool, code: params.AreaCode, ownership: models.NewOwner) -> Response:
    """Set the owner of a grid, street or district."""
    async with pool.acquire() as conn:
        await plans.set_owner(conn, code, ownership.owner)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
