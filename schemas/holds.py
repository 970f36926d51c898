"""Models of legal holds and retention."""

from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from schemas.rest import Model, Page

_Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
_Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]


class HoldGiven(Model):
    """A legal hold to place: one of device, officer, area and case, or none, and a period."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    why: _Text = Field(description="Case number or order.")
    device: _Name | None = Field(default=None, description="Name of a device.")
    officer: _Name | None = Field(
        default=None, description="Badge; holds the data of each device while the officer carried it."
    )
    area: _Name | None = Field(default=None, description="Code of a grid, street or district, with all below it.")
    case: _Name | None = Field(
        default=None, description="As in events; includes the tracks of their devices around them."
    )
    t_from: AwareDatetime | None = Field(default=None, alias="from", description="Default: from the beginning.")
    t_to: AwareDatetime | None = Field(default=None, alias="to", description="Not included; default: no end.")
    until: AwareDatetime | None = Field(default=None, description="End; default: when released.")


class Hold(Model):
    """A legal hold; while in force, none of its data is dropped."""

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
    holds: bool = Field(description="False: released or ended.")


class Holds(Page):
    """A page of holds."""

    items: list[Hold]


class ReleaseGiven(Model):
    """Reason to release a hold."""

    why: _Text


class Retention(Model):
    """Retention of a class of data."""

    data: str = Field(description="fixes, visits, history, events, media, alerts, audit")
    name_zh: str
    name_en: str
    days: int | None = Field(description="null: for ever.")
    least_days: int
    why: str
    floor: AwareDatetime | None = Field(description="Older data is refused; null: nothing was dropped yet.")
    ran_at: AwareDatetime = Field(description="Time of the last pass.")
    dropped: int = Field(description="Rows in total.")
    fault: str | None = Field(description="Error of the last pass.")
    set_by: str
    set_at: AwareDatetime


class Retentions(Page):
    """All classes."""

    items: list[Retention]


class RetentionGiven(Model):
    """New retention of a class."""

    days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(description="null: for ever.")
