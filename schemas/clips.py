"""Models of what looks back: who was in a drawn area, and a period of the past as a clip."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.rest import Model

MOST_CORNERS = 500
LONGEST_DAYS = 31

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-85, le=85)]


class Polygon(Model):
    """A GeoJSON polygon without holes, WGS-84 degrees."""

    type: Literal["Polygon"]
    coordinates: Annotated[
        list[Annotated[list[tuple[Longitude, Latitude]], Field(min_length=3, max_length=MOST_CORNERS)]],
        Field(min_length=1, max_length=1),
    ]


class PresenceQuery(Model):
    """A drawn area and a period."""

    polygon: Polygon
    start: AwareDatetime = Field(alias="from", description="Included.")
    end: AwareDatetime = Field(alias="to", description="Not included; at most 31 days after `from`.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < (self.end - self.start).total_seconds() <= LONGEST_DAYS * 86_400:
            raise ValueError(f"from must be before to, by at most {LONGEST_DAYS} days")
        if not 2000 <= self.start.year <= self.end.year < 2100:
            raise ValueError("the times must lie between 2000 and 2100")
        return self


class Interval(Model):
    """Presence without an absence of a minute."""

    t_in: AwareDatetime
    t_out: AwareDatetime
    fixes: int = Field(description="Fixes inside; 0: the straight way between two fixes outside led through.")


class Presence(Model):
    """A device that was there."""

    device: str
    label: str | None
    unit: str
    officer: str | None = Field(description="Name of the officer who carried it then; null: nobody is known.")
    badge: str | None
    seconds: float = Field(description="Time inside in all.")
    fixes: int
    intervals: list[Interval]


class Presences(Model):
    """Who was there, in order of the first arrival."""

    items: list[Presence]


class Assignment(Model):
    """A proposal of whom to send to an alert."""

    alert: int
    cell: str
    device: str
    officer: str | None = Field(description="Badge of who carries the device; null: nobody is known.")
    arrival_s: float = Field(description="Until the officer is there, s.")
    way_m: float = Field(description="On the streets, about, m.")


class Assignments(Model):
    """Proposals, the most urgent first; each officer is in one at most."""

    items: list[Assignment]
