"""What a device keeps until the database has it."""

import itertools
import json

from device_sim.fleet.unstored import AGAIN_S, Message, Unstored

CAMERA = "patrol/v1/team-1/cam-1"


def message(seq: int, *, boot: str | None = "b1", device: str = CAMERA) -> Message:
    """A message with fixes up to `seq`."""
    return Message(topic=f"{device}/fix", payload=b"%d" % seq, boot=boot, seq=seq)


def ack(seq: int, boot: str = "b1") -> bytes:
    """What the server says."""
    return json.dumps({"boot": boot, "seq": seq}).encode()


def test_messages_are_kept_until_they_are_named() -> None:
    """`ack` lets go of its device's and its boot's messages up to its number, and of nothing else."""
    kept = Unstored([CAMERA])
    for each in (message(0), message(5), message(9), message(3, boot="b0")):
        assert kept.keep(each, 0.0)
    assert [each.seq for each in kept.stored(f"{CAMERA}/ack", ack(5), 0.0)] == [0, 5]
    assert kept.stored("patrol/v1/team-1/cam-2/ack", ack(9), 0.0) == []
    assert [each.seq for each in kept.stored(f"{CAMERA}/ack", ack(8), 0.0)] == []
    assert len(kept) == 2


def test_rubbish_on_ack_lets_go_of_nothing() -> None:
    """Neither other texts nor other shapes."""
    kept = Unstored([CAMERA])
    kept.keep(message(1), 0.0)
    for payload in (b"", b"x", b"\xff", b"[]", b'{"boot": 1, "seq": 5}', b'{"boot": "b1"}'):
        assert kept.stored(f"{CAMERA}/ack", payload, 0.0) == []
    assert len(kept) == 1


def test_only_what_can_be_named_is_kept() -> None:
    """Events and statuses, and what other devices send, end with the broker's answer."""
    kept = Unstored([CAMERA])
    assert not kept.keep(message(1, boot=None), 0.0)
    assert not kept.keep(message(1, device="patrol/v1/team-1/cam-2"), 0.0)
    assert kept.filters == [f"{CAMERA}/ack"]


def test_what_nothing_is_said_of_is_sent_again_in_order() -> None:
    """All that is left of the device, once; what comes later waits its own time."""
    kept = Unstored([CAMERA])
    for n in range(4):
        kept.keep(message(n), float(n))
    assert kept.overdue(AGAIN_S - 0.1) == []
    assert [each.seq for each in kept.overdue(AGAIN_S)] == [0, 1, 2, 3]
    assert kept.overdue(AGAIN_S) == []
    assert len(kept) == 0


def test_a_server_that_is_behind_is_not_sent_everything_again_and_again() -> None:
    """As long as `ack` goes on nothing is repeated; without it each repetition waits twice as long, up to a bound."""
    kept, now = Unstored([CAMERA]), 0.0
    times: list[float] = []
    for n in range(10):
        kept.keep(message(n), now)
    for n in range(5):
        now += 0.9 * AGAIN_S
        kept.stored(f"{CAMERA}/ack", ack(n), now)
        assert kept.overdue(now) == []
    while len(times) < 8:
        now += 1.0
        if left := kept.overdue(now):
            times.append(now)
            assert [each.seq for each in left] == [5, 6, 7, 8, 9]
            for each in left:
                kept.keep(each, now)
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert waits == [60, 120, 240, 480, 600, 600, 600]
    kept.stored(f"{CAMERA}/ack", ack(7), now)
    assert kept.overdue(now + AGAIN_S - 1) == []
    assert [each.seq for each in kept.overdue(now + AGAIN_S)] == [8, 9]


def test_silence_of_one_device_says_nothing_of_another() -> None:
    """Devices that share a connection wait each for their own `ack`."""
    other = "patrol/v1/team-1/cam-2"
    kept = Unstored([CAMERA, other])
    kept.keep(message(1), 0.0)
    kept.keep(message(1, device=other), 0.0)
    kept.keep(message(2, device=other), 0.0)
    kept.stored(f"{other}/ack", ack(1), AGAIN_S - 1)
    assert [each.topic for each in kept.overdue(AGAIN_S)] == [f"{CAMERA}/fix"]
    assert [each.seq for each in kept.take()] == [2]


def test_progress_of_one_boot_says_nothing_of_another() -> None:
    """What a broker dropped of an old boot is sent again, though the new one is acknowledged all the time."""
    kept, now = Unstored([CAMERA]), 0.0
    kept.keep(message(4, boot="b0"), now)
    again: list[Message] = []
    for n in range(10):
        kept.keep(message(n), now)
        now += AGAIN_S / 5
        kept.stored(f"{CAMERA}/ack", ack(n), now)
        again += kept.overdue(now)
    assert [(each.boot, each.seq) for each in again] == [("b0", 4)]
