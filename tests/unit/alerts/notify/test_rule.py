"""What is told to whom by which step."""

import pytest

from alerts.life.model import KINDS, Level, Step
from alerts.notify import rule


def test_the_officer_hears_first_of_what_is_about_the_officer() -> None:
    """Of personal kinds, and when they open; kinds that nobody knows are nobody's."""
    personal = {kind for kind in KINDS if rule.officer_first(kind, Step.OPENED)}
    assert personal == {kind for kind, known in KINDS.items() if known.personal}
    assert 0 < len(personal) < len(KINDS)
    one = min(personal)
    assert [step for step in Step if rule.officer_first(one, step)] == [Step.OPENED, Step.REOPENED]
    assert not rule.officer_first("unknown", Step.OPENED)


@pytest.mark.parametrize(
    ("kind", "level", "step", "wanted"),
    [
        ("sos", Level.YELLOW, Step.OPENED, True),
        ("unknown", Level.RED, Step.ESCALATED, True),
        ("unknown", Level.RED, Step.OPENED, False),
        ("unknown", Level.ORANGE, Step.ESCALATED, False),
    ],
)
def test_quiet_hours_are_passed_over_for_calls_and_for_red_alerts_that_go_on(
    kind: str, level: Level, step: Step, *, wanted: bool
) -> None:
    """Everything else waits for the morning."""
    assert rule.urgent(kind, level, step) is wanted
