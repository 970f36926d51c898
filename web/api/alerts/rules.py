"""Rules: kinds, versions, new versions, and dry runs."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, status

from runtime import db
from schemas import rules as models
from schemas.plans import Scope
from tracking.store.city import rule_store
from web import context
from web.context import Context
from web.http import cursors, params
from web.run.dry_runs import DryRuns
from web.store import rules

router = APIRouter(tags=["rules"])

Pool = Annotated[db.Pool, Depends(context.pool)]
Here = Annotated[Context, Depends(context.context)]


def dry_runs(request: Request) -> DryRuns:
    """Those of the app; as a dependency."""
    state = request.app.state
    if not hasattr(state, "dry_runs"):
        state.dry_runs = DryRuns()
    shared = state.dry_runs
    assert isinstance(shared, DryRuns)  # noqa: S101 - put there just now
    return shared


@router.get("/rules/kinds")
async def kinds() -> models.RuleKinds:
    """All kinds of rules with their values: names, bounds and defaults."""
    return rules.kinds()


@router.get("/rules")
async def in_force(
    pool: Pool,
    kind: Annotated[models.Kind, Query()],
    at: Annotated[params.Time | None, Query(description="A moment, also in the future; default: now.")] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> models.RuleVersions:
    """Rules of a kind in force by scope."""
    first = max(0, cursors.decode(cursor, int) or 0)
    async with pool.acquire() as conn:
        versions = await rule_store.current(conn, kind, db.millis(at or datetime.now(UTC)))
    end = first + limit
    items = [rules.to_rest(version) for version in versions[first:end]]
    return models.RuleVersions(items=items, next=cursors.encode(end) if end < len(versions) else None)


@router.get("/rules/history")
async def history(
    pool: Pool,
    kind: Annotated[models.Kind, Query()],
    scope: Annotated[Scope | None, Query()] = None,
    cursor: params.Cursor = None,
    limit: params.Limit = params.DEFAULT_LIMIT,
) -> models.RuleVersions:
    """All versions, including ended and future ones, the latest created first."""
    before = params.stored_number(cursors.decode(cursor, int))
    async with pool.acquire() as conn:
        versions = await rule_store.history(conn, kind, scope, limit=limit, before=before)
    items = [rules.to_rest(version) for version in versions]
    return models.RuleVersions(items=items, next=cursors.encode(items[-1].id) if len(items) == limit else None)


@router.post("/rules", status_code=status.HTTP_201_CREATED)
async def append(request: Request, pool: Pool, rule: models.NewRule) -> models.RuleVersion:
    """Add a version of a rule; the version in force at its start ends there."""
    async with pool.acquire() as conn:
        return await rules.append(conn, rule, context.principal(request).name, datetime.now(UTC))


@router.post("/rules/dry-run")
async def dry_run(
    here: Here, pool: Pool, runs: Annotated[DryRuns, Depends(dry_runs)], wanted: models.DryRunGiven
) -> models.DryRun:
    """Dry run of values over a past period, compared with the rules in force. Takes up to a minute."""
    return await runs.run(pool, here.hub.judging.place, wanted, datetime.now(UTC))
