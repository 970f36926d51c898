"""What a plan asks for of its cells, read from its body. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.plan import PlanBody
from tracking.coverage.coverage import NO_LIMIT
from tracking.plans.calendars import DutyCalendar, Hours, span


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHours:
    """Another limit at some hours."""

    hours: Hours
    limit_ms: int
    """NO_LIMIT: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitHours:
    """So many valid visits within each span of `hours`."""

    hours: Hours
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What cells of one plan ask for."""

    limit_ms: int
    """Longest wait between valid visits in duty time where no entry of `limits` says otherwise; NO_LIMIT: none."""
    limits: tuple[LimitHours, ...]
    """Of those that hold at a moment the last one counts."""
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


def parsed(said: dict[str, object]) -> PlanBody:
    """Body of a plan from its fields; what none says has the default."""
    # Without any field there is nothing to check: a city whose plans were all ended has the defaults.
    return PlanBody.model_validate(said) if said else PlanBody.model_construct()


def plan_of(body: PlanBody) -> Plan:
    """What a body asks for."""
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
    """Hours of a body as the calendar takes them."""
    return Hours(days=frozenset(days), spans=tuple(sorted(span(start, end) for start, end in spans)))
