"""Models of files made by the page."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas import topics
from schemas.rest import Model

MOST_DEVICES = 500
Purpose = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description="Written into the file.")]


class ExportGiven(Model):
    """A file of tracks that the page will make."""

    form: Literal["gpx", "geojson", "csv"]
    devices: Annotated[list[Annotated[str, Field(pattern=f"^{topics.NAME.pattern}$")]], Field(max_length=MOST_DEVICES)]
    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    purpose: Purpose | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.start < self.end:
            raise ValueError("from must be before to")
        return self


class ExportMark(Model):
    """The mark that the file must contain."""

    mark: str = Field(description="For whom, when and why it was made.")
