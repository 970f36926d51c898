"""Rules as data for REST: allowed values, and new versions."""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from alerts.coverage import arrival
from alerts.rulebook import rulebook
from runtime import db
from schemas import rules as models
from tracking.plans.rule_version import RuleVersion
from tracking.store.city import rule_store
from web import problems
from web.store import scopes

DRY_RUNS = (rulebook.WARNING, arrival.KIND)


def kinds() -> models.RuleKinds:
    """Allowed values of rules."""
    return models.RuleKinds(items=[_kind(kind) for kind in rulebook.KINDS.values()])


def to_rest(version: RuleVersion) -> models.RuleVersion:
    """Give a version."""
    return models.RuleVersion(
        id=version.id,
        kind=version.kind,  # type: ignore[arg-type] # asked for by kind
        scope=version.scope,
        values=version.body,
        valid_from=db.moment(version.valid_from),
        valid_to=None if version.valid_to is None else db.moment(version.valid_to),
        made_at=db.moment(version.made_at),
        made_by=version.made_by,
    )


async def append(conn: db.Connection, rule: models.NewRule, made_by: str, now: datetime) -> models.RuleVersion:
    """Store a version.

    Raises:
        ProblemError: its values or scope are wrong, it begins in the past, or it overlaps another.
    """
    scope = await checked(conn, rule.kind, rule.scope, rule.values)
    begins = now if rule.valid_from is None else rule.valid_from
    if begins < now:
        raise problems.invalid_value(
            "valid_from", "must not lie in the past: earlier decisions do not change; leave it out"
        )
    if rule.valid_to is not None and rule.valid_to <= begins:
        raise problems.invalid_value("valid_to", "must be later than valid_from")
    ends = None if rule.valid_to is None else db.millis(rule.valid_to.astimezone(UTC))
    try:
        version = await rule_store.append(
            conn, rule.kind, scope, rule.values, db.millis(begins.astimezone(UTC)), made_by, valid_to=ends
        )
    except rule_store.RuleOverlapError as error:
        raise problems.ProblemError(409, str(error)) from error
    except asyncpg.UniqueViolationError as error:
        raise problems.ProblemError(409, f"{scope} has a version that begins at the same moment: try again.") from error
    return to_rest(version)


async def checked(conn: db.Connection, kind: str, scope: str, values: dict[str, Any] | None) -> str:
    """The scope in its stored form.

    Raises:
        ProblemError: the scope or the values are wrong.
    """
    if values is not None:
        faults = rulebook.faults(rulebook.KINDS[kind], scope, values)
        if faults:
            errors = [{"where": f"body.values.{fault.where}".rstrip("."), "message": fault.message} for fault in faults]
            detail = "; ".join(f"{error['where']}: {error['message']}" for error in errors[:5])
            raise problems.ProblemError(422, detail, errors=errors)
    return await scopes.stored_scope(conn, scope)


def _kind(kind: rulebook.RuleKind) -> models.RuleKind:
    return models.RuleKind(
        name=kind.name,  # type: ignore[arg-type] # the kinds are those of the model, a test holds it
        zh=kind.zh, en=kind.en, scopes=list(kind.scopes), fields=kind.fields(), by_hour=kind.by_hour,
        dry_run=kind.name in DRY_RUNS,
    )  # fmt: skip
