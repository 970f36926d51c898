"""Refusals in the log: told soon, told seldom."""

import pytest
from structlog.testing import capture_logs

from ingest.run.path.refusal_log import MOST_KNOWN, MOST_LINES, RefusalLog
from schemas.refusals import Refusal
from tracking.records.refused import RefusalRecord


def refused(device: str, n: int = 1, reason: Refusal = Refusal.MALFORMED) -> RefusalRecord:
    """A refusal of a device."""
    return RefusalRecord(at=0, reason=reason, topic=f"patrol/v1/team/{device}/fix", detail="", payload=None, n=n)


def test_each_device_and_reason_is_told_once_a_minute_with_how_many_since() -> None:
    """The first at once; those within the minute with the next; another reason by itself."""
    told = RefusalLog()
    with capture_logs() as lines:
        told.tell([refused("cam-1"), refused("cam-1")], 1_000.0)
        told.tell([refused("cam-1", 5), refused("cam-1", 1, Refusal.OFF_DUTY)], 1_010.0)
        told.tell([refused("cam-1")], 1_061.0)
    assert [(line["device"], line["reason"], line["n"]) for line in lines] == [
        ("cam-1", "malformed", 2), ("cam-1", "off_duty", 1), ("cam-1", "malformed", 6),
    ]  # fmt: skip


def test_many_who_send_rubbish_do_not_fill_the_log() -> None:
    """So many lines a minute and no more; how many were left out is told afterwards; little is remembered."""
    told = RefusalLog()
    with capture_logs() as lines:
        for n in range(10 * MOST_LINES):
            told.tell([refused(f"cam-{n}")], 1_000.0 + n / 100)
        assert len(lines) == MOST_LINES
        told.tell([refused("late")], 1_070.0)
    assert lines[-2]["n"] == 9 * MOST_LINES
    assert lines[-1]["device"] == "late"
    for n in range(40):
        told.tell([refused(f"other-{n}-{k}") for k in range(MOST_LINES)], 2_000.0 + 61 * n)
    assert len(told._known) <= MOST_KNOWN


@pytest.mark.parametrize("topic", ["owntracks/team/phone", "patrol/v1/team/phone/status"])
def test_device_is_found_in_both_kinds_of_topic(topic: str) -> None:
    """OwnTracks' too; a topic of no device is told as it is, cut short."""
    with capture_logs() as lines:
        RefusalLog().tell(
            [RefusalRecord(at=0, reason=Refusal.MALFORMED, topic=topic, detail="", payload=None, n=1)], 100.0
        )
        RefusalLog().tell(
            [RefusalRecord(at=0, reason=Refusal.MALFORMED, topic="x/" * 99, detail="", payload=None, n=1)], 100.0
        )
    assert lines[0]["device"] == "phone"
    assert len(lines[1]["device"]) == 80
