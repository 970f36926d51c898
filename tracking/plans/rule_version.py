"""A version of a rule as data: what it rules, for whom, and from when to when."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """One version of a rule."""

    id: int
    kind: str
    """What it rules: plan, warning, officer, escalation, notification."""
    scope: str
    """What it holds for: city, class:CLASS, unit:UNIT, grid:CODE, cell:CODE; the narrowest holds."""
    body: dict[str, Any] | None
    """None: from then on the scope has no rule of its own."""
    valid_from: int
    valid_to: int | None
    """None: until a next version."""
    made_at: int
    made_by: str
