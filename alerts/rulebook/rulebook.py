"""Every kind of rule that is data: what it may say, of which scopes, and what is wrong with one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from alerts.coverage import arrival, thresholds
from alerts.life import life
from alerts.notify import rule as notification
from alerts.officers import thresholds as officers
from alerts.rulebook import rule_fields
from alerts.rulebook.rule_fields import Body, Fault, Field
from schemas.plan import When

WARNING = "warning"
HOURS = "hours"
"""Value of a warning rule that holds others for some hours of some days."""
MOST_HOURS = 40
CITY = "city"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """One kind of rule."""

    name: str
    zh: str
    en: str
    scopes: tuple[str, ...]
    """Kinds of scopes that may have a rule of their own, the widest first."""
    fields: tuple[Field, ...]
    city_fields: tuple[Field, ...] = ()
    """Those that only the city as a whole has."""
    ordered: tuple[tuple[str, str], ...] = ()
    """Values of which the first must be less than the second."""
    by_hour: bool = False
    """Other values may be given for some hours of some days."""

    def fields_of(self, scope: str) -> tuple[Field, ...]:
        """What a rule of a scope may say."""
        return self.fields + (self.city_fields if scope == CITY else ())


KINDS: dict[str, RuleKind] = {
    kind.name: kind
    for kind in (
        RuleKind(
            name=WARNING, zh="巡查空档预警", en="Pre-warnings of coverage gaps",
            scopes=(CITY, "class", "unit", "grid", "cell"), fields=thresholds.FIELDS,
            city_fields=thresholds.CROWD_FIELDS, by_hour=True,
        ),
        RuleKind(
            name=arrival.KIND, zh="到达时间估算", en="Arrival estimates", scopes=(CITY,), fields=arrival.FIELDS
        ),
        RuleKind(
            name=officers.RULE_KIND, zh="队员与终端告警", en="Alerts about officers and devices",
            scopes=(CITY, "unit"), fields=officers.FIELDS, ordered=officers.ORDERED,
        ),
        RuleKind(name="escalation", zh="升级时限", en="Escalation", scopes=(CITY,), fields=life.FIELDS),
        RuleKind(name=notification.KIND, zh="通知", en="Notification", scopes=(CITY,), fields=notification.FIELDS),
    )
}  # fmt: skip


def faults(kind: RuleKind, scope: str, body: Body) -> list[Fault]:
    """Say what is wrong with a rule, value by value.

    Args:
        kind: kind of the rule.
        scope: city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE.
        body: its values; those that are not given are ruled by wider scopes.
    """
    if scope.partition(":")[0] not in kind.scopes:
        return [Fault("", f"rules of this kind apply to {', '.join(kind.scopes)}")]
    if not body:
        return [Fault("", "a rule needs at least one value; to end the rule of a scope, send null")]
    fields = kind.fields_of(scope)
    plain = {name: value for name, value in body.items() if name != HOURS or not kind.by_hour}
    found = rule_fields.check(fields, plain) or rule_fields.ordered(fields, plain, kind.ordered)
    return found + (_hours(kind, body[HOURS]) if kind.by_hour and HOURS in body else [])


def _hours(kind: RuleKind, given: Any) -> list[Fault]:
    if not isinstance(given, list) or len(given) > MOST_HOURS or not all(isinstance(each, dict) for each in given):
        return [Fault(HOURS, f"must be a list of at most {MOST_HOURS} entries, each with hours and values")]
    return [fault for n, entry in enumerate(given) for fault in _entry(kind.fields, entry, f"{HOURS}.{n}.")]


def _entry(fields: Sequence[Field], entry: dict[str, Any], inside: str) -> list[Fault]:
    values = {name: value for name, value in entry.items() if name not in When.model_fields}
    found = rule_fields.check(fields, values, inside=inside)
    if not values:
        found.append(Fault(inside[:-1], "has no values: give at least one for these hours"))
    try:
        When.model_validate({name: value for name, value in entry.items() if name in When.model_fields})
    except ValidationError as error:
        found += [Fault(inside + ".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
    return found
