"""The engine against the truth of the simulation, small: the bench in a few seconds."""

from dataclasses import replace

import numpy as np
import pytest

from bench import bench_accuracy, fleet, score, server
from device_sim.faults import faults, handset, reception
from device_sim.fleet import mix, officer, post
from ingest.decoding import batch, decode
from ingest.decoding.message import DeviceMessage
from schemas import wire
from tracking.city import enrolment
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import Stay, StayKind
from tracking.routes.roads import Roads


@pytest.fixture(scope="module")
def mixed() -> score.Score:
    """The standard mix, three seeds."""
    return score.total(bench_accuracy.measure({"mix": mix.STANDARD}, officers=30, hours=4, seeds=(1, 2, 3))["mix"])


def test_the_standard_mix_is_judged_rightly(mixed: score.Score) -> None:
    """Of some hundred visits under the standard mix of faults 99 in 100 are right, and 99 in 100 are found."""
    assert mixed.found > 800
    assert list(bench_accuracy.misses(mixed)) == []


def test_what_nobody_can_know_is_not_called_visited(mixed: score.Score) -> None:
    """Cells that were visited in silence alone are there, none is found visited, and coverage shows them as unknown."""
    assert mixed.cells_unknowable > 0
    assert mixed.cells_unknowable_found == 0
    assert mixed.shown_unknown == mixed.must_be_unknown > 0


@pytest.mark.parametrize("name", ["radio gap", "duplicates", "reordering"])
def test_faults_of_the_radio_change_nothing(name: str) -> None:
    """Whatever the radio does to the order of arrival, the stays are those of a radio without faults."""
    town = fleet.town(1)
    first, second = (
        {(stay.device, stay.t_in): stay for stay in server.Server(town, fleet.muster(1, 5, 8.0, plan)).run().stays}
        for plan in (mix.NONE, mix.SINGLE[name])
    )
    assert len(first) > 100
    assert second == first


def test_a_wrong_datum_is_seen_by_the_referee() -> None:
    """A referee that finds fault: without roads, visits of devices that are 570 m off are counted as wrong."""
    town, mustered = fleet.town(1), fleet.muster(1, 6, 2.0, mix.SINGLE["wrong datum"])
    blind = replace(town, roads=Roads(np.empty(0), np.empty(0)))
    found = score.score(blind, mustered, server.Server(blind, mustered).run())
    assert found.found > 10
    assert found.precision < 0.2
    assert found.cells_wrong > 0
    assert score.score(town, mustered, server.Server(town, mustered).run()).found == 0


def test_a_stay_told_in_the_wrong_cell_is_wrong() -> None:
    """The right stays score full marks; moved by one cell they score nothing."""
    town = fleet.town(1)
    mustered = fleet.muster(1, 4, 2.0, mix.NONE)
    known = server.Server(town, mustered).run()
    assert score.score(town, mustered, known).precision > 0.95
    moved = [replace(stay, cell=stay.cell % len(town.rules) + 1) for stay in known.stays]
    assert score.score(town, mustered, replace(known, stays=moved)).right == 0
    assert score.score(town, mustered, replace(known, stays=[])).recall == 0


def test_long_stays_are_missed_gaps_when_invented() -> None:
    """A visit told where nobody was hides a gap, and the referee counts it."""
    town = fleet.town(1)
    mustered = fleet.muster(1, 2, 8.0, mix.NONE)
    begin = int(mustered.shifts[0].way.t[0])
    invented = [
        Stay(device=1, cell=cell, t_in=begin, t_out=begin + 8 * 3_600_000, dwell_ms=8 * 3_600_000, path_m=900.0,
             fixes=9, kind=StayKind.VISIT, open=False)
        for cell in town.rules
    ]  # fmt: skip
    made = score.score(town, mustered, server.Known(stays=invented, runs=[]))
    assert made.gaps_missed == made.gaps > 1_000
    assert made.cells_wrong > 1_000


MOCKED = mix.Mix(
    reception=reception.ReceptionPlan(teleports=3, canyons=2),
    handset=handset.HandsetPlan(mocks=1.0, skewed=1.0),
)
AHEAD = mix.Mix(radio=faults.FaultPlan(gaps_per_shift=5), handset=handset.HandsetPlan(astray=1.0))


@pytest.mark.parametrize("plan", [MOCKED, AHEAD], ids=["mocked", "ahead"])
def test_the_bench_takes_what_ingest_takes(plan: mix.Mix) -> None:
    """The columns that the bench makes are those that ingest makes of the messages, without what it refuses."""
    refused = 0
    mustered = fleet.muster(1, 12, 8.0, plan)
    for who, shift in list(zip(mustered.officers, mustered.shifts, strict=True))[:4]:
        mine = fleet.columns(1, shift.taken)
        arrived = np.zeros(len(mine), np.bool_)
        arrived[fleet.arrivals_of(shift.taken, shift.deliveries)[0]] = True
        refused += int((~arrived).sum())
        mine, theirs = mine.take(arrived), _ingested(who, plan)
        theirs = theirs.take(np.unique(theirs.t, return_index=True)[1])
        assert len(theirs) == len(mine)
        for name in ("t", "lat", "lon", "acc"):
            assert np.allclose(getattr(mine, name), getattr(theirs, name), rtol=0, atol=1e-9), name
        mocked = int(wire.FixFlag.MOCK)
        assert np.array_equal(mine.flags & mocked, theirs.flags & mocked)
    assert (refused > 0) == (plan is AHEAD)


def _ingested(who: officer.Officer, plan: mix.Mix) -> FixColumns:
    """What ingest makes of the messages of a device in the shift of the bench."""
    device = post.SimulatedDevice(1, who, plan=plan)
    device.start(who.shift_start(fleet.SHIFT))
    end, received = who.shift_start(fleet.SHIFT + 1), []
    while (now := device.due) <= end and device.shift.number == fleet.SHIFT:
        for sent in device.messages(now):
            message = DeviceMessage(topic=sent.topic, payload=sent.payload, retained=False, received=now, connection=0)
            said = decode.decode(sent.topic, sent.payload, retained=False, now=now)
            received.append(batch.Received(message, said))
    known = {who.name: enrolment.Device(id=1, name=who.name, unit=who.unit, datum=wire.Datum.WGS84)}
    return batch.build(received, batch.senders(received, known)).fixes
