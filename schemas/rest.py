"""Models of the REST surface and of the JSON bodies in the event log. Times are RFC 3339 UTC."""

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
    """Newest known place of a device."""

    t: AwareDatetime
    lat: float = Field(description="Degrees north, WGS-84.")
    lon: float = Field(description="Degrees east, WGS-84.")
    acc: float | None = Field(description="m, 68 % radius; null unknown.")
    acc_estimated: float | None = Field(
        default=None,
        description="Where the device does not say it: m, estimated from its track. Null in lists.",
    )
    spd: float | None = Field(description="m/s; null unknown.")
    hdg: float | None = Field(description="Degrees clockwise from north; null unknown.")
    duty: Literal["duty", "task", "break", "off"]
    cell: str | None = Field(
        description="Code of the unit cell of the stay that it is part of; null: no stay is known."
    )
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
    online: bool | None = Field(description="By its status message; null: never said.")
    battery: float | None = Field(description="Per cent; null unknown.")
    enrolled_at: AwareDatetime
    revoked: bool = Field(description="Shut out: the broker refuses it, and nothing that comes in its name is taken.")
    last: Position | None = Field(description="Null: no fix yet.")


class RequiredVisits(Model):
    """Valid visits that a plan requires of a cell in the window that is going on."""

    required: int = Field(description="Visits that must begin in the window.")
    done: int
    window_from: AwareDatetime
    window_to: AwareDatetime = Field(description="Not included.")
    begin_by: AwareDatetime | None = Field(
        description="Latest time at which the next must begin, so that one officer can make all; null: all are made."
    )


class CellCoverage(Model):
    """Coverage state of a unit cell at a moment."""

    cell: str
    state: CellState
    idle_s: float | None = Field(description="Duty seconds since the last valid visit ended; null: no visit known.")
    limit_s: float | None = Field(description="Limit that the plan in force says for now; null: none.")
    due: AwareDatetime | None = Field(
        description="When the limit is reached or a required visit must be valid; null: neither, or it cannot be told."
    )
    last_visit: AwareDatetime | None = Field(description="End of the last valid visit; null: none known.")
    present: bool = Field(description="A valid visit is going on.")
    unknown: UnknownWhy | None = Field(
        description="Why the state is unknown. unheard: nothing was ever heard from the city; between: an officer was "
        "on the boundary, and may have made a valid visit here or been in another cell (who and when: "
        "`GET /api/v1/visits?kind=between`); hidden: a silence or a sighting may hide a visit. Null: it is known."
    )
    visits: RequiredVisits | None = Field(description="Null: the plan requires none now.")
    drive_throughs: int = Field(description="Since the last valid visit, in the last 24 hours; they reset no wait.")


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
    known: float = Field(description="Share of cells whose state is known: how far `covered` can be trusted.")
    drive_throughs: int = Field(description="Of its cells, since the last valid visit of each, in the last 24 hours.")


class Reason(Model):
    """Why a version of what was known ended, or came otherwise than in order."""

    kind: Literal["late", "event", "restart", "failure", "rebuild", "doubt", "rules"]
    device: str | None = Field(default=None, description="Whose data it was.")
    received: AwareDatetime | None = Field(default=None, description="When the last of the data came in.")


class Stay(Model):
    """Presence of a device in a cell."""

    id: int
    device: str | None = Field(description="Null: of a part of the city that is not in sight.")
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
    other: str | None = Field(description="Of time between cells: the other cell; null: outside every cell.")
    known_from: AwareDatetime
    known_to: AwareDatetime | None
    reason: Reason | None = Field(description="Why this version no longer holds.")
    cause: Reason | None = Field(description="Why it became known otherwise than in order; null: as it happened.")


class Media(Model):
    """A photograph or recording of an event."""

    sha256: str
    mime: str
    bytes: int


class Event(Model):
    """Something an officer did or found."""

    id: str
    device: str | None = Field(description="Null: of a part of the city that is not in sight.")
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
    """Format an aware time in UTC with milliseconds and a Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
