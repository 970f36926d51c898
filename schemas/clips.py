"""Models of area searches and replay clips."""

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
    """A presence without an absence of a minute."""

    t_in: AwareDatetime
    t_out: AwareDatetime
    fixes: int = Field(description="Fixes inside; 0: crossed on the straight line between two fixes outside.")


class Presence(Model):
    """A device that was in the area."""

    device: str
    label: str | None
    unit: str
    officer: str | None = Field(description="Name of the carrier at that time; null: unknown.")
    badge: str | None
    seconds: float = Field(description="Total time inside.")
    fixes: int
    intervals: list[Interval]


class Presences(Model):
    """Devices in the area, in order of their first arrival."""

    items: list[Presence]


class Assignment(Model):
    """A proposed officer for an alert."""

    alert: int
    cell: str
    device: str
    officer: str | None = Field(description="Badge of the carrier; null: unknown.")
    arrival_s: float = Field(description="Time until the arrival, s.")
    way_m: float = Field(description="Along the streets, approximate, m.")


class Assignments(Model):
    """Proposals, the most urgent first; each officer is proposed at most once."""

    items: list[Assignment]
