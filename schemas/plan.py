"""Body of a patrol plan: requirements of a part of the city. Missing fields follow wider scopes."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.rest import Model

MOST_ENTRIES = 40
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "holiday"]


def _time(text: str) -> str:
    if _TIME.fullmatch(text) is None:
        raise ValueError("not a local time from 00:00 to 24:00, such as 07:30")
    return text


def _span(span: tuple[str, str]) -> tuple[str, str]:
    if span[0] == span[1] or span[0] == "24:00":
        raise ValueError("a span ends at another time than it begins, and does not begin at 24:00")
    return span


Time = Annotated[str, AfterValidator(_time), Field(description="Local time, HH:MM, up to 24:00.")]
Span = Annotated[
    tuple[Time, Time],
    AfterValidator(_span),
    Field(description="From, to; an end not after the start is on the next day."),
]
Days = Annotated[list[Day], Field(max_length=9, description="Days of the entry; empty: every day.")]
Spans = Annotated[list[Span], Field(max_length=MOST_ENTRIES)]
Seconds = Annotated[int, Field(ge=60, le=30 * 86_400)]


class When(Model):
    """Days and hours of an entry of a rule."""

    days: Days = Field(default=[])
    hours: Spans = Field(min_length=1)


class DutyHours(Model):
    """Duty hours on some days; for each day the last matching entry applies alone."""

    days: Days = Field(default=[])
    hours: Spans = Field(description="Empty: no duty on these days.")


class LimitHours(Model):
    """Another limit for some hours of some days; later entries take precedence."""

    days: Days = Field(default=[])
    hours: Spans = Field(min_length=1)
    limit_s: Seconds | None = Field(description="Longest wait between valid visits, duty seconds; null: no limit.")


class VisitHours(Model):
    """Required valid visits in each of some windows."""

    days: Days = Field(default=[])
    hours: Spans = Field(min_length=1, description="Each span is a separate window.")
    n: Annotated[int, Field(ge=1, le=48)] = Field(description="Valid visits that must begin in each window.")


class PlanBody(Model):
    """A patrol plan. A missing field follows the next wider scope that has it."""

    limit_s: Seconds | None = Field(
        default=None, description="Longest wait between valid visits, duty seconds; null: none."
    )
    limits: list[LimitHours] = Field(default=[], max_length=MOST_ENTRIES)
    visits: list[VisitHours] = Field(default=[], max_length=MOST_ENTRIES)
    dwell_s: int = Field(default=180, ge=1, le=86_400, description="Minimum dwell of a valid visit.")
    path_m: float = Field(default=150, ge=0, le=100_000, description="Minimum path of a valid visit.")
    path_road_share: float | None = Field(
        default=0.25, ge=0, le=1, description="Share of the cell's road length that is enough path; null: not used."
    )
    weight: float | None = Field(default=None, gt=0, le=1_000, description="Replaces the weight in the grid file.")
    duty: list[DutyHours] = Field(
        default=[DutyHours(hours=[("00:00", "24:00")])], min_length=1, max_length=MOST_ENTRIES,
        description="Hours in which waits are counted; for the whole city only.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("a plan says at least one thing; to end the plan of a scope send null")
        return self
