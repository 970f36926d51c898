"""What of a channel's queue goes now: urgent first, quiet hours and limits held, nothing of unknown end twice."""

from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from alerts.notify import plan
from alerts.notify.plan import ChannelTerms, Delivery
from runtime import times

ZONE = ZoneInfo("Asia/Shanghai")
CHANNEL = ChannelTerms(id=1, repeatable=True, quiet=None, per_hour=3)
NIGHT = (time(22), time(6))


def _at(hour: int, minute: int = 0) -> int:
    """A local time as ms."""
    return times.millis(datetime(2026, 2, 2, hour, minute, tzinfo=ZONE).astimezone(UTC))


NOW = _at(12)


def _row(
    number: int, *, urgent: bool = False, needed: bool = True, sending: bool = False, message: str = ""
) -> Delivery:
    return Delivery(id=number, key=f"k{number}", urgent=urgent, needed=needed, sending=sending, message=message or None)


def test_what_is_due_goes_as_one_message_named_after_the_first() -> None:
    """Several are a digest; what nobody needs any more is not sent."""
    made = plan.plan(CHANNEL, [_row(1), _row(2, needed=False), _row(3)], [], NOW, ZONE)
    assert (made.send, made.message, made.needless) == ([1, 3], "k1", [2])
    assert plan.plan(CHANNEL, [], [], NOW, ZONE).send == []


@pytest.mark.parametrize(
    ("clock", "until"), [((21, 59), None), ((22, 0), (3, 6)), ((2, 30), (2, 6)), ((6, 0), None), ((12, 0), None)]
)
def test_quiet_hours_go_over_midnight(clock: tuple[int, int], until: tuple[int, int] | None) -> None:
    """From 22:00 to 06:00 nothing but the urgent; the end is told as the moment of the next look."""
    found = plan.quiet_until(NIGHT, _at(*clock), ZONE)
    expected = None if until is None else times.millis(datetime(2026, 2, until[0], until[1], tzinfo=ZONE))
    assert found == expected


def test_quiet_hours_hold_everything_but_the_urgent() -> None:
    """An SOS goes at once and alone; the others come in the morning."""
    night = replace(CHANNEL, quiet=NIGHT)
    made = plan.plan(night, [_row(1), _row(2, urgent=True)], [], _at(23), ZONE)
    assert (made.send, made.message, made.later) == ([2], "k2", [])
    made = plan.plan(night, [_row(1)], [], _at(23), ZONE)
    assert (made.send, made.later, made.due, made.why) == ([], [1], _at(6) + 24 * plan.HOUR, "quiet hours")


def test_a_person_gets_no_more_than_the_limit_an_hour() -> None:
    """The fourth waits until the first of three is an hour old; what is urgent does not."""
    sent = [NOW - 50 * 60_000, NOW - 40 * 60_000, NOW - 60_000]
    made = plan.plan(CHANNEL, [_row(1)], sent, NOW, ZONE)
    assert (made.send, made.later, made.due) == ([], [1], NOW + 10 * 60_000)
    assert plan.plan(CHANNEL, [_row(1)], sent[1:], NOW, ZONE).send == [1]
    assert plan.plan(CHANNEL, [_row(1, urgent=True)], sent, NOW, ZONE).send == [1]


def test_a_message_of_unknown_end_is_repeated_as_it_was_or_never() -> None:
    """Under the same id with the same content where the receiver can tell; else it is marked, and the rest goes on."""
    rows = [_row(1, sending=True, message="k1"), _row(2, sending=True, message="k1"), _row(3)]
    made = plan.plan(CHANNEL, rows, [], NOW, ZONE)
    assert (made.send, made.message, made.unsure) == ([1, 2], "k1", [])
    made = plan.plan(replace(CHANNEL, repeatable=False), rows, [], NOW, ZONE)
    assert (made.send, made.message, made.unsure) == ([3], "k3", [1, 2])


def test_a_message_that_was_refused_is_tried_again_under_its_id() -> None:
    """With waits that grow up to an hour, and then it has failed."""
    made = plan.plan(replace(CHANNEL, repeatable=False), [_row(1, message="k0"), _row(2)], [], NOW, ZONE)
    assert (made.send, made.message) == ([1], "k0")
    assert plan.next_try(1, NOW) == NOW + 5_000
    assert plan.next_try(7, NOW) == NOW + plan.HOUR
    assert plan.next_try(8, NOW) is None


def test_a_digest_ends_with_its_window() -> None:
    """What comes within a quarter of an hour is told at its end; without a window at once."""
    assert plan.digest_due(_at(12, 1), 15) == plan.digest_due(_at(12, 14), 15) == _at(12, 15)
    assert plan.digest_due(_at(12, 1), 0) == _at(12, 1)
