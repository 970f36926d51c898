"""REST models of rules: values, versions and dry runs."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from schemas.plans import Scope
from schemas.rest import Model, Page

Kind = Literal["warning", "arrival", "officer", "escalation", "notification"]
Values = Annotated[
    dict[str, Any],
    Field(
        max_length=60,
        description="By name, as listed by /rules/kinds; `hours` of a warning has entries of days, hours and values.",
    ),
]


class RuleField(Model):
    """A value of a rule."""

    name: str
    zh: str
    en: str
    unit: str = Field(description="s, min, m, m/s, km/h, %; empty for shares and counts.")
    least: float
    most: float
    default: float | list[float] = Field(description="Default without a rule.")
    whole: bool = Field(description="A whole number.")
    several: int = Field(description="Most values of a list; 0: a single value.")
    city_only: bool = Field(description="Only for the rule of the whole city.")


class RuleKind(Model):
    """A kind of rule."""

    name: Kind
    zh: str
    en: str
    scopes: list[str] = Field(description="Scopes that may have a rule: city, class, unit, grid, cell.")
    fields: list[RuleField]
    by_hour: bool = Field(description="Other values may be given for some hours of some days, in `hours`.")
    dry_run: bool = Field(description="Supports a dry run.")


class RuleKinds(Model):
    """All kinds of rules."""

    items: list[RuleKind]


class RuleVersion(Model):
    """A version of a rule."""

    id: int
    kind: Kind
    scope: str
    values: Values | None = Field(description="null: wider scopes apply from then on.")
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = Field(description="null: until a next version.")
    made_at: AwareDatetime
    made_by: str


class RuleVersions(Page):
    """Versions of rules."""

    items: list[RuleVersion]


class NewRule(Model):
    """A new version; earlier decisions do not change."""

    kind: Kind
    scope: Scope
    values: Values | None = Field(description="Missing values follow wider scopes; null: all of them.")
    valid_from: AwareDatetime | None = Field(default=None, description="Default: from now on.")
    valid_to: AwareDatetime | None = Field(default=None, description="Default: until the next version.")


class DryRunGiven(Model):
    """Values for a dry run over a past period, replacing the rule of the scope."""

    kind: Literal["warning", "arrival"]
    scope: Scope = "city"
    values: Values | None = Field(description="null: the scope would have no rule of its own.")
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to", description="Not included; at most 24 hours after `from`.")


class DryRunCounts(Model):
    """Counts of the period."""

    pre_warnings: int = Field(description="Opened orange alerts of cells.")
    needless: int = Field(description="Of them, those whose cell was visited in time.")
    breaches: int = Field(description="Gaps beyond their limit.")
    warned: int = Field(description="Of them, those reported before by a pre-warning or the alert of the street.")
    lead_min: float | None = Field(description="Median time from the pre-warning to the limit.")
    understaffed: int = Field(description="Alerts of streets with too few officers.")


class DryRun(Model):
    """Result of a dry run, compared with the rules in force."""

    start: AwareDatetime = Field(serialization_alias="from")
    end: AwareDatetime = Field(serialization_alias="to")
    step_s: int = Field(description="Interval of evaluations; in operation it is a few seconds.")
    given: DryRunCounts
    in_force: DryRunCounts
    recorded: int = Field(description="Pre-warnings actually sent in the period.")
    text_zh: str
    text_en: str
