"""Application acknowledgements go as far as the database holds a boot without a gap."""

import json
from collections.abc import Mapping, Sequence

import pytest

from ingest import acks, decode
from ingest.batch import Received, senders
from ingest.message import Message
from schemas import wire
from tracking.device_store import Device

DEVICES = {"cam-1": Device(id=7, name="cam-1", unit="team-1", datum=wire.Datum.WGS84)}
T0 = 1_790_000_000_000


def received(*seqs: int, boot: str | None = "b1", duty: str = "duty", unit: str = "team-1") -> list[Received]:
    """A message with fixes of these numbers."""
    fixes = [{"t": T0 + seq, "lat": 1, "lon": 2, "seq": seq, "boot": boot, "duty": duty} for seq in seqs]
    message = Message(f"patrol/v1/{unit}/cam-1/fix", json.dumps(fixes).encode(), False, T0, 1)
    return [Received(message, decode.decode(message.topic, message.payload, retained=False, now=T0 + 10**6))]


def committed(state: acks.Acks, messages: list[Received], devices: Mapping[str, Device] = DEVICES) -> None:
    """Say that messages are in the database."""
    state.committed(messages, senders(messages, devices))


async def told(state: acks.Acks, now: int, stored: int | None = None, noted: list[int] | None = None) -> list[int]:
    """Numbers that are acknowledged at `now` when the store holds the boot up to `stored`; `noted` is what it hears."""

    async def read(_device: int, _boot: str) -> int | None:
        return stored

    async def note(settled: Sequence[tuple[int, str, int]]) -> None:
        assert noted is not None
        assert {(device, boot) for device, boot, _ in settled} == {(7, "b1")}
        noted.extend(seq for _, _, seq in settled)

    due = await state.due(now, read, note)
    assert {topic for topic, _ in due} <= {"patrol/v1/team-1/cam-1/ack"}
    return [json.loads(payload)["seq"] for _, payload in due]


async def test_ack_stops_at_a_gap_and_goes_on_when_it_is_closed() -> None:
    """What lies beyond a gap is remembered."""
    state = acks.Acks()
    committed(state, received(0, 1, 2, 5, 6))
    assert await told(state, 10_000, stored=2) == [2]
    committed(state, received(4))
    committed(state, received(3))
    assert await told(state, 20_000) == [6]


async def test_ack_is_told_at_most_every_5_s() -> None:
    """Progress within 5 s waits for the next one."""
    state = acks.Acks()
    committed(state, received(0))
    assert await told(state, 10_000, stored=0) == [0]
    committed(state, received(1))
    assert await told(state, 14_999) == []
    assert await told(state, 15_000) == [1]
    assert await told(state, 30_000) == []


async def test_a_clock_set_back_delays_nothing() -> None:
    """What was told while the clock was ten minutes ahead does not hold up what is told after it was set right."""
    state = acks.Acks()
    committed(state, received(0))
    assert await told(state, 610_000, stored=0) == [0]
    committed(state, received(1))
    assert await told(state, 11_000) == [1]


async def test_off_duty_numbers_count_as_settled() -> None:
    """A device need not send again what will never be stored; the store hears of it before the device does."""
    state, noted = acks.Acks(), list[int]()
    committed(state, received(0))
    committed(state, received(1, duty="off"))
    assert await told(state, 10_000, stored=0, noted=noted) == [1]
    assert noted == [1]
    committed(state, received(2))
    assert await told(state, 20_000, noted=noted) == [2]
    assert noted == [1]
    committed(state, received(4, duty="off"))
    assert await told(state, 30_000, noted=noted) == [2]
    committed(state, received(3))
    assert await told(state, 40_000, noted=noted) == [4]
    assert noted == [1, 4]


async def test_nothing_is_told_that_the_store_did_not_hear() -> None:
    """A database that is away when it should note refused numbers is told with the next ones."""
    state, noted = acks.Acks(), list[int]()

    async def read(_device: int, _boot: str) -> int | None:
        return None

    async def away(_settled: Sequence[tuple[int, str, int]]) -> None:
        raise ConnectionError

    committed(state, received(0, duty="off"))
    with pytest.raises(ConnectionError):
        await state.due(10_000, read, away)
    committed(state, received(1))
    assert await told(state, 20_000, noted=noted) == [1]
    assert noted == [1]


async def test_fixes_that_cannot_be_read_count_as_settled_by_their_number() -> None:
    """A latitude of 91 degrees is refused however often it comes; a boot that the store cannot hold is ignored."""
    state, noted = acks.Acks(), list[int]()
    for boot in ("b1", "b1\0"):
        bad = json.dumps({"t": T0, "lat": 91, "lon": 2, "seq": 0, "boot": boot}).encode()
        off = json.dumps({"t": T0, "lat": 1, "lon": 2, "seq": 1, "boot": boot, "duty": "off"}).encode()
        for payload in (bad, off):
            message = Message("patrol/v1/team-1/cam-1/fix", payload, False, T0, 1)
            said = decode.decode(message.topic, message.payload, retained=False, now=T0)
            assert said.refused
            committed(state, [Received(message, said)])
    assert await told(state, 10_000, noted=noted) == [1]
    assert noted == [1]


async def test_devices_that_did_not_ask_are_not_told() -> None:
    """Without boot there is nothing to acknowledge, and strangers hear nothing."""
    state = acks.Acks()
    committed(state, received(0, boot=None))
    committed(state, received(0, unit="team-2"))
    committed(state, received(0), {})
    assert await told(state, 10_000, stored=0) == []


async def test_state_is_bounded() -> None:
    """The least recently heard boot is forgotten; too many numbers beyond a gap are too."""
    state = acks.Acks(most_boots=2)
    for boot in ("b1", "b2", "b3"):
        committed(state, received(0, boot=boot))
    assert len(await told(state, 10_000, stored=0)) == 2
    wide = acks.Acks()
    committed(wide, received(0))
    assert await told(wide, 10_000, stored=0) == [0]
    committed(wide, received(*range(2, acks.MOST_AHEAD + 2)))
    committed(wide, received(*range(acks.MOST_AHEAD + 2, acks.MOST_AHEAD + 12)))
    committed(wide, received(1))
    assert await told(wide, 20_000) == [acks.MOST_AHEAD + 1]
