"""Thresholds of each cell at a moment, from rules by the narrowest scope. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alerts.coverage.thresholds import BUILT_IN, CityWarningValues, CrowdRule, Thresholds, WarningRule, WarningValues
from alerts.rulebook.rulebook import CITY, HOURS
from schemas.plan import When
from tracking.plans.calendars import DutyCalendar
from tracking.plans.plan import hours_of
from tracking.plans.plans import Site
from tracking.plans.rule_version import RuleVersion

_TIMES = frozenset({"horizon_s", "hold_s", "crowd_horizon_s"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Rules in force at a moment."""

    by: Thresholds
    crowd: CrowdRule


class WarningRules:
    """The versions in force, applied to the cells of a city.

    Args:
        versions: of kind `warning`, one for each scope at most.
        sites: of the cells, in their order.
    """

    def __init__(self, versions: Sequence[RuleVersion], sites: Sequence[Site]) -> None:
        self.held = tuple(versions)
        held = {version.scope: version for version in versions if version.body}
        chains: dict[tuple[str, ...], int] = {}
        of = [chains.setdefault(tuple(scope for scope in site.scopes if scope in held), len(chains)) for site in sites]
        self._chains = [tuple(held[scope] for scope in chain) for chain in chains]
        self._of = np.array(of, dtype=np.intp)
        self._city = held.get(CITY)

    def at(self, now: int, calendar: DutyCalendar) -> Chosen:
        """Thresholds of every cell at `now` (ms)."""
        rules = [_rule(chain, now, calendar) for chain in self._chains] or [WarningRule()]
        return Chosen(by=Thresholds.of(rules, self._of), crowd=_crowd(self._city))


def _crowd(version: RuleVersion | None) -> CrowdRule:
    body = {} if version is None else version.body or {}
    values = CityWarningValues.model_construct(**body)
    return CrowdRule(
        most=int(values.crowd_cells), horizon_ms=int(values.crowd_horizon_s) * 1000,
        version=BUILT_IN if version is None else version.id,
    )  # fmt: skip


def _rule(chain: Sequence[RuleVersion], now: int, calendar: DutyCalendar) -> WarningRule:
    merged: dict[str, Any] = {}
    for version in chain:
        merged.update(version.body or {})
    for entry in merged.pop(HOURS, []):
        when = When.model_validate({name: value for name, value in entry.items() if name in When.model_fields})
        if calendar.holds(hours_of(when.days, when.hours), now):
            merged.update({name: value for name, value in entry.items() if name not in When.model_fields})
    number = chain[-1].id if chain else BUILT_IN
    return WarningRule(
        version=number,
        **{
            f"{name.removesuffix('_s')}_ms" if name in _TIMES else name: int(value) * 1000 if name in _TIMES else value
            for name, value in WarningValues.model_construct(**merged)
        },
    )
