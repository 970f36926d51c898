"""Models of the REST API and of JSON bodies in the event log. Times are RFC 3339 UTC."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

CellState = Literal["fresh", "due_soon", "will_breach", "overdue", "unknown"]
UnknownWhy = Literal["unheard", "between", "hidden"]
StayKind = Literal["visit", "short", "drive_through", "between"]


class Model(BaseModel):
    """Base: unknown fields are an error, so that a renamed field is noticed."""

    model_config = ConfigDict(extra="forbid")


class Position(Model):
    """Newest known position of a device."""

    t: AwareDatetime
    lat: float = Field(description="Degrees north, WGS-84.")
    lon: float = Field(description="Degrees east, WGS-84.")
    acc: float | None = Field(description="m, 68 % radius; null unknown.")
    acc_estimated: float | None = Field(
        default=None,
        description="Estimated from the track, m, if the device does not report it. Null in lists.",
    )
    spd: float | None = Field(description="m/s; null unknown.")
    hdg: float | None = Field(description="Degrees clockwise from north; null unknown.")
    duty: Literal["duty", "task", "break", "off"]
    cell: str | None = Field(description="Code of the unit cell of its stay; null: no known stay.")
    between: tuple[str, str | None] | None = Field(
        default=None,
        description="Codes of two cells of which nobody can say in which the device is; of one and null at the edge of "
        "the cells. `cell` is null then.",
    )


class Device(Model):
    """An enrolled device."""

    id: str = Field(description="Name, unique in the city: the device level of its topic.")
    slot: int = Field(description="Number of the device in position frames.")
    unit: str
    label: str | None
    datum: Literal["wgs84", "gcj02", "bd09", "cgcs2000"]
    online: bool | None = Field(description="By its status message; null: never reported.")
    battery: float | None = Field(description="Per cent; null unknown.")
    enrolled_at: AwareDatetime
    revoked: bool = Field(description="Revoked: the broker refuses it, and its messages are refused.")
    last: Position | None = Field(description="Null: no fix yet.")


class RequiredVisits(Model):
    """Required valid visits of a cell in the present window."""

    required: int = Field(description="Visits that must begin in the window.")
    done: int
    window_from: AwareDatetime
    window_to: AwareDatetime = Field(description="Not included.")
    begin_by: AwareDatetime | None = Field(
        description="Latest start of the next visit, so that one officer can make all; null: all are made."
    )


class CellCoverage(Model):
    """Coverage state of a unit cell at a moment."""

    cell: str
    state: CellState
    idle_s: float | None = Field(description="Duty seconds since the end of the last valid visit; null: none known.")
    limit_s: float | None = Field(description="Present limit by the plan in force; null: none.")
    due: AwareDatetime | None = Field(description="Due time by the limit or a required visit; null: none or unknown.")
    last_visit: AwareDatetime | None = Field(description="End of the last valid visit; null: none known.")
    present: bool = Field(description="A valid visit is in progress.")
    unknown: UnknownWhy | None = Field(
        description="Why the state is unknown. unheard: nothing was ever heard from the city; between: an officer was "
        "on the boundary, and may have made a valid visit here or been in another cell (who and when: "
        "`GET /api/v1/visits?kind=between`); hidden: a silence or a sighting may hide a visit. Null: it is known."
    )
    visits: RequiredVisits | None = Field(description="Null: none required now.")
    drive_throughs: int = Field(
        description="Since the last valid visit, in the last 24 hours; they do not reset the wait."
    )


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
    known: float = Field(description="Share of cells with a known state: reliability of `covered`.")
    drive_throughs: int = Field(description="In its cells, since the last valid visit of each, in the last 24 hours.")


class Reason(Model):
    """Why a version ended, or was created out of order."""

    kind: Literal["late", "event", "restart", "failure", "rebuild", "doubt", "rules"]
    device: str | None = Field(default=None, description="Device of the data.")
    received: AwareDatetime | None = Field(default=None, description="Receipt of the last of the data.")


class Stay(Model):
    """A stay of a device in a cell."""

    id: int
    device: str | None = Field(description="Null: in a part of the city that is not in sight.")
    cell: str
    t_in: AwareDatetime
    t_out: AwareDatetime
    dwell_s: float
    path_m: float
    fixes: int
    kind: StayKind = Field(
        description="between: no stay, but time in which no fix said surely in which cell the device was; it may have "
        "made a valid visit in `cell`, or have been in `other`."
    )
    open: bool
    other: str | None = Field(description="For time between cells: the other cell; null: outside all cells.")
    known_from: AwareDatetime
    known_to: AwareDatetime | None
    reason: Reason | None = Field(description="Why this version is no longer valid.")
    cause: Reason | None = Field(description="Why it became known out of order; null: in order.")


class Media(Model):
    """A photograph or recording of an event."""

    sha256: str
    mime: str
    bytes: int


class Event(Model):
    """Something an officer did or found."""

    id: str
    device: str | None = Field(description="Null: in a part of the city that is not in sight.")
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


class Page(Model):
    """End of every list: the cursor of the next page, null on the last."""

    next: str | None


class Refused(Model):
    """A refused message, kept for operators."""

    id: int
    at: AwareDatetime
    reason: str
    topic: str
    detail: str
    payload: str | None = Field(description="Its first 1,024 bytes, base64; null if they would be personal data.")


class Problem(BaseModel):
    """RFC 9457 problem document."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None


def rfc3339(moment: datetime) -> str:
    """Format an aware time in UTC with milliseconds and a Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
