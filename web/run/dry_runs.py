"""Dry runs: the alerts that values of a rule would have raised in a past period."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.coverage import arrival, learning
from alerts.life.ledger import LedgerCounts
from alerts.rulebook import rulebook
from alerts.run import dry_run, training
from alerts.store import gaps, reads
from runtime import db
from schemas import rules as models
from tracking.plans.rule_version import RuleVersion
from tracking.store.city import rule_store
from web import problems
from web.store import coverage, rules

LONGEST = timedelta(hours=24)
TRIED = 0
"""Number of a version in a dry run."""


class DryRuns:
    """Runs one dry run at a time; further requests are refused."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def run(
        self, pool: db.Pool, place: coverage.CityAt | None, wanted: models.DryRunGiven, now: datetime
    ) -> models.DryRun:
        """Count the alerts of the values in the period, and those of the rules in force.

        Raises:
            ProblemError: values or period are wrong, or another dry run is going on.
        """
        if wanted.start >= wanted.end or wanted.end - wanted.start > LONGEST:
            raise problems.invalid_value("to", "must lie after from, 24 hours at most")
        if wanted.end > now:
            raise problems.invalid_value("to", "must lie in the past: a dry run needs recorded data")
        if self._one.locked():
            raise problems.ProblemError(
                429, "Another dry run is running; try again in a minute.", headers={"Retry-After": "60"}
            )
        async with self._one, pool.acquire() as conn:
            scope = await rules.checked(conn, wanted.kind, wanted.scope, wanted.values)
            where = (await coverage.load_place(conn, place)).where
            return await _run(conn, where, wanted, scope)


async def _run(conn: db.Connection, where: reads.CityState, wanted: models.DryRunGiven, scope: str) -> models.DryRun:
    start, end = (db.millis(moment.astimezone(UTC)) for moment in (wanted.start, wanted.end))
    warning = await rule_store.between(conn, rulebook.WARNING, start - dry_run.LEAST_STEP_MS, end)
    arrivals = await rule_store.between(conn, arrival.KIND, start - dry_run.LEAST_STEP_MS, end)
    tried = RuleVersion(
        id=TRIED, kind=wanted.kind, scope=scope, body=dict(wanted.values or {}), valid_from=0, valid_to=None, made_at=0,
        made_by="",
    )  # fmt: skip
    mine = {rulebook.WARNING: warning, arrival.KIND: arrivals}
    mine[wanted.kind] = [version for version in mine[wanted.kind] if version.scope != scope] + [tried]
    ways = [_way(mine[rulebook.WARNING], mine[arrival.KIND]), _way(warning, arrivals)]
    learned, _ = await training.kept(conn, learning.signature(where.city))
    result = await dry_run.run(conn, where, start, end, ways, learned)
    recorded = await gaps.prewarnings(conn, start, end)
    given_counts, in_force = result.counts
    zh, en = _sentence(wanted, given_counts, in_force, where.city.calendar.zone)
    return models.DryRun(
        start=wanted.start, end=wanted.end, step_s=result.step_ms // 1000, given=_counts(given_counts),
        in_force=_counts(in_force), recorded=recorded, text_zh=zh, text_en=en,
    )  # fmt: skip


def _way(warning: Sequence[RuleVersion], arrivals: Sequence[RuleVersion]) -> dry_run.TrialRules:
    def held(versions: Sequence[RuleVersion], now: int) -> list[RuleVersion]:
        return [
            version
            for version in versions
            if version.valid_from <= now and (version.valid_to is None or now < version.valid_to)
        ]

    def estimated(now: int) -> arrival.ArrivalRule:
        versions = held(arrivals, now)
        return arrival.rule_of(versions[0].body or {} if versions else {})

    return dry_run.TrialRules(versions=lambda now: held(warning, now), arrival=estimated)


def _counts(counts: LedgerCounts) -> models.DryRunCounts:
    return models.DryRunCounts(**{name: getattr(counts, name) for name in counts.__slots__})


def _sentence(
    wanted: models.DryRunGiven, tried: LedgerCounts, in_force: LedgerCounts, zone: ZoneInfo
) -> tuple[str, str]:
    start, end = (moment.astimezone(zone).strftime("%m-%d %H:%M") for moment in (wanted.start, wanted.end))
    zh = f"{start} 至 {end}：按所填值会有 {tried.pre_warnings} 条预警，现行规则为 {in_force.pre_warnings} 条"
    en = (
        f"from {start} to {end} these values would have given {tried.pre_warnings} pre-warnings "
        f"instead of {in_force.pre_warnings}"
    )
    more_zh = f"；{tried.breaches} 次超时中提前预警 {tried.warned} 个（现行 {in_force.warned} 个）"
    more_en = f"; of {tried.breaches} breaches {tried.warned} were warned of (now {in_force.warned})"
    return zh + more_zh, en + more_en
