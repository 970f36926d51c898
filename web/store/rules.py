"""Rules as data for REST: what they may say, new versions, and dry runs of values on a past period."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from alerts.coverage import arrival, learning
from alerts.life.ledger import Counts
from alerts.rulebook import rulebook
from alerts.rulebook.rule_fields import Field
from alerts.run import dry_run, training
from alerts.store import gaps, reads
from runtime import db
from schemas import rules as models
from tracking.plans.rule_version import RuleVersion
from tracking.store.city import rule_store
from web.http import problems
from web.store import coverage, scopes

LONGEST = timedelta(hours=24)
TRIED = 0
"""Number of the version that is only tried."""
DRY_RUNS = (rulebook.WARNING, arrival.KIND)


def kinds() -> models.RuleKinds:
    """Spell what rules may say."""
    return models.RuleKinds(items=[_kind(kind) for kind in rulebook.KINDS.values()])


def shown(version: RuleVersion) -> models.RuleVersion:
    """Spell a version."""
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


async def append(conn: db.Connection, given: models.NewRule, made_by: str, now: datetime) -> models.RuleVersion:
    """Store a version.

    Raises:
        ProblemError: its values or scope are wrong, it begins in the past, or it overlaps another.
    """
    scope = await _checked(conn, given.kind, given.scope, given.values)
    begins = now if given.valid_from is None else given.valid_from
    if begins < now:
        raise problems.wrong("valid_from", "must not lie in the past: what was decided stays decided; leave it out")
    if given.valid_to is not None and given.valid_to <= begins:
        raise problems.wrong("valid_to", "must be later than valid_from")
    ends = None if given.valid_to is None else db.millis(given.valid_to.astimezone(UTC))
    try:
        made = await rule_store.append(
            conn, given.kind, scope, given.values, db.millis(begins.astimezone(UTC)), made_by, valid_to=ends
        )
    except rule_store.RuleOverlapError as error:
        raise problems.ProblemError(409, str(error)) from error
    except asyncpg.UniqueViolationError as error:
        raise problems.ProblemError(409, f"{scope} has a version that begins at the same moment: try again.") from error
    return shown(made)


class DryRuns:
    """Tries values, one request at a time: others wait their turn elsewhere."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def run(
        self, pool: db.Pool, place: coverage.Place | None, given: models.DryRunGiven, now: datetime
    ) -> models.DryRun:
        """Count what the values would have told in the period, and what the rules in force would have.

        Raises:
            ProblemError: values or period are wrong, or another dry run is going on.
        """
        if given.start >= given.end or given.end - given.start > LONGEST:
            raise problems.wrong("to", "must lie after from, 24 hours at most")
        if given.end > now:
            raise problems.wrong("to", "must lie in the past: there is nothing to try values on yet")
        if self._one.locked():
            raise problems.ProblemError(
                429, "Another dry run is going on; try again in a minute.", headers={"Retry-After": "60"}
            )
        async with self._one, pool.acquire() as conn:
            scope = await _checked(conn, given.kind, given.scope, given.values)
            where = (await coverage.load_place(conn, place)).where
            return await _run(conn, where, given, scope)


async def _run(conn: db.Connection, where: reads.Place, given: models.DryRunGiven, scope: str) -> models.DryRun:
    start, end = (db.millis(each.astimezone(UTC)) for each in (given.start, given.end))
    warning = await rule_store.between(conn, rulebook.WARNING, start - dry_run.LEAST_STEP_MS, end)
    arrivals = await rule_store.between(conn, arrival.KIND, start - dry_run.LEAST_STEP_MS, end)
    tried = RuleVersion(
        id=TRIED, kind=given.kind, scope=scope, body=dict(given.values or {}), valid_from=0, valid_to=None, made_at=0,
        made_by="",
    )  # fmt: skip
    mine = {rulebook.WARNING: warning, arrival.KIND: arrivals}
    mine[given.kind] = [each for each in mine[given.kind] if each.scope != scope] + [tried]
    ways = [_way(mine[rulebook.WARNING], mine[arrival.KIND]), _way(warning, arrivals)]
    learned, _ = await training.kept(conn, learning.signature(where.city))
    told = await dry_run.run(conn, where, start, end, ways, learned)
    recorded = await gaps.recorded(conn, start, end)
    given_counts, in_force = told.counts
    zh, en = _sentence(given, given_counts, in_force, where.city.calendar.zone)
    return models.DryRun(
        start=given.start, end=given.end, step_s=told.step_ms // 1000, given=_counts(given_counts),
        in_force=_counts(in_force), recorded=recorded, text_zh=zh, text_en=en,
    )  # fmt: skip


def _way(warning: Sequence[RuleVersion], arrivals: Sequence[RuleVersion]) -> dry_run.Way:
    def held(versions: Sequence[RuleVersion], now: int) -> list[RuleVersion]:
        return [each for each in versions if each.valid_from <= now and (each.valid_to is None or now < each.valid_to)]

    def estimated(now: int) -> arrival.ArrivalRule:
        found = held(arrivals, now)
        return arrival.rule_of(found[0].body or {} if found else {})

    return dry_run.Way(versions=lambda now: held(warning, now), arrival=estimated)


async def _checked(conn: db.Connection, kind: str, scope: str, values: dict[str, Any] | None) -> str:
    if values is not None:
        faults = rulebook.faults(rulebook.KINDS[kind], scope, values)
        if faults:
            errors = [{"where": f"body.values.{fault.where}".rstrip("."), "message": fault.message} for fault in faults]
            detail = "; ".join(f"{each['where']}: {each['message']}" for each in errors[:5])
            raise problems.ProblemError(422, detail, errors=errors)
    return await scopes.known(conn, scope)


def _counts(counts: Counts) -> models.DryRunCounts:
    return models.DryRunCounts(**{name: getattr(counts, name) for name in counts.__slots__})


def _sentence(given: models.DryRunGiven, tried: Counts, in_force: Counts, zone: ZoneInfo) -> tuple[str, str]:
    start, end = (each.astimezone(zone).strftime("%m-%d %H:%M") for each in (given.start, given.end))
    zh = f"{start} 至 {end}：按所填值会有 {tried.pre_warnings} 条预警，现行规则为 {in_force.pre_warnings} 条"
    en = (
        f"from {start} to {end} these values would have given {tried.pre_warnings} pre-warnings "
        f"instead of {in_force.pre_warnings}"
    )
    more_zh = f"；{tried.breaches} 个超期中预先告警 {tried.warned} 个（现行 {in_force.warned} 个）"
    more_en = f"; of {tried.breaches} breaches {tried.warned} were warned of (now {in_force.warned})"
    return zh + more_zh, en + more_en


def _kind(kind: rulebook.RuleKind) -> models.RuleKind:
    pairs = [(field, False) for field in kind.fields] + [(field, True) for field in kind.city_fields]
    fields = [models.RuleField(**_field(field), city_only=city) for field, city in pairs]
    return models.RuleKind(
        name=kind.name,  # type: ignore[arg-type] # the kinds are those of the model, a test holds it
        zh=kind.zh, en=kind.en, scopes=list(kind.scopes), fields=fields, by_hour=kind.by_hour,
        dry_run=kind.name in DRY_RUNS,
    )  # fmt: skip


def _field(field: Field) -> dict[str, Any]:
    made = {name: getattr(field, name) for name in field.__slots__}
    return {**made, "default": list(field.default) if isinstance(field.default, tuple) else field.default}
