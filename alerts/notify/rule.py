"""What is told to whom by which step, as data. Pure."""

from alerts.life.model import KINDS, Level, Step
from alerts.rulebook.rule_values import RuleValues, Whole, value

KIND = "notification"
"""Kind of the rules that hold this."""

FOR_PEOPLE = frozenset(
    {Step.OPENED, Step.REOPENED, Step.RAISED, Step.WOKEN, Step.ESCALATED, Step.REFUSED, Step.EXPIRED}
)
"""Steps after which somebody must act. Systems are told of every step."""


class NotificationRule(RuleValues):
    """Values of rules of the kind `notification`."""

    grace_s: Whole = value(
        120, "先通知本人，多久后通知他人", "the officer is notified first, others after", "s", least=0, most=3_600
    )
    """The officer an alert is about is told first; if it ends within this time nobody else hears of it."""


def officer_first(kind: str, step: Step) -> bool:
    """Tell whether the device that an alert is about is told before anybody else."""
    known = KINDS.get(kind)
    return known is not None and known.personal and step in (Step.OPENED, Step.REOPENED)


def urgent(kind: str, level: Level, step: Step) -> bool:
    """Tell whether quiet hours, digests and limits are passed over: an SOS, or what a red alert escalates to."""
    known = KINDS.get(kind)
    return (known is not None and known.urgent) or (level is Level.RED and step is Step.ESCALATED)
