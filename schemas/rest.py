"""Models of the REST surface and of the JSON bodies in the live lane. Times are RFC 3339 UTC."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

AlertLevel = Literal["blue", "yellow", "orange", "red"]
AlertState = Literal["open", "resolved", "withdrawn", "closed"]
CellState = Literal["fresh", "due_soon", "will_breach", "overdue", "unknown"]
StayKind = Literal["visit", "short", "drive_through"]


class Model(BaseModel):
    """Base: unknown fields are an error, so that a renamed field is noticed."""

    model_config = ConfigDict(extra="forbid")


class Position(Model):
    """Newest known place of a device."""

    t: AwareDatetime
    lat: float = Field(description="Degrees north, WGS-84.")
    lon: float = Field(description="Degrees east, WGS-84.")
    acc: float | None = Field(description="m, 68 % radius; null unknown.")
    spd: float | None = Field(description="m/s; null unknown.")
    hdg: float | None = Field(description="Degrees clockwise from north; null unknown.")
    duty: Literal["duty", "task", "break", "off"]
    cell: str | None = Field(description="Code of the unit cell; null outside every cell.")


class Device(Model):
    """An enrolled device."""

    id: str = Field(description="Name, unique in the city: the device level of its topic.")
    slot: int = Field(description="Number of the device in position frames.")
    unit: str
    label: str | None
    datum: Literal["wgs84", "gcj02", "bd09", "cgcs2000"]
    online: bool | None = Field(description="By its status message; null: never said.")
    battery: float | None = Field(description="Per cent; null unknown.")
    enrolled_at: AwareDatetime
    last: Position | None = Field(description="Null: no fix yet.")


class CellCoverage(Model):
    """Coverage state of a unit cell at a moment."""

    cell: str
    state: CellState
    idle_s: float | None = Field(description="Duty seconds since the last valid visit ended; null: no visit known.")
    limit_s: float = Field(description="Limit that holds for the class of the cell now.")
    due: AwareDatetime | None = Field(description="When the limit is reached; null when it cannot be told.")
    last_visit: AwareDatetime | None = Field(description="End of the last valid visit; null: none known.")
    present: bool = Field(description="A valid visit is going on.")


class AreaCoverage(Model):
    """Coverage rolled up to a grid, street or district."""

    area: str
    level: Literal["grid", "street", "district"]
    name: str
    owner: str | None
    cells: int
    fresh: int
    due_soon: int
    will_breach: int
    overdue: int
    unknown: int
    covered: float | None = Field(
        description="Share of weight that is not overdue among known cells; null: none known."
    )


class Stay(Model):
    """Presence of a device in a cell."""

    id: int
    device: str
    cell: str
    t_in: AwareDatetime
    t_out: AwareDatetime
    dwell_s: float
    path_m: float
    fixes: int
    kind: StayKind
    open: bool
    known_from: AwareDatetime
    known_to: AwareDatetime | None
    reason: str | None


class Media(Model):
    """A photograph or recording of an event."""

    sha256: str
    mime: str
    bytes: int


class Event(Model):
    """Something an officer did or found."""

    id: str
    device: str
    t: AwareDatetime
    received: AwareDatetime
    lat: float
    lon: float
    acc: float | None
    type: str
    text: str | None
    subject: str | None
    media: list[Media]
    case: str | None
    cell: str | None


class AlertStep(Model):
    """One step in the life of an alert."""

    n: int
    at: AwareDatetime
    step: str
    level: AlertLevel
    actor: str
    facts: dict[str, Any]


class Alert(Model):
    """A fact that a person must see."""

    id: int
    key: str
    kind: str = Field(description="coverage_gap, ...")
    level: AlertLevel
    state: AlertState
    cell: str | None
    cell_name: str | None
    device: str | None
    opened_at: AwareDatetime
    updated_at: AwareDatetime
    ended_at: AwareDatetime | None
    facts: dict[str, Any] = Field(description="The numbers it was decided on.")
    text_zh: str = Field(description="Why, in one Chinese sentence with the numbers.")
    text_en: str = Field(description="Why, in one English sentence with the numbers.")
    steps: list[AlertStep] | None = Field(default=None, description="Given where one alert is asked for.")


class Page(Model):
    """Tail of every list: the cursor of the next page, null on the last."""

    next: str | None


class Refused(Model):
    """A refused message, kept for the operator."""

    id: int
    at: AwareDatetime
    reason: str
    topic: str
    detail: str
    payload: str | None = Field(
        description="Its first 1,024 bytes, base64; null where keeping them would keep personal data."
    )


class Problem(BaseModel):
    """RFC 9457 problem document."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None


def rfc3339(moment: datetime) -> str:
    """Spell an aware time in UTC with milliseconds and a Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
