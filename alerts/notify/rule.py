"""What is told to whom by which step, as data. Pure."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from alerts.life.model import KINDS, Level, Step
from alerts.rulebook.rule_fields import Field

KIND = "notification"
"""Kind of the rules that hold this."""

FOR_PEOPLE = frozenset(
    {Step.OPENED, Step.REOPENED, Step.RAISED, Step.WOKEN, Step.ESCALATED, Step.REFUSED, Step.EXPIRED}
)
"""Steps after which somebody must act. Systems are told of every step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRule:
    """Body of rules of the kind `notification`."""

    grace_s: Annotated[int, Meta(ge=0, le=3_600)] = 120
    """The officer an alert is about is told first; if it ends within this time nobody else hears of it."""


FIELDS: tuple[Field, ...] = (
    Field("grace_s", "先通知本人，多久后通知他人", "the officer is notified first, others after", "s", 0, 3_600,
          NotificationRule().grace_s),
)  # fmt: skip


def officer_first(kind: str, step: Step) -> bool:
    """Tell whether the device that an alert is about is told before anybody else."""
    known = KINDS.get(kind)
    return known is not None and known.personal and step in (Step.OPENED, Step.REOPENED)


def urgent(kind: str, level: Level, step: Step) -> bool:
    """Tell whether quiet hours, digests and limits are passed over: an SOS, or what a red alert escalates to."""
    known = KINDS.get(kind)
    return (known is not None and known.urgent) or (level is Level.RED and step is Step.ESCALATED)
