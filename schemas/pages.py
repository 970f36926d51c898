"""REST models of lists and small answers."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from schemas.alerting import Alert, Channel, Delivery, DutyRoster, Task
from schemas.rest import AreaCoverage, CellCoverage, CellState, Device, Event, Model, Page, Refused, Stay


class Devices(Page):
    """A page of devices."""

    items: list[Device]


class Stays(Page):
    """A page of stays."""

    items: list[Stay]


class Events(Page):
    """A page of events."""

    items: list[Event]


class Alerts(Page):
    """A page of alerts."""

    items: list[Alert]


class Refusals(Page):
    """A page of refused messages."""

    items: list[Refused]


class CellsCoverage(Page):
    """Coverage by cell."""

    at: AwareDatetime
    items: list[CellCoverage]


class AreasCoverage(Page):
    """Coverage by area."""

    at: AwareDatetime
    items: list[AreaCoverage]


class Area(Model):
    """A district, street or responsibility grid."""

    code: str
    level: Literal["district", "street", "grid"]
    name: str
    parent: str | None
    owner: str | None
    cells: int = Field(description="Unit cells in it.")


class Areas(Page):
    """A page of areas."""

    items: list[Area]


class CellProperties(Model):
    """Properties of a cell's feature."""

    id: int
    code: str
    name: str | None
    grid: str
    street: str
    district: str | None
    cls: str = Field(alias="class", description="business, public, institution or residential.")
    weight: float
    synthetic: bool
    state: CellState
    due: int | None = Field(description="ms since 1970-01-01 UTC; null: unknown.")
    last_visit: int | None = Field(
        description="End of the last valid visit, ms since 1970-01-01 UTC; null: none known."
    )
    present: bool
    limit_s: float | None = Field(description="By the plan in force; null: no limit.")


class CellFeature(Model):
    """A cell as a GeoJSON feature."""

    type: Literal["Feature"]
    id: int
    geometry: dict[str, Any]
    properties: CellProperties


class CellCollection(Model):
    """The cells in force with their state."""

    type: Literal["FeatureCollection"]
    at: AwareDatetime
    city: str = Field(description="Version of the city in sight, as `city` of live messages.")
    features: list[CellFeature]


class Stats(Model):
    """Figures of the whole system."""

    at: AwareDatetime
    devices: int
    online: int = Field(description="Devices heard within the last 3 minutes.")
    fixes_last_hour: int = Field(description="Fixes of the last hour, by time of the fix.")
    visits_today: int = Field(description="Valid visits that began today, local time.")
    alerts: dict[str, int] = Field(description="Open alerts by level.")
    cells: dict[CellState, int] = Field(description="Cells by state.")
    refusals: dict[str, int] = Field(description="Refused input in total, by reason.")


class SignIn(Model):
    """Name and password."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


Words = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]


class AssignGiven(Model):
    """The officer to send."""

    device: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$", description="Device the officer carries.")


class SnoozeGiven(Model):
    """Duration and reason of a snooze."""

    minutes: int = Field(ge=1, le=1_440)
    reason: Words


class ReasonGiven(Model):
    """A reason."""

    reason: Words


class NoteGiven(Model):
    """A note."""

    text: Words


class Tasks(Page):
    """A page of tasks."""

    items: list[Task]


class Channels(Page):
    """All channels."""

    items: list[Channel]


class Deliveries(Page):
    """A page of the delivery log."""

    items: list[Delivery]


class SentTest(Model):
    """A sent test message, to be found in the delivery log."""

    delivery: int


class PushKey(Model):
    """Key needed by browsers to subscribe to push messages."""

    key: str = Field(description="Public key of this server, base64url.")


class PushKeys(Model):
    """Keys of a browser."""

    p256dh: str = Field(min_length=80, max_length=100, pattern=r"^[A-Za-z0-9_=-]+$")
    auth: str = Field(min_length=16, max_length=40, pattern=r"^[A-Za-z0-9_=-]+$")


class PushGiven(Model):
    """A subscribed browser, as in its PushSubscription."""

    endpoint: str = Field(max_length=1_000, pattern=r"^https://[^\x00\s]+$")
    keys: PushKeys
    name: str = Field(default="browser", min_length=1, max_length=80, pattern=r"^[^\x00]+$")


class DutyRosters(Page):
    """A page of duties."""

    items: list[DutyRoster]


class Session(Model):
    """The signed-in account."""

    name: str
    role: str
    kind: Literal["session", "token"]
    expires_at: AwareDatetime | None


class Check(Model):
    """A readiness check."""

    ok: bool
    detail: str


class Readiness(Model):
    """Readiness of the process."""

    ready: bool
    checks: dict[str, Check]
