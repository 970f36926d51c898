"""Application acknowledgements go as far as the database holds a boot without a gap."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import msgspec
import pytest

from ingest.acknowledgement import boots
from ingest.decoding import decode
from ingest.decoding.batch import Received, build, senders
from ingest.decoding.message import DeviceMessage
from ingest.run.path import acks
from schemas import wire
from tracking.city.enrolment import Device
from tracking.records.retention import UNSET, Horizon, Horizons

CAMERA = Device(id=7, name="cam-1", unit="team-1", datum=wire.Datum.WGS84)
DEVICES = {"cam-1": CAMERA}
T0 = 1_790_000_000_000


def message(*fixes: Mapping[str, Any], unit: str = "team-1", device: str = "cam-1") -> Received:
    """A message with these fixes, each a walk's next second with fields of its own."""
    body = [{"t": T0 + each.get("seq", 0), "lat": 1, "lon": 2, "boot": "b1", **each} for each in fixes]
    made = DeviceMessage(f"patrol/v1/{unit}/{device}/fix", json.dumps(body).encode(), False, T0, 1)
    return Received(made, decode.decode(made.topic, made.payload, retained=False, now=T0 + 10**6))


def numbered(*seqs: int, **fields: Any) -> Received:
    """A message with fixes of these numbers."""
    return message(*({"seq": seq, **fields} for seq in seqs))


def committed(
    state: acks.Acks, *messages: Received, devices: Mapping[str, Device] = DEVICES, oldest: int | None = None
) -> None:
    """Say that messages are in the database, which keeps nothing from before `oldest`, ms."""
    horizons = UNSET if oldest is None else Horizons(fixes=Horizon(floor=oldest))
    made = build(messages, senders(messages, devices), horizons)
    state.committed(chain(made.numbers, made.settled))


@dataclass
class Ledger:
    """What a database would know; `away` makes it fail."""

    notes: dict[boots.Key, list[boots.Span]] = field(default_factory=dict)
    fixes: list[int] = field(default_factory=list)
    told: list[tuple[int, str, int, int]] = field(default_factory=list)
    searches: list[int] = field(default_factory=list)
    away: bool = False

    async def noted(self, asked: Sequence[boots.Key]) -> Mapping[boots.Key, tuple[int, Sequence[boots.Span]]]:
        """All notes are of T0."""
        return {key: (T0, self.notes[key]) for key in asked if key in self.notes}

    async def stored(self, _boot: boots.Key, *, since: int, above: int) -> Sequence[boots.Span]:
        """Every fix is of the second that its number says."""
        self.searches.append(since)
        return [(seq, seq) for seq in self.fixes if seq > above]

    async def note(self, settled: Sequence[tuple[int, str, int, int]]) -> None:
        """Hear what is told."""
        if self.away:
            raise ConnectionError
        self.told += settled


async def told(state: acks.Acks, now: int, ledger: Ledger | None = None) -> list[int]:
    """Numbers that are acknowledged at T0 + `now`, s."""
    due = await state.due(T0 + now * 1000, ledger or Ledger())
    assert {topic for topic, _ in due} <= {"patrol/v1/team-1/cam-1/ack"}
    return [json.loads(payload)["seq"] for _, payload in due]


async def test_ack_stops_at_a_gap_and_goes_on_when_it_is_closed() -> None:
    """What lies beyond a gap is remembered."""
    state = acks.Acks()
    committed(state, numbered(0, 1, 2, 5, 6))
    assert await told(state, 10) == [2]
    committed(state, numbered(4), numbered(3))
    assert await told(state, 20) == [6]


async def test_boot_whose_beginning_never_came_is_not_acknowledged() -> None:
    """Live first, backlog later: nothing is told before the first numbers are there, whatever came before them."""
    state = acks.Acks()
    committed(state, numbered(*range(10, 20)))
    assert await told(state, 10) == []
    committed(state, numbered(*range(5, 10)))
    assert await told(state, 20) == []
    committed(state, numbered(*range(5)))
    assert await told(state, 30) == [19]


async def test_boot_is_acknowledged_from_the_first_number_that_its_device_states() -> None:
    """The highest statement counts, refused fixes state it too, and nothing below it is told of by itself."""
    state = acks.Acks()
    committed(state, numbered(202, first=200))
    assert await told(state, 10) == []
    committed(state, message({"seq": 200, "first": 200, "lat": 91}))
    assert await told(state, 20) == [200]
    committed(state, numbered(201))
    assert await told(state, 30) == [202]
    committed(state, numbered(300, first=300), numbered(299, first=5))
    assert await told(state, 40) == [300]


async def test_first_number_above_the_own_is_ignored() -> None:
    """It says of numbers that nothing was given out below what was."""
    state = acks.Acks()
    committed(state, numbered(5, first=6))
    assert await told(state, 10) == []
    committed(state, numbered(0, 1, 2, 3, 4))
    assert await told(state, 20) == [5]


async def test_ack_is_told_at_most_every_5_s() -> None:
    """Progress within 5 s waits for the next one, in whichever boot of the device it is; nothing is told unasked."""
    state = acks.Acks()
    committed(state, numbered(0))
    assert await told(state, 10) == [0]
    committed(state, numbered(1), numbered(0, 1, 2, boot="b2"))
    assert await told(state, 14) == []
    assert sorted(await told(state, 15)) == [1, 2]
    assert await told(state, 30) == []


