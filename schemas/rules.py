"""Rules as data on the REST surface: what they may say, their versions, and the dry run of values."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from schemas.plans import Scope
from schemas.rest import Model, Page

Kind = Literal["warning", "arrival", "officer", "escalation", "notification"]
Values = Annotated[
    dict[str, Any],
    Field(
        max_length=60,
        description="By name, as /rules/kinds lists them; `hours` of a warning: entries of days, hours and values.",
    ),
]


class RuleField(Model):
    """A value that a rule may give."""

    name: str
    zh: str
    en: str
    unit: str = Field(description="s, min, m, m/s, km/h, %; empty for shares and counts.")
    least: float
    most: float
    default: float | list[float] = Field(description="What holds where no rule says it.")
    whole: bool = Field(description="A whole number.")
    several: int = Field(description="A list of so many values at most; 0: one value.")
    city_only: bool = Field(description="Only the rule of the city as a whole may give it.")


class RuleKind(Model):
    """A kind of rules."""

    name: Kind
    zh: str
    en: str
    scopes: list[str] = Field(description="What may have a rule of its own: city, class, unit, grid, cell.")
    fields: list[RuleField]
    by_hour: bool = Field(description="Other values may be given for some hours of some days, in `hours`.")
    dry_run: bool = Field(description="Values can be tried on a past period.")


class RuleKinds(Model):
    """Every kind of rules."""

    items: list[RuleKind]


class RuleVersion(Model):
    """A version of a rule."""

    id: int
    kind: Kind
    scope: str
    values: Values | None = Field(description="null: from then on wider scopes rule.")
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = Field(description="null: until a next version.")
    made_at: AwareDatetime
    made_by: str


class RuleVersions(Page):
    """Versions of rules."""

    items: list[RuleVersion]


class NewRule(Model):
    """A version to come; what was decided stays decided by what held then."""

    kind: Kind
    scope: Scope
    values: Values | None = Field(description="Values that are absent are ruled by wider scopes; null: all of them.")
    valid_from: AwareDatetime | None = Field(default=None, description="Absent: from now on.")
    valid_to: AwareDatetime | None = Field(default=None, description="Absent: until a next version.")


class DryRunGiven(Model):
    """Values to try on a past period, in place of what the scope's rule says."""

    kind: Literal["warning", "arrival"]
    scope: Scope = "city"
    values: Values | None = Field(description="null: the scope would have no rule of its own.")
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to", description="Not included; at most 24 hours after from.")


class DryRunCounts(Model):
    """What the values would have told in the period."""

    pre_warnings: int = Field(description="Orange alerts of cells that opened.")
    needless: int = Field(description="Of them, those whose cell was visited in time.")
    breaches: int = Field(description="Gaps that went beyond their limit.")
    warned: int = Field(description="Of them, those that a pre-warning or the alert of the street told of before.")
    lead_min: float | None = Field(description="Median time from the pre-warning to the limit, of the warned.")
    understaffed: int = Field(description="Alerts of streets short of officers.")


class DryRun(Model):
    """What values would have told, against the rules in force."""

    start: AwareDatetime = Field(serialization_alias="from")
    end: AwareDatetime = Field(serialization_alias="to")
    step_s: int = Field(description="Time between two looks; the product looks every few seconds.")
    given: DryRunCounts
    in_force: DryRunCounts
    recorded: int = Field(description="Pre-warnings that were really told in the period.")
    text_zh: str
    text_en: str
