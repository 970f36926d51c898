"""REST models of alerts: steps, tasks, duty rosters and channels."""

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
    """One step of an alert."""

    n: int
    at: AwareDatetime
    step: str
    state: AlertState | None = Field(description="State after the step; null: not recorded.")
    level: AlertLevel
    actor: str = Field(description="system, an account, or the answering device.")
    facts: dict[str, Any] = Field(description="Reason, recipient, end and so on, by step.")
    text_zh: str
    text_en: str


class Alert(Model):
    """An alert."""

    id: int
    key: str
    kind: str = Field(description="coverage_gap, ...")
    level: AlertLevel
    state: AlertState
    version: int = Field(description="Number of its newest step, for If-Match.")
    cell: str | None
    cell_name: str | None
    device: str | None = Field(description="Its device.")
    officer: str | None = Field(description="Badge of its officer.")
    area: str | None = Field(description="Street; null: whole city.")
    priority: float = Field(description="Expected cost; larger first within a level.")
    actor: str = Field(description="Actor of its newest step.")
    assignee: str | None = Field(description="Device of the officer sent.")
    task: TaskState | None = Field(description="State of the task.")
    escalation: int = Field(description="Number of escalations.")
    escalates_at: AwareDatetime | None = Field(description="Time of the next automatic escalation; null: none.")
    snoozed_until: AwareDatetime | None
    opened_at: AwareDatetime
    updated_at: AwareDatetime
    ended_at: AwareDatetime | None
    facts: dict[str, Any] = Field(description="Data on which it was decided.")
    text_zh: str = Field(description="Reason, as a Chinese sentence.")
    text_en: str = Field(description="Reason, as an English sentence.")
    steps: list[AlertStep] | None = Field(default=None, description="Only for a single alert.")


class Task(Model):
    """An officer sent to an alert."""

    id: str
    alert: int
    device: str
    officer: str | None = Field(description="Badge of the carrier.")
    cell: str | None
    state: TaskState
    sent: bool = Field(description="The broker has the order.")
    made_at: AwareDatetime
    made_by: str
    updated_at: AwareDatetime
    deadline: AwareDatetime | None = Field(description="Deadline of the next answer; null: ended.")
    reason: str | None = Field(description="Text of the officer, or the reason of its end.")


class DutyRosterGiven(Model):
    """A duty to add: an account responsible for a part of the city."""

    account: str = Field(min_length=1, max_length=64)
    area: str | None = Field(default=None, max_length=32, description="District or street; null: the whole city.")
    level: int = Field(ge=1, le=9, description="1 is notified first, 2 after the first escalation, ...")
    starts: AwareDatetime
    ends: AwareDatetime


class DutyRoster(DutyRosterGiven):
    """A duty: an account responsible for a part of the city in a period."""

    id: int
    made_by: str


class ChannelSettings(Model):
    """When a channel is notified of which alerts."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00]+$")
    area: str | None = Field(
        default=None, max_length=32, pattern=r"^[0-9A-Za-z._-]+$", description="District or street; null: everywhere."
    )
    level: AlertLevel = Field(default="orange", description="Minimum level.")
    quiet: Annotated[list[ClockTime], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="Local times between which only urgent messages are sent, such as 22:00 and 06:00."
    )
    digest_min: int = Field(default=0, ge=0, le=1_440, description="Minutes whose notifications form one message.")
    per_hour: int = Field(default=20, ge=1, le=1_000, description="Most messages per hour to the same person.")
    enabled: bool = True


class ChannelGiven(ChannelSettings):
    """A channel to add; address and secret are never shown again."""

    kind: ChannelKind
    url: str | None = Field(
        default=None, max_length=2_000, pattern=r"^[^\x00\s]+$", description="Address of a webhook, or for Apprise."
    )
    account: str | None = Field(
        default=None, min_length=1, max_length=64, pattern=r"^[^\x00]+$", description="Owner; null: the caller."
    )
    system: bool = Field(default=False, description="System channel: receives every step and has no owner.")


class Channel(ChannelSettings):
    """A channel to a person or a system."""

    id: int
    account: str | None = Field(description="Owner; null: a system channel.")
    kind: ChannelKind
    fault: str | None = Field(description="Reason of automatic disabling.")
    made_at: AwareDatetime
    made_by: str


class ChannelMade(Channel):
    """A new channel."""

    secret: str | None = Field(description="Secret that signs webhooks, shown only now; null for other kinds.")


class Delivery(Model):
    """A delivery over a channel."""

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
    detail: str | None = Field(description="Reason of a failure or delay.")
