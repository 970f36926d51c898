"""The intake is bounded: it says when it is full and when there is room, and forgets what comes again."""

import asyncio

from ingest.decoding.message import DeviceMessage
from ingest.run.path.intake import Intake


def message(size: int = 10, *, connection: int = 1, qos: int = 1) -> DeviceMessage:
    """A message of `size` bytes."""
    return DeviceMessage("a", b"x" * size, False, 0, connection, b"\x00\x07" if qos else b"")


def watched(*, max_messages: int = 100, max_bytes: int = 10_000) -> tuple[Intake, list[str]]:
    """An intake, and what it called."""
    calls: list[str] = []
    made = Intake(lambda: calls.append("full"), lambda: calls.append("room"), max_messages, max_bytes)
    return made, calls


async def test_intake_is_full_at_its_bound_and_has_room_at_half() -> None:
    """Reading stops once at the bound and goes on once half has drained."""
    intake, calls = watched(max_messages=4)
    for _ in range(6):
        intake.put([message()])
    assert calls == ["full"]
    assert len(intake.take(4, 1_000)) == 4
    assert calls == ["full", "room"]


async def test_intake_counts_bytes() -> None:
    """Few large messages fill it too."""
    intake, calls = watched(max_bytes=100)
    intake.put([message(101)])
    assert (calls, intake.bytes) == (["full"], 101)
    intake.take(1, 1)
    assert (calls, intake.bytes) == (["full", "room"], 0)


async def test_intake_forgets_what_the_broker_repeats() -> None:
    """Messages of a lost connection go, except those of QoS 0, which nobody repeats."""
    intake, calls = watched(max_messages=3)
    kept = [message(connection=2), message(qos=0)]
    intake.put([message(), *kept])
    assert intake.forget(1) == 1
    assert calls == ["full"]
    assert intake.take(3, 1_000) == kept
    assert intake.forget(1) == 0


async def test_no_more_is_taken_than_asked_for() -> None:
    """By number, and after so many bytes; what was taken is the oldest."""
    intake, _ = watched()
    put = [message(size) for size in (10, 20, 30, 40)]
    intake.put(put)
    assert intake.take(1, 1_000) == put[:1]
    assert intake.take(3, 25) == put[1:3]
    assert (len(intake), intake.bytes) == (1, 40)
    assert intake.take(5, 1) == put[3:]
    assert intake.take(5, 1) == []


async def test_wait_returns_only_while_there_is_something() -> None:
    """An emptied intake makes its reader wait again."""
    intake, _ = watched()
    intake.put([message()])
    await asyncio.wait_for(intake.wait(), 1)
    intake.take(1, 1)
    waiting = asyncio.create_task(intake.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    intake.put([message()])
    await asyncio.wait_for(waiting, 1)


async def test_done_is_said_once() -> None:
    """However often it is said, the broker hears it once; of QoS 0 never."""
    heard: list[bytes] = []
    for qos in (1, 0):
        one = message(qos=qos)
        one.acknowledge = heard.append
        one.done()
        one.done()
    assert heard == [b"\x00\x07"]
