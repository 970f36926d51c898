"""A version of a rule as data: kind, scope and time in force."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleVersion:
    """One version of a rule."""

    id: int
    kind: str
    """Kind: plan, warning, officer, escalation, notification."""
    scope: str
    """Scope: city, class:CLASS, unit:UNIT, grid:CODE, cell:CODE; the narrowest counts."""
    body: dict[str, Any] | None
    """None: from then on the scope has no rule of its own."""
    valid_from: int
    valid_to: int | None
    """None: until the next version."""
    made_at: int
    made_by: str