async def test_a_clock_set_back_delays_nothing() -> None:
    """What was told while the clock was ten minutes ahead does not hold up what is told after it was set right."""
    state = acks.Acks()
    committed(state, numbered(0))
    assert await told(state, 610) == [0]
    committed(state, numbered(1))
    assert await told(state, 11) == [1]


async def test_what_comes_again_is_told_again() -> None:
    """An acknowledgement may be lost on its way; the store need not hear twice."""
    state, ledger = acks.Acks(), Ledger()
    committed(state, numbered(0, 1))
    assert await told(state, 10, ledger) == [1]
    committed(state, numbered(0))
    assert await told(state, 20, ledger) == [1]
    assert ledger.told == [(7, "b1", 0, 1)]


async def test_store_hears_before_the_device() -> None:
    """What the store could not be told is told neither to the device, and is tried again without a new message."""
    state, ledger = acks.Acks(), Ledger(away=True)
    committed(state, numbered(0, duty="off"), numbered(1))
    with pytest.raises(ConnectionError):
        await told(state, 10, ledger)
    ledger.away = False
    assert await told(state, 11, ledger) == [1]
    assert ledger.told == [(7, "b1", 0, 1)]


@pytest.mark.parametrize(
    "refused",
    [{"duty": "off"}, {"lat": 91}, {"t": T0 + 10**9}, {"t": T0 - 10**9}, {"sat": "many"}],
    ids=["off duty", "out of range", "future", "too old", "wrong type"],
)
async def test_numbers_of_refused_fixes_are_settled(refused: dict[str, Any]) -> None:
    """A device need not send again what will never be stored."""
    state = acks.Acks()
    committed(state, numbered(0), numbered(1, **refused), numbered(2), oldest=T0)
    assert await told(state, 10) == [2]


async def test_what_is_refused_for_who_sent_it_is_not_settled() -> None:
    """It is stored nowhere, and is welcome once the device is enrolled under the unit, or restored."""
    state = acks.Acks()
    committed(state, numbered(0, boot=None))
    committed(state, message({"seq": 0}, unit="team-2"))
    committed(state, numbered(0), devices={})
    committed(state, numbered(0), devices={"cam-1": msgspec.structs.replace(CAMERA, revoked=True)})
    committed(state, numbered(0, boot="b1\0"), numbered(0, boot="b1\0", lat=91))
    assert await told(state, 10) == []


async def test_new_worker_goes_on_from_what_the_store_knows() -> None:
    """Notes and stored fixes count alike; a gap that the store cannot close is searched for further back, then left."""
    state = acks.Acks()
    ledger = Ledger(notes={(7, "b1"): [(0, 3), (6, 6)]}, fixes=[4, 5, 7, 9])
    committed(state, numbered(10))
    assert await told(state, 3600, ledger) == [7]
    assert ledger.searches == [T0 - 3_600_000]
    for later in range(1, 20):
        committed(state, numbered(11))
        assert await told(state, 3600 + later * 4000, ledger) == [7]
    assert len(ledger.searches) == len(boots._SEARCHES)
    ledger.fixes.append(8)
    state.forget([7])
    committed(state, numbered(11))
    assert await told(state, 90_000, ledger) == [9]


async def test_nothing_is_searched_for_what_came_in_order() -> None:
    """The usual boot, heard from its first number on, costs the store a note and no search."""
    state, ledger = acks.Acks(), Ledger()
    for second in range(0, 60, 6):
        committed(state, numbered(second // 6))
        await told(state, second, ledger)
    assert ledger.searches == []


async def test_boots_of_a_device_are_bounded_each_for_itself() -> None:
    """Who makes up boots without end is forgotten himself; nobody else is."""
    state = acks.Acks()
    other = msgspec.structs.replace(CAMERA, id=8, name="cam-2")
    devices = {**DEVICES, "cam-2": other}
    committed(state, message({"seq": 0}, device="cam-2"), devices=devices)
    for n in range(acks.MOST_BOOTS + 5):
        committed(state, numbered(0, boot=f"x{n}"))
    due = await state.due(T0, Ledger())
    assert len(due) == acks.MOST_BOOTS + 1
    assert "patrol/v1/team-1/cam-2/ack" in {topic for topic, _ in due}


async def test_devices_are_bounded() -> None:
    """Of too many devices the one that was silent for longest is forgotten."""
    state = acks.Acks(most_devices=2)
    devices = {f"cam-{n}": msgspec.structs.replace(CAMERA, id=n, name=f"cam-{n}") for n in range(4)}
    for name in devices:
        committed(state, message({"seq": 0}, device=name), devices=devices)
    assert len(await state.due(T0, Ledger())) == 2


async def test_a_round_is_bounded_and_fair() -> None:
    """Of a large fleet those that wait for longest are told first, and each in its turn."""
    state = acks.Acks()
    devices = {f"cam-{n}": msgspec.structs.replace(CAMERA, id=n, name=f"cam-{n}") for n in range(3_500)}
    committed(state, *(message({"seq": 0}, device=name) for name in devices), devices=devices)
    rounds = [[topic for topic, _ in await state.due(T0 + 1000 * n, Ledger())] for n in range(4)]
    assert [len(each) for each in rounds] == [1_500, 1_500, 500, 0]
    assert len({topic for each in rounds for topic in each}) == 3_500
