"""Models of legal holds, and of how long each class of data is kept."""

from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from schemas.rest import Model, Page

_Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
_Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]


class HoldGiven(Model):
    """A legal hold to be placed: one of device, officer, area and case, or none of them, and a time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    why: _Text = Field(description="Case number or order by which it is kept.")
    device: _Name | None = Field(default=None, description="Name of a device.")
    officer: _Name | None = Field(default=None, description="Badge; what he carried is held while he carried it.")
    area: _Name | None = Field(default=None, description="Code of a grid, street or district, with all below it.")
    case: _Name | None = Field(default=None, description="As events name it; with their devices' tracks around them.")
    t_from: AwareDatetime | None = Field(default=None, alias="from", description="Absent: from the beginning.")
    t_to: AwareDatetime | None = Field(default=None, alias="to", description="Not included; absent: without end.")
    until: AwareDatetime | None = Field(default=None, description="Ends by itself then; absent: when it is released.")


class Hold(Model):
    """A legal hold: while it holds, nothing that it names is dropped."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: int
    why: str
    device: str | None
    officer: str | None
    area: str | None
    case: str | None
    t_from: AwareDatetime | None = Field(alias="from")
    t_to: AwareDatetime | None = Field(alias="to")
    until: AwareDatetime | None
    made_by: str
    made_at: AwareDatetime
    released_at: AwareDatetime | None
    released_by: str | None
    released_why: str | None
    holds: bool = Field(description="False: it was released or is over.")


class Holds(Page):
    """A page of holds."""

    items: list[Hold]


class ReleaseGiven(Model):
    """Why a hold ends."""

    why: _Text


class Retention(Model):
    """How long a class of data is kept."""

    data: str = Field(description="fixes, visits, history, events, media, alerts, audit")
    name_zh: str
    name_en: str
    days: int | None = Field(description="null: for ever.")
    least_days: int
    why: str
    floor: AwareDatetime | None = Field(description="What is older is refused; null: nothing was dropped yet.")
    ran_at: AwareDatetime = Field(description="When it was last gone over.")
    dropped: int = Field(description="Rows, ever.")
    fault: str | None = Field(description="Why the last pass failed.")
    set_by: str
    set_at: AwareDatetime


class Retentions(Page):
    """Every class."""

    items: list[Retention]


class RetentionGiven(Model):
    """For how long a class is to be kept."""

    days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(description="null: for ever.")
