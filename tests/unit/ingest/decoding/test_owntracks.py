"""What an OwnTracks phone says, in the words of the wire contract."""

import json

import msgspec
import pytest

from ingest.decoding import owntracks
from schemas import wire
from schemas.refusals import Refusal

BASE = {"_type": "location", "tst": 1_770_000_000, "lat": 23.1, "lon": 114.4}


def decoded(**more: object) -> wire.Fix | wire.Status:
    """A location with more."""
    return owntracks.decode(json.dumps({**BASE, **more}).encode())


def test_a_location_is_a_fix_with_our_units() -> None:
    """Seconds become ms, km/h become m/s, and a ping is said to be one."""
    fix = decoded(acc=12, vel=36, cog=90, alt=5, batt=80, t="p")
    assert fix == wire.Fix(
        t=1_770_000_000_000, lat=23.1, lon=114.4, acc=12, spd=10, hdg=90, alt=5, bat=80, src=wire.Source.PING
    )


def test_a_zero_is_what_a_phone_does_not_know() -> None:
    """Of speed and course; a place of zero is one."""
    fix = decoded(vel=0, cog=0, lat=0, lon=0)
    assert isinstance(fix, wire.Fix)
    assert (fix.spd, fix.hdg, fix.lat, fix.lon, fix.src) == (None, None, 0, 0, wire.Source.GNSS)


def test_a_will_says_that_the_phone_is_gone() -> None:
    """Nothing else."""
    assert owntracks.decode(b'{"_type": "lwt", "tst": 1770000000}') == wire.Status(online=False)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b'{"_type": "card", "name": "x"}', Refusal.NOT_A_POSITION),
        (b'{"_type": "location", "tst": 1}', None),
        (b"{", None),
    ],
)
def test_what_is_no_position_is_told_apart_from_what_is_wrong(payload: bytes, why: Refusal | None) -> None:
    """A well-formed message of another type is no fault of the phone."""
    with pytest.raises(msgspec.MsgspecError) as raised:
        owntracks.decode(payload)
    refused = owntracks.classify(raised.value, payload)
    assert (refused.reason is Refusal.NOT_A_POSITION) is (why is Refusal.NOT_A_POSITION)
