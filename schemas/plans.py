"""Plans, the calendar and owners on the REST surface."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from schemas.plan import PlanBody
from schemas.rest import Model, Page

Scope = Annotated[
    str,
    Field(
        pattern=r"^(city|class:[0-9A-Za-z_-]{1,64}|unit:[0-9A-Za-z_.-]{1,64}|grid:[0-9A-Za-z._-]{1,64}|cell:[0-9]{14,15})$",
        description="city, class:CLASS, unit:UNIT, grid:CODE or cell:CODE; the narrowest that says a thing rules it.",
    ),
]


class PlanVersion(Model):
    """A version of a plan."""

    id: int
    scope: str
    plan: PlanBody | None = Field(description="null: from then on wider scopes rule.")
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = Field(description="null: until a next version.")
    made_at: AwareDatetime
    made_by: str


class Plans(Page):
    """Versions of plans."""

    items: list[PlanVersion]


class NewPlan(Model):
    """A version to come. What was judged stays judged: it begins two minutes from now or later."""

    scope: Scope
    plan: PlanBody | None = Field(
        description="Fields that are absent are ruled by wider scopes; null: all of them are."
    )
    valid_from: AwareDatetime | None = Field(default=None, description="Absent: as soon as possible.")
    valid_to: AwareDatetime | None = Field(default=None, description="Absent: until a next version.")


class PlanTried(Model):
    """A plan to be tried on what is known now."""

    scope: Scope
    plan: PlanBody | None = Field(description="As in a new version.")


class PlanTrial(Model):
    """What a plan would mean now, in duty time as coverage counts it."""

    cells: int = Field(description="In the scope.")
    overdue: int = Field(description="Of them, by the plans in force.")
    would: int = Field(description="Of them, if this plan were in force.")


class CalendarDay(Model):
    """A day of the calendar."""

    day: date
    workday: bool
    name: str | None
    provisional: bool = Field(description="No notice for its year is known: weekends and fixed dates were assumed.")
    source: str | None = Field(description="Where it was imported from; null: built in.")


class CalendarDays(Model):
    """Days of the calendar."""

    items: list[CalendarDay]


class Imported(Model):
    """What an import changed, or would change."""

    done: bool = Field(description="It is in force now; false: it was tried only.")
    days: int = Field(description="Days in it.")
    changed: int


class NewOwner(Model):
    """Who answers for an area."""

    owner: Annotated[str, Field(min_length=1, max_length=200)] | None
