"""Models of REST about alerts: their steps, tasks, who answers for them, and over which channels people are told."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from schemas.rest import Model

AlertLevel = Literal["blue", "yellow", "orange", "red"]
AlertState = Literal["open", "acknowledged", "assigned", "snoozed", "escalated", "resolved", "withdrawn", "closed"]
TaskState = Literal["given", "accepted", "arrived", "done", "refused", "expired", "cancelled"]
ChannelKind = Literal["webhook", "apprise", "webpush"]
DeliveryState = Literal["waiting", "sending", "sent", "failed", "unsure", "needless", "dropped"]
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class AlertStep(Model):
    """One step in the life of an alert."""

    n: int
    at: AwareDatetime
    step: str
    state: AlertState | None = Field(description="After the step; null: from before states were kept.")
    level: AlertLevel
    actor: str = Field(description="system, an account, or a device that answered.")
    facts: dict[str, Any] = Field(description="Why, to whom, until when, as the step needs.")
    text_zh: str
    text_en: str


class Alert(Model):
    """A fact that a person must see."""

    id: int
    key: str
    kind: str = Field(description="coverage_gap, ...")
    level: AlertLevel
    state: AlertState
    version: int = Field(description="Number of its newest step; If-Match takes it.")
    cell: str | None
    cell_name: str | None
    device: str | None = Field(description="Device it is about.")
    officer: str | None = Field(description="Badge of the officer it is about.")
    area: str | None = Field(description="Street it belongs to; null: the whole city's.")
    priority: float = Field(description="Expected cost; the larger comes first within a level.")
    actor: str = Field(description="Who took its newest step.")
    assignee: str | None = Field(description="Device that was sent.")
    task: TaskState | None = Field(description="How far the device that was sent has come.")
    escalation: int = Field(description="How often it went on to a next person.")
    escalates_at: AwareDatetime | None = Field(description="When it goes on by itself; null: it does not.")
    snoozed_until: AwareDatetime | None
    opened_at: AwareDatetime
    updated_at: AwareDatetime
    ended_at: AwareDatetime | None
    facts: dict[str, Any] = Field(description="The numbers it was decided on.")
    text_zh: str = Field(description="Why, in one Chinese sentence with the numbers.")
    text_en: str = Field(description="Why, in one English sentence with the numbers.")
    steps: list[AlertStep] | None = Field(default=None, description="Given where one alert is asked for.")


class Task(Model):
    """An officer sent to an alert."""

    id: str
    alert: int
    device: str
    officer: str | None = Field(description="Badge of who carried the device.")
    cell: str | None
    state: TaskState
    sent: bool = Field(description="The broker has the order.")
    made_at: AwareDatetime
    made_by: str
    updated_at: AwareDatetime
    deadline: AwareDatetime | None = Field(description="For the next answer; null: it ended.")
    reason: str | None = Field(description="What the officer wrote, or why it ended.")


class DutyRosterGiven(Model):
    """Who answers for a part of the city, as a person gives it."""

    account: str = Field(min_length=1, max_length=64)
    area: str | None = Field(default=None, max_length=32, description="District or street; null: the whole city.")
    level: int = Field(ge=1, le=9, description="1 is told first, 2 when an alert was escalated once, ...")
    starts: AwareDatetime
    ends: AwareDatetime


class DutyRoster(DutyRosterGiven):
    """Who answers for a part of the city, from when to when."""

    id: int
    made_by: str


class ChannelSettings(Model):
    """When a channel is told of what."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00]+$")
    area: str | None = Field(
        default=None, max_length=32, pattern=r"^[0-9A-Za-z._-]+$", description="District or street; null: wherever."
    )
    level: AlertLevel = Field(default="orange", description="The least urgent that is told.")
    quiet: Annotated[list[ClockTime], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="Local times between which only urgent things are told, such as 22:00 and 06:00."
    )
    digest_min: int = Field(default=0, ge=0, le=1_440, description="What comes within so many minutes is one message.")
    per_hour: int = Field(default=20, ge=1, le=1_000, description="Messages an hour to the same person.")
    enabled: bool = True


class ChannelGiven(ChannelSettings):
    """A channel as a person gives it; address and secret are never shown again."""

    kind: ChannelKind
    url: str | None = Field(
        default=None, max_length=2_000, pattern=r"^[^\x00\s]+$", description="Of a webhook, or for apprise."
    )
    account: str | None = Field(
        default=None, min_length=1, max_length=64, pattern=r"^[^\x00]+$", description="Whose; null: the caller's."
    )
    system: bool = Field(default=False, description="A system's: told of every step, and nobody's own.")


class Channel(ChannelSettings):
    """Where a person or a system is told."""

    id: int
    account: str | None = Field(description="Whose; null: a system's.")
    kind: ChannelKind
    fault: str | None = Field(description="Why it was switched off by itself.")
    made_at: AwareDatetime
    made_by: str


class ChannelMade(Channel):
    """A channel just made."""

    secret: str | None = Field(description="What webhooks are signed with, shown only now; null for other kinds.")


class Delivery(Model):
    """What was told over a channel, or not."""

    id: int
    channel: int
    channel_name: str
    kind: ChannelKind
    account: str | None
    alert: int | None = Field(description="Null: a test.")
    step: int | None
    reason: str = Field(description="The step, or test.")
    state: DeliveryState
    message: str | None = Field(description="Id of the message; several deliveries share one in a digest.")
    urgent: bool
    made_at: AwareDatetime
    due_at: AwareDatetime
    tries: int
    ended_at: AwareDatetime | None
    detail: str | None = Field(description="Why not, or why not yet.")
