"""Which steps are notified, and to whom first. Pure."""

from alerts.life.model import KINDS, Level, Step
from alerts.rulebook.rule_values import RuleValues, Whole, value

KIND = "notification"
"""Kind of these rules."""

FOR_PEOPLE = frozenset(
    {Step.OPENED, Step.REOPENED, Step.RAISED, Step.WOKEN, Step.ESCALATED, Step.REFUSED, Step.EXPIRED}
)
"""Steps after which somebody must act. Systems receive every step."""


class NotificationRule(RuleValues):
    """Values of rules of the kind `notification`."""

    grace_s: Whole = value(
        120, "先通知本人，多久后通知他人", "the officer is notified first, others after", "s", least=0, most=3_600
    )
    """The officer is notified first; if the alert ends within this time, nobody else is."""


def officer_first(kind: str, step: Step) -> bool:
    """Whether the device of an alert is notified before anybody else."""
    known = KINDS.get(kind)
    return known is not None and known.personal and step in (Step.OPENED, Step.REOPENED)


def urgent(kind: str, level: Level, step: Step) -> bool:
    """Whether quiet hours, digests and limits are ignored: for an SOS, or an escalating red alert."""
    known = KINDS.get(kind)
    return (known is not None and known.urgent) or (level is Level.RED and step is Step.ESCALATED)
