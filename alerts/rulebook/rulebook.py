"""All kinds of rules: values, scopes and checks. Pure."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from alerts.coverage import arrival, thresholds
from alerts.life import life
from alerts.notify import rule as notification
from alerts.officers import thresholds as officers
from alerts.rulebook import rule_values
from alerts.rulebook.rule_values import Body, RuleValues, ValueFault
from schemas.plan import When
from schemas.rules import RuleField

WARNING = "warning"
HOURS = "hours"
"""Value of a warning rule with entries for some hours of some days."""
MOST_HOURS = 40
CITY = "city"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleKind:
    """One kind of rule."""

    name: str
    zh: str
    en: str
    scopes: tuple[str, ...]
    """Kinds of scopes that may have a rule, the widest first."""
    values: type[RuleValues]
    """Values."""
    city_values: type[RuleValues] | None = None
    """Values of the rule of the whole city; None: the same."""
    by_hour: bool = False
    """Other values may be given for some hours of some days."""

    def values_of(self, scope: str) -> type[RuleValues]:
        """Values of a rule of a scope."""
        return self.city_values if scope == CITY and self.city_values is not None else self.values

    def fields(self) -> list[RuleField]:
        """All values, including those of the whole city."""
        everywhere = rule_values.fields(self.values)
        return [
            field.model_copy(update={"city_only": name not in everywhere})
            for name, field in rule_values.fields(self.values_of(CITY)).items()
        ]


KINDS: dict[str, RuleKind] = {
    kind.name: kind
    for kind in (
        RuleKind(
            name=WARNING, zh="巡查空档预警", en="Pre-warnings of coverage gaps",
            scopes=(CITY, "class", "unit", "grid", "cell"), values=thresholds.WarningValues,
            city_values=thresholds.CityWarningValues, by_hour=True,
        ),
        RuleKind(
            name=arrival.KIND, zh="到达时间估算", en="Arrival estimates", scopes=(CITY,), values=arrival.ArrivalValues
        ),
        RuleKind(
            name=officers.RULE_KIND, zh="队员与终端告警", en="Alerts about officers and devices",
            scopes=(CITY, "unit"), values=officers.OfficerValues,
        ),
        RuleKind(name="escalation", zh="升级时限", en="Escalation", scopes=(CITY,), values=life.EscalationRule),
        RuleKind(
            name=notification.KIND, zh="通知", en="Notification", scopes=(CITY,), values=notification.NotificationRule
        ),
    )
}  # fmt: skip


def faults(kind: RuleKind, scope: str, body: Body) -> list[ValueFault]:
    """List the faults of a rule, by value.

    Args:
        kind: kind of the rule.
        scope: city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE.
        body: its values; missing ones follow wider scopes.
    """
    if scope.partition(":")[0] not in kind.scopes:
        return [ValueFault("", f"rules of this kind apply to {', '.join(kind.scopes)}")]
    if not body:
        return [ValueFault("", "a rule needs at least one value; to end the rule of a scope, send null")]
    plain = {name: value for name, value in body.items() if name != HOURS or not kind.by_hour}
    faults_found = rule_values.faults(kind.values_of(scope), plain)
    return faults_found + (_hours(kind, body[HOURS]) if kind.by_hour and HOURS in body else [])


def _hours(kind: RuleKind, entries: Any) -> list[ValueFault]:
    if (
        not isinstance(entries, list)
        or len(entries) > MOST_HOURS
        or not all(isinstance(entry, dict) for entry in entries)
    ):
        return [ValueFault(HOURS, f"must be a list of at most {MOST_HOURS} entries, each with hours and values")]
    return [fault for n, entry in enumerate(entries) for fault in _entry(kind.values, entry, f"{HOURS}.{n}.")]


def _entry(model: type[RuleValues], entry: dict[str, Any], inside: str) -> list[ValueFault]:
    values = {name: value for name, value in entry.items() if name not in When.model_fields}
    faults_found = rule_values.faults(model, values, inside=inside)
    if not values:
        faults_found.append(ValueFault(inside[:-1], "has no values: give at least one for these hours"))
    try:
        When.model_validate({name: value for name, value in entry.items() if name in When.model_fields})
    except ValidationError as error:
        faults_found += [
            ValueFault(inside + ".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()
        ]
    return faults_found
