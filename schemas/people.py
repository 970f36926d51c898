"""REST models of units, officers, carriers of devices, and shifts."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from schemas import topics
from schemas.rest import Model, Page

Code = Annotated[str, Field(pattern=f"^{topics.NAME.pattern}$")]
Badge = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f/]+$", description="Unique in the city.")
]
MOST_SHIFTS = 1_000


class Unit(Model):
    """A unit: a team that owns devices and officers."""

    code: str = Field(description="The unit level of its topics.")
    name: str
    area: str | None = Field(description="Part of the city it is responsible for; null: not set.")


class Units(Page):
    """Units by code."""

    items: list[Unit]


class Officer(Model):
    """A person on patrol."""

    badge: str
    name: str
    unit: str
    device: str | None = Field(description="Present device; null: none.")
    since: AwareDatetime | None = Field(description="Time of signing in.")
    shift_starts: AwareDatetime | None = Field(description="Of the present or next shift; null: none planned.")
    shift_ends: AwareDatetime | None


class Officers(Page):
    """Officers in service by badge."""

    items: list[Officer]


class OfficerGiven(Model):
    """An officer to add; an existing badge gets the new name and unit."""

    badge: Badge
    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00]+$")
    unit: Code


class CarrierGiven(Model):
    """The new carrier of a device."""

    badge: Badge | None = Field(description="null: nobody.")


class Binding(Model):
    """A period in which an officer carried a device."""

    id: int
    device: str
    badge: str
    name: str
    t_from: AwareDatetime = Field(serialization_alias="from")
    t_to: AwareDatetime | None = Field(serialization_alias="to", description="null: still valid.")
    made_by: str = Field(description="device: by signing in on it; otherwise an account.")


class Bindings(Page):
    """Carriers of devices, newest first."""

    items: list[Binding]


class Shift(Model):
    """A shift: when and where an officer must be."""

    id: int
    badge: str
    name: str
    area: str | None = Field(description="Responsibility grid or street; null: the area of the officer's unit.")
    starts: AwareDatetime
    ends: AwareDatetime
    kind: Literal["patrol", "post"] = Field(description="At a post an officer may stand still.")


class Shifts(Page):
    """Shifts in order."""

    items: list[Shift]


class ShiftGiven(Model):
    """A shift to add."""

    badge: Badge
    area: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$")] | None = None
    starts: AwareDatetime
    ends: AwareDatetime
    kind: Literal["patrol", "post"] = "patrol"


class ShiftsGiven(Model):
    """Shifts to add, all or none."""

    shifts: list[ShiftGiven] = Field(min_length=1, max_length=MOST_SHIFTS)


class Planned(Model):
    """Added shifts."""

    added: int = Field(description="Existing ones are kept and not counted.")
