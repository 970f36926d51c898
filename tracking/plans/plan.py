"""Requirements of a plan for its cells, read from its body. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.plan import PlanBody
from tracking.coverage.coverage import NO_LIMIT
from tracking.plans.calendars import DutyCalendar, Hours, span


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHours:
    """A different limit at some hours."""

    hours: Hours
    limit_ms: int
    """NO_LIMIT: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitHours:
    """Number of valid visits required within each span of `hours`."""

    hours: Hours
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Requirements of one plan for its cells."""

    limit_ms: int
    """Longest wait between valid visits in duty time where no entry of `limits` applies; NO_LIMIT: none."""
    limits: tuple[LimitHours, ...]
    """Of those that apply at a moment, the last one counts."""
    visits: tuple[VisitHours, ...]
    dwell_ms: int
    path_m: float
    path_road_share: float | None
    weight: float | None
    """None: that of the cell."""

    def limit_at(self, at: int, calendar: DutyCalendar) -> int:
        """Limit at a moment, ms."""
        held = (limit.limit_ms for limit in reversed(self.limits) if calendar.holds(limit.hours, at))
        return next(held, self.limit_ms)


def parsed(body: dict[str, object]) -> PlanBody:
    """Body of a plan from its fields, with defaults for the others."""
    # Without fields there is nothing to check: if all plans of a city have ended, the defaults apply.
    return PlanBody.model_validate(body) if body else PlanBody.model_construct()


def plan_of(body: PlanBody) -> Plan:
    """Requirements of a body."""
    return Plan(
        limit_ms=_limit(body.limit_s),
        limits=tuple(
            LimitHours(hours=hours_of(limit.days, limit.hours), limit_ms=_limit(limit.limit_s)) for limit in body.limits
        ),
        visits=tuple(VisitHours(hours=hours_of(visit.days, visit.hours), n=visit.n) for visit in body.visits),
        dwell_ms=body.dwell_s * 1000,
        path_m=body.path_m,
        path_road_share=body.path_road_share,
        weight=body.weight,
    )


def _limit(seconds: int | None) -> int:
    return NO_LIMIT if seconds is None else seconds * 1000


def hours_of(days: Sequence[str], spans: Sequence[tuple[str, str]]) -> Hours:
    """Hours of a body in the form of the calendar."""
    return Hours(days=frozenset(days), spans=tuple(sorted(span(start, end) for start, end in spans)))
