"""REST models of plans, the calendar and owners."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.plan import PlanBody
from schemas.rest import Model, Page

Scope = Annotated[
    str,
    Field(
        pattern=r"^(city|class:[0-9A-Za-z_-]{1,64}|unit:[0-9A-Za-z_.-]{1,64}|grid:[0-9A-Za-z._-]{1,64}|cell:[0-9]{14,15})$",
        description="city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE; the narrowest scope applies.",
    ),
]


class PlanVersion(Model):
    """A version of a plan."""

    id: int
    scope: str
    plan: PlanBody | None = Field(description="null: wider scopes apply from then on.")
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = Field(description="null: until a next version.")
    made_at: AwareDatetime
    made_by: str


class Plans(Page):
    """Versions of plans."""

    items: list[PlanVersion]


class NewPlan(Model):
    """A new version, starting two minutes from now or later, since earlier results do not change."""

    scope: Scope
    plan: PlanBody | None = Field(description="Missing fields follow wider scopes; null: all of them.")
    valid_from: AwareDatetime | None = Field(default=None, description="Default: as soon as possible.")
    valid_to: AwareDatetime | None = Field(default=None, description="Default: until the next version.")


class PlanTried(Model):
    """A plan to try on present data."""

    scope: Scope
    plan: PlanBody | None = Field(description="As in a new version.")


class PlanTrial(Model):
    """Effect of a plan now, in duty time as in coverage."""

    cells: int = Field(description="In the scope.")
    overdue: int = Field(description="Of them, by the plans in force.")
    would: int = Field(description="Of them, if this plan were in force.")


class CalendarDay(Model):
    """A day of the calendar."""

    day: date
    workday: bool
    name: str | None
    provisional: bool = Field(
        description="Assumed from weekends and fixed dates, since no notice for its year is known."
    )
    source: str | None = Field(description="Where it was imported from; null: built in.")


class CalendarDays(Model):
    """Days of the calendar."""

    items: list[CalendarDay]


class Imported(Model):
    """Changes made, or to be made, by an import."""

    done: bool = Field(description="True: in force now; false: dry run only.")
    days: int = Field(description="Days in it.")
    changed: int


class NewOwner(Model):
    """Owner of an area."""

    owner: Annotated[str, Field(min_length=1, max_length=200)] | None
