"""Rules that only the city as a whole has, in force at a moment."""

from typing import TypeVar

from alerts.rulebook.rule_values import RuleValues
from alerts.rulebook.rulebook import CITY
from runtime import db
from tracking.store.city import rule_store

Values = TypeVar("Values", bound=RuleValues)


async def in_force(conn: db.Connection, kind: str, model: type[Values], at: int) -> Values:
    """Values of the city's rule of a kind at `at`, ms; the defaults without one."""
    versions = await rule_store.current(conn, kind, at)
    body = next((version.body for version in versions if version.scope == CITY), None)
    return model.model_validate(body or {}, extra="ignore")
