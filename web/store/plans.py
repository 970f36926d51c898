"""Plans for REST: validation of scope, fields and start."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np

from runtime import db
from schemas import plan, plans
from tracking.coverage.coverage import CellState
from tracking.plans import rule_version
from tracking.plans.plans import CITY
from tracking.store.city import city as cities
from tracking.store.city import plan_store, rule_store
from web import problems
from web.store import coverage, scopes

LEAD = timedelta(minutes=2)
"""Workers reload plans within this time, so that no visit is judged by a plan its worker does not know yet."""


async def append(conn: db.Connection, plan: plans.NewPlan, made_by: str, now: datetime) -> plans.PlanVersion:
    """Store a version.

    Raises:
        ProblemError: its scope does not exist, it begins too early, or it overlaps another.
    """
    scope = await scopes.stored_scope(conn, plan.scope)
    if scope == CITY and plan.plan is None:
        raise problems.invalid_value("plan", "the city as a whole always has a plan; send another instead of null")
    if scope != CITY and plan.plan is not None and "duty" in plan.plan.model_fields_set:
        raise problems.invalid_value(
            "plan.duty", "duty hours are of the city as a whole; leave them out, or use the scope city"
        )
    begins = plan.valid_from or _next_minute(now + LEAD)
    if begins < now + LEAD:
        raise problems.invalid_value(
            "valid_from", f"must lie {LEAD.seconds // 60} minutes ahead or more: earlier results do not change"
        )
    if plan.valid_to is not None and plan.valid_to <= begins:
        raise problems.invalid_value("valid_to", "must be later than valid_from")
    body = None if plan.plan is None else plan.plan.model_dump(mode="json", exclude_unset=True)
    ends = None if plan.valid_to is None else db.millis(plan.valid_to.astimezone(UTC))
    try:
        version = await plan_store.append(
            conn, scope, body, db.millis(begins.astimezone(UTC)), made_by, db.millis(now), valid_to=ends
        )
    except rule_store.RuleOverlapError as error:
        raise problems.ProblemError(409, str(error)) from error
    return to_rest(version)


def trial(judged: coverage.Judged, scope: str, body: plan.PlanBody | None) -> plans.PlanTrial:
    """Number of cells of a scope that a plan would make overdue at once, by the data of `judged`."""
    city, at = judged.place.city, judged.coverage.at
    plain = None if body is None else body.model_dump(mode="json", exclude_unset=True)
    tried = replace(city, plans=city.plans.tried(scope, plain, at))
    # Arrivals matter only for cells that are about to be overdue.
    judgement = cities.judge(tried, judged.basis, np.zeros(len(city.cells), dtype=np.int64), at)
    inside = np.array([scope in site.scopes for site in city.plans.sites], dtype=np.bool_)
    overdue, would = (judged.coverage.state == CellState.OVERDUE, judgement.state == CellState.OVERDUE)
    return plans.PlanTrial(
        cells=int(np.count_nonzero(inside)),
        overdue=int(np.count_nonzero(inside & overdue)),
        would=int(np.count_nonzero(inside & would)),
    )


def to_rest(version: rule_version.RuleVersion) -> plans.PlanVersion:
    """Give a version."""
    return plans.PlanVersion(
        id=version.id,
        scope=version.scope,
        plan=None if version.body is None else plan.PlanBody.model_validate(version.body),
        valid_from=db.moment(version.valid_from),
        valid_to=None if version.valid_to is None else db.moment(version.valid_to),
        made_at=db.moment(version.made_at),
        made_by=version.made_by,
    )


async def set_owner(conn: db.Connection, code: str, owner: str | None) -> None:
    """Set the unit responsible for an area.

    Raises:
        ProblemError: there is no such area.
    """
    try:
        done = await conn.execute("UPDATE areas SET owner = $2 WHERE code = $1", code, owner)
    except asyncpg.CharacterNotInRepertoireError as error:
        raise problems.invalid_value("owner", "holds a character that cannot be stored") from error
    if done == "UPDATE 0":
        raise problems.not_found(f"Area {code}")


def _next_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)
