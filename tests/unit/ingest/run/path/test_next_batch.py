"""The next batch is decoded ahead, in order and within its bounds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ingest.decoding.message import DeviceMessage
from ingest.run.path.intake import Intake
from ingest.run.path.next_batch import NextBatch

T0 = 1_790_000_000_000


def said(n: int) -> list[DeviceMessage]:
    """Messages of one fix each, of devices d0 to d(n-1)."""
    payload = b'{"t":%d,"lat":23.1,"lon":114.4}' % T0
    return [DeviceMessage(f"patrol/v1/north/d{each}/fix", payload, False, T0, 1) for each in range(n)]


def batch(intake: Intake, *, messages: int = 5_000, rows: int = 20_000, size: int = 4 << 20) -> NextBatch:
    """A batch with these bounds and a clock that stands still."""
    return NextBatch(
        intake=intake, clock=lambda: T0, latest=lambda: T0, messages=messages, rows=rows, bytes=size
    )  # fmt: skip


def devices(made: NextBatch) -> list[str]:
    """Of whom the messages are that are taken now."""
    return [one.decoded.device for one in made.take()]


@asynccontextmanager
async def ahead(made: NextBatch) -> AsyncIterator[None]:
    """Decode ahead, as the pipeline lets it."""
    task = asyncio.create_task(made.run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def turns() -> None:
    """Let others have their turn, more often than any of these tests needs."""
    for _ in range(50):
        await asyncio.sleep(0)


def test_is_taken_in_order_up_to_a_bound() -> None:
    """What is beyond a bound waits for the one after; nothing is taken when nothing waits."""
    intake = Intake()
    made = batch(intake, messages=5)
    intake.put(said(12))
    assert [devices(made) for _ in range(4)] == [
        [f"d{each}" for each in part] for part in (range(5), range(5, 10), range(10, 12), ())
    ]


def test_bound_of_rows_and_bytes_ends_it() -> None:
    """Once so many rows or bytes are decoded no more are added."""
    for bounds in ({"rows": 100}, {"size": 1_000}):
        intake = Intake()
        made = batch(intake, **bounds)
        intake.put(said(1_000))
        assert 0 < len(made.take()) < 1_000


async def test_is_decoded_while_nobody_takes_it() -> None:
    """Decoded up to the bound, the rest stays in the intake; room lets it go on; order and number are kept."""
    intake = Intake()
    made = batch(intake, messages=300)
    async with ahead(made):
        intake.put(said(700))
        await turns()
        assert (len(intake), len(made)) == (400, 700)
        taken = devices(made)
        await turns()
        assert (len(intake), len(made)) == (100, 400)
        taken += devices(made) + devices(made)
    assert taken == [f"d{each}" for each in range(700)]


async def test_who_waits_goes_on_when_a_message_was_decoded_already() -> None:
    """A message that was decoded ahead ends the wait as well as one that comes, and as somebody who wakes it."""
    intake = Intake()
    made = batch(intake)
    async with ahead(made), asyncio.timeout(10):
        intake.put(said(1))
        await turns()
        await made.wait()
        assert devices(made) == ["d0"]
        waiting = asyncio.create_task(made.wait())
        await turns()
        assert not waiting.done()
        intake.wake()
        await waiting
        waiting = asyncio.create_task(made.wait())
        await turns()
        intake.put(said(2))
        await waiting
        assert devices(made) == ["d0", "d1"]
