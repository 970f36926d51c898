"""What a device keeps until the database has it."""

import json

from device_sim.fleet.unstored import Letter, Unstored

CAMERA = "patrol/v1/team-1/cam-1"


def letter(seq: int, *, boot: str | None = "b1", device: str = CAMERA) -> Letter:
    """A letter with fixes up to `seq`."""
    return Letter(topic=f"{device}/fix", payload=b"%d" % seq, boot=boot, seq=seq)


def ack(seq: int, boot: str = "b1") -> bytes:
    """What the server says."""
    return json.dumps({"boot": boot, "seq": seq}).encode()


def test_letters_are_kept_until_they_are_named() -> None:
    """`ack` lets go of its device's and its boot's letters up to its number, and of nothing else."""
    kept = Unstored([CAMERA])
    for each in (letter(0), letter(5), letter(9), letter(3, boot="b0")):
        assert kept.keep(each, 0.0)
    assert [each.seq for each in kept.stored(f"{CAMERA}/ack", ack(5))] == [0, 5]
    assert kept.stored("patrol/v1/team-1/cam-2/ack", ack(9)) == []
    assert [each.seq for each in kept.stored(f"{CAMERA}/ack", ack(8))] == []
    assert len(kept) == 2


def test_rubbish_on_ack_lets_go_of_nothing() -> None:
    """Neither other texts nor other shapes."""
    kept = Unstored([CAMERA])
    kept.keep(letter(1), 0.0)
    for payload in (b"", b"x", b"\xff", b"[]", b'{"boot": 1, "seq": 5}', b'{"boot": "b1"}'):
        assert kept.stored(f"{CAMERA}/ack", payload) == []
    assert len(kept) == 1


def test_only_what_can_be_named_is_kept() -> None:
    """Events and statuses, and what other devices send, end with the broker's answer."""
    kept = Unstored([CAMERA])
    assert not kept.keep(letter(1, boot=None), 0.0)
    assert not kept.keep(letter(1, device="patrol/v1/team-1/cam-2"), 0.0)
    assert kept.filters == [f"{CAMERA}/ack"]


def test_what_nothing_is_said_of_is_sent_again_in_order() -> None:
    """Old letters are handed out once; younger ones stay."""
    kept = Unstored([CAMERA])
    for n in range(4):
        kept.keep(letter(n), float(n))
    assert [each.seq for each in kept.take(2.0)] == [0, 1]
    assert [each.seq for each in kept.take(2.0)] == []
    assert len(kept) == 2
