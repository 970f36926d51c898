"""What the decoder makes of good, bad and hostile messages."""

import math
from typing import Any

import pytest

from ingest.decoding import decode, faults
from schemas import topics, wire
from schemas.refusals import Refusal
from tests.unit.ingest.decoding.messages import (
    EVENT,
    EVENT_TOPIC,
    FIX,
    FIX_TOPIC,
    LOCATION,
    NOW,
    PHONE_TOPIC,
    REPLY_TOPIC,
    STATUS_TOPIC,
    pack,
    run,
    text,
    without,
)

MALFORMED: list[tuple[str, str, bytes, Refusal]] = [
    ("empty", FIX_TOPIC, b"", Refusal.EMPTY),
    ("empty array", FIX_TOPIC, b"[]", Refusal.EMPTY),
    ("empty MessagePack array", FIX_TOPIC, pack([]), Refusal.EMPTY),
    ("empty status", STATUS_TOPIC, b"", Refusal.EMPTY),
    ("topic of nobody", "patrol/v2/team-1/cam-7/fix", text(FIX), Refusal.BAD_TOPIC),
    ("topic with a bad name", "patrol/v1/team 1/cam-7/fix", text(FIX), Refusal.BAD_TOPIC),
    ("event from a buffer", "patrol/v1-buffer/team-1/cam-7/event", text(FIX), Refusal.UNKNOWN_KIND),
    ("buffer as a kind", "patrol/v1/team-1/cam-7/buffer", text(FIX), Refusal.UNKNOWN_KIND),
    ("topic too short", "patrol/v1/team-1/fix", text(FIX), Refusal.BAD_TOPIC),
    ("unknown kind", "patrol/v1/team-1/cam-7/fixes", text(FIX), Refusal.UNKNOWN_KIND),
    ("string for a number", FIX_TOPIC, text({**FIX, "lat": "23.1"}), Refusal.WRONG_TYPE),
    ("float for an integer", FIX_TOPIC, text({**FIX, "t": NOW - 0.5}), Refusal.WRONG_TYPE),
    ("boolean for an integer", FIX_TOPIC, text({**FIX, "t": True}), Refusal.WRONG_TYPE),
    ("null for a required field", FIX_TOPIC, text({**FIX, "lat": None}), Refusal.WRONG_TYPE),
    ("missing longitude", FIX_TOPIC, text(without(FIX, "lon")), Refusal.WRONG_TYPE),
    ("a number alone", FIX_TOPIC, b"17", Refusal.WRONG_TYPE),
    ("null", FIX_TOPIC, b"null", Refusal.WRONG_TYPE),
    ("array of numbers", FIX_TOPIC, b"[1]", Refusal.WRONG_TYPE),
    ("array in an array", FIX_TOPIC, b"[[]]", Refusal.WRONG_TYPE),
    ("integer keys", FIX_TOPIC, pack({1: 2}), Refusal.WRONG_TYPE),
    ("NaN in MessagePack", FIX_TOPIC, pack({**FIX, "lat": math.nan}), Refusal.NOT_FINITE),
    ("optional NaN in MessagePack", FIX_TOPIC, pack({**FIX, "acc": math.nan}), Refusal.NOT_FINITE),
    ("infinity in MessagePack", FIX_TOPIC, pack({**FIX, "spd": math.inf}), Refusal.NOT_FINITE),
    ("NaN in a MessagePack array", FIX_TOPIC, pack([{**FIX, "lon": math.nan}]), Refusal.NOT_FINITE),
    ("NaN as Python writes it", FIX_TOPIC, text({**FIX, "lat": math.nan}), Refusal.NOT_FINITE),
    ("-Infinity as Python writes it", FIX_TOPIC, text({**FIX, "lat": -math.inf}), Refusal.NOT_FINITE),
    ("latitude 91", FIX_TOPIC, text({**FIX, "lat": 91}), Refusal.OUT_OF_RANGE),
    ("longitude -181 in MessagePack", FIX_TOPIC, pack({**FIX, "lon": -181.0}), Refusal.OUT_OF_RANGE),
    ("negative speed", FIX_TOPIC, text({**FIX, "spd": -1}), Refusal.OUT_OF_RANGE),
    ("number beyond a double", FIX_TOPIC, b'{"t":1790000000000,"lat":1e999,"lon":1}', Refusal.OUT_OF_RANGE),
    ("huge integer", FIX_TOPIC, b'{"t":' + b"9" * 100_000 + b',"lat":1,"lon":1}', Refusal.OUT_OF_RANGE),
    ("time in seconds", FIX_TOPIC, text({**FIX, "t": NOW // 1000}), Refusal.OUT_OF_RANGE),
    ("unknown source", FIX_TOPIC, text({**FIX, "src": "stars"}), Refusal.OUT_OF_RANGE),
    ("long boot", FIX_TOPIC, text({**FIX, "boot": "x" * 65}), Refusal.OUT_OF_RANGE),
    ("boot that PostgreSQL cannot hold", FIX_TOPIC, pack({**FIX, "boot": "a\0"}), Refusal.OUT_OF_RANGE),
    ("no JSON", FIX_TOPIC, b"hello", Refusal.MALFORMED),
    ("truncated JSON", FIX_TOPIC, text(FIX)[:-3], Refusal.MALFORMED),
    ("truncated MessagePack", FIX_TOPIC, pack(FIX)[:-3], Refusal.MALFORMED),
    ("truncated MessagePack array", FIX_TOPIC, pack([FIX, FIX])[:-3], Refusal.MALFORMED),
    ("trailing bytes", FIX_TOPIC, text(FIX) + b"}", Refusal.MALFORMED),
    ("trailing bytes in MessagePack", FIX_TOPIC, pack(FIX) + b"\0", Refusal.MALFORMED),
    ("invalid UTF-8", FIX_TOPIC, text({**FIX, "boot": "@"}).replace(b"@", b"\xff"), Refusal.MALFORMED),
    (
        "invalid UTF-8 in MessagePack",
        FIX_TOPIC,
        pack({**FIX, "boot": "~~"}).replace(b"~~", b"a\xff"),
        Refusal.MALFORMED,
    ),
    ("half a surrogate pair", FIX_TOPIC, text({**FIX, "boot": "\ud800"}), Refusal.MALFORMED),
    ("byte order mark", FIX_TOPIC, b"\xef\xbb\xbf" + text(FIX), Refusal.MALFORMED),
    ("nested bomb", FIX_TOPIC, b'{"x":' + b"[" * 500_000, Refusal.MALFORMED),
    ("nested bomb in MessagePack", FIX_TOPIC, b"\x81\xa1x" + b"\x91" * 500_000, Refusal.MALFORMED),
    ("nested bomb in an array", FIX_TOPIC, b"[" * 500_000 + b"]" * 500_000, Refusal.MALFORMED),
    ("array that claims 4 G elements", FIX_TOPIC, b"\xdd\xff\xff\xff\xff", Refusal.MALFORMED),
    ("map that claims 4 G fields", FIX_TOPIC, b"\xdf\xff\xff\xff\xff", Refusal.MALFORMED),
    ("10 MB", FIX_TOPIC, b"x" * 10_000_000, Refusal.TOO_LARGE),
    ("one byte too large", FIX_TOPIC, b" " * wire.MAX_PAYLOAD_BYTES + b" ", Refusal.TOO_LARGE),
    ("10,001 fixes", FIX_TOPIC, pack([FIX] * 10_001), Refusal.TOO_MANY),
    ("500,000 numbers", FIX_TOPIC, b"[" + b"1," * 500_000 + b"1]", Refusal.TOO_MANY),
    ("future time", FIX_TOPIC, text({**FIX, "t": NOW + 60_001}), Refusal.FUTURE_TIME),
    ("off duty", FIX_TOPIC, text({**FIX, "duty": "off"}), Refusal.OFF_DUTY),
    ("off duty in the future", FIX_TOPIC, text({**FIX, "duty": "off", "t": NOW + 90_000}), Refusal.OFF_DUTY),
    ("event without id", EVENT_TOPIC, text(without(EVENT, "id")), Refusal.WRONG_TYPE),
    ("event with a bad id", EVENT_TOPIC, text({**EVENT, "id": "1"}), Refusal.OUT_OF_RANGE),
    ("event with NaN", EVENT_TOPIC, pack({**EVENT, "lat": math.nan}), Refusal.NOT_FINITE),
    ("event in the future", EVENT_TOPIC, text({**EVENT, "t": NOW + 60_001}), Refusal.FUTURE_TIME),
    ("event in an array", EVENT_TOPIC, text([EVENT]), Refusal.WRONG_TYPE),
    ("event text with U+0000", EVENT_TOPIC, text({**EVENT, "text": "a\0"}), Refusal.OUT_OF_RANGE),
    ("truncated event", EVENT_TOPIC, text(EVENT)[:-1], Refusal.MALFORMED),
    ("status without online", STATUS_TOPIC, b"{}", Refusal.WRONG_TYPE),
    ("status in the future", STATUS_TOPIC, text({"online": True, "t": NOW + 60_001}), Refusal.FUTURE_TIME),
    ("reply of an unknown state", REPLY_TOPIC, text({"cmd": "1", "state": "?", "t": NOW}), Refusal.OUT_OF_RANGE),
    ("waypoint", PHONE_TOPIC, text({**LOCATION, "_type": "waypoint"}), Refusal.NOT_A_POSITION),
    ("card in MessagePack", PHONE_TOPIC, pack({"_type": "card"}), Refusal.NOT_A_POSITION),
    ("OwnTracks without _type", PHONE_TOPIC, text(without(LOCATION, "_type")), Refusal.WRONG_TYPE),
    ("OwnTracks of type 7", PHONE_TOPIC, text({**LOCATION, "_type": 7}), Refusal.WRONG_TYPE),
    ("OwnTracks at latitude 91", PHONE_TOPIC, text({**LOCATION, "lat": 91}), Refusal.OUT_OF_RANGE),
    ("OwnTracks in the future", PHONE_TOPIC, text({**LOCATION, "tst": NOW // 1000 + 61}), Refusal.FUTURE_TIME),
    ("OwnTracks cut short", PHONE_TOPIC, text(LOCATION)[:-1], Refusal.MALFORMED),
]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [pytest.param(*case[1:], id=case[0]) for case in MALFORMED],
)
def test_malformed_message_is_refused_with_its_own_reason(topic: str, payload: bytes, reason: Refusal) -> None:
    """Nothing is taken, the one refusal has its reason, says why, and keeps no more than 1,024 bytes."""
    result = run(payload, topic)
    assert [refused.reason for refused in result.refused] == [reason]
    assert (result.fixes, result.event, result.status, result.reply) == ([], None, None, None)
    assert 0 < len(result.refused[0].detail) <= 400
    assert len(result.refused[0].payload or b"") <= 1024


@pytest.mark.parametrize("encode", [text, pack])
def test_fix_is_decoded_whole_in_both_encodings(encode: Any) -> None:
    """Every field of the contract arrives, an unknown one is ignored."""
    sent = {
        **FIX, "acc": 8.5, "spd": 1.25, "hdg": 90.0, "alt": 12.0, "src": "fused", "seq": 7, "boot": "b1", "bat": 80.0,
        "sat": 11, "mock": True, "duty": "task", "rec": False, "x-vendor": [1, {"a": 2}],
    }  # fmt: skip
    result = run(encode(sent))
    assert result.refused == []
    assert (result.unit, result.device) == ("team-1", "cam-7")
    assert result.fixes == [
        wire.Fix(
            t=NOW - 1000, lat=23.1, lon=114.4, acc=8.5, spd=1.25, hdg=90.0, alt=12.0, src=wire.Source.FUSED, seq=7,
            boot="b1", bat=80.0, sat=11, mock=True, duty=wire.Duty.TASK, rec=False,
        )
    ]  # fmt: skip


@pytest.mark.parametrize("encode", [text, pack])
def test_good_elements_are_kept_when_others_are_bad(encode: Any) -> None:
    """One bad element costs itself alone, each with its own reason."""
    elements = [
        FIX,
        {**FIX, "lat": 99},
        {**FIX, "t": NOW - 2000},
        {"lat": 1},
        {**FIX, "t": NOW + 99_000},
        {**FIX, "duty": "off"},
        17,
    ]
    result = run(encode(elements))
    assert [fix.t for fix in result.fixes] == [NOW - 1000, NOW - 2000]
    assert [refused.reason for refused in result.refused] == [
        Refusal.OUT_OF_RANGE,
        Refusal.WRONG_TYPE,
        Refusal.FUTURE_TIME,
        Refusal.OFF_DUTY,
        Refusal.WRONG_TYPE,
    ]


def test_typed_array_with_future_and_off_duty_fixes_keeps_the_rest() -> None:
    """Fixes that are well-formed but not wanted are refused one by one."""
    result = run(text([FIX, {**FIX, "t": NOW + 60_001}, {**FIX, "duty": "off"}, {**FIX, "t": NOW + 60_000}]))
    assert [fix.t for fix in result.fixes] == [NOW - 1000, NOW + 60_000]
    assert [refused.reason for refused in result.refused] == [Refusal.FUTURE_TIME, Refusal.OFF_DUTY]


def test_refusals_of_one_message_are_bounded() -> None:
    """10,000 bad elements make ten kept refusals that count 10,000."""
    result = run(text([{"t": 1}] * 10_000))
    assert len(result.refused) == faults.KEPT_PER_MESSAGE
    assert sum(refused.n for refused in result.refused) == 10_000


@pytest.mark.parametrize(
    "payload",
    [
        text({**FIX, "duty": "off"}),
        pack([FIX, {**FIX, "duty": "off"}]),
        text({**FIX, "duty": "off", "lat": "x"}),
        text({**FIX, "duty": "off"})[:-1],
        b'{"duty":"\\u006fff","lat":1}',
        text({**FIX, "duty": "off"}) + b" " * wire.MAX_PAYLOAD_BYTES,
    ],
)
def test_off_duty_payload_is_never_kept(payload: bytes) -> None:
    """Whatever else is wrong with it, the bytes of an off-duty fix are not kept."""
    refused = run(payload).refused
    assert refused
    assert all(one.payload is None for one in refused)


def test_duplicate_keys_are_decoded_once() -> None:
    """The last of two equal keys holds, as in every JSON parser; nothing breaks."""
    assert run(b'{"t":1790000000000,"lat":1,"lat":2,"lon":3}').fixes[0].lat == 2


def test_a_buffer_says_the_same_as_live() -> None:
    """Only the topic differs."""
    topic = "patrol/v1-buffer/team-1/cam-7/fix"
    assert run(text([FIX, FIX]), topic) == run(text([FIX, FIX]), "patrol/v1/team-1/cam-7/fix")
    assert str(topics.parse(topic)) == topic


@pytest.mark.parametrize("topic", [FIX_TOPIC, EVENT_TOPIC, REPLY_TOPIC, PHONE_TOPIC])
def test_retained_replay_is_refused(topic: str) -> None:
    """Only a status may be retained: anything else is an old message that the broker repeats."""
    assert [one.reason for one in run(text(FIX), topic, retained=True).refused] == [Refusal.RETAINED_REPLAY]


def test_retained_status_is_taken() -> None:
    """The retained status says how the device was left."""
    assert run(text({"online": False}), STATUS_TOPIC, retained=True).status == wire.Status(online=False)


def test_event_and_reply_are_decoded() -> None:
    """An event and a reply arrive as they were sent."""
    media = {"sha256": "a" * 64, "mime": "image/jpeg", "bytes": 5}
    event = run(pack({**EVENT, "media": [media], "text": "摆卖"}), EVENT_TOPIC).event
    assert event is not None
    assert (event.id, event.text, event.media[0].bytes) == (EVENT["id"], "摆卖", 5)
    reply = run(text({"cmd": "c1", "state": "arrived", "t": NOW}), REPLY_TOPIC).reply
    assert reply == wire.Reply(cmd="c1", state=wire.ReplyState.ARRIVED, t=NOW)


def test_owntracks_location_is_converted() -> None:
    """km/h become m/s, seconds milliseconds, and what the phone does not know stays unknown."""
    result = run(text({**LOCATION, "vel": 36, "cog": 90, "acc": 5, "alt": 20, "batt": 55, "tid": "x"}), PHONE_TOPIC)
    assert result.fixes == [
        wire.Fix(t=NOW - 1000, lat=23.1, lon=114.4, acc=5.0, spd=10.0, hdg=90.0, alt=20.0, bat=55.0)
    ]
    assert run(text({**LOCATION, "vel": 0}), PHONE_TOPIC).fixes[0].spd is None


def test_owntracks_ping_is_marked() -> None:
    """A ping carries the current time with an old place, so its source says that it is no presence."""
    assert run(text({**LOCATION, "t": "p"}), PHONE_TOPIC).fixes[0].src is wire.Source.PING
    assert run(text({**LOCATION, "t": "u"}), PHONE_TOPIC).fixes[0].src is wire.Source.GNSS


def test_owntracks_transition_is_a_fix_and_will_is_offline() -> None:
    """A transition is a measured place; the last will says offline at the time of receipt."""
    transition = {**LOCATION, "_type": "transition", "event": "enter", "wtst": 1}
    assert run(text(transition), f"{PHONE_TOPIC}/event").fixes == [wire.Fix(t=NOW - 1000, lat=23.1, lon=114.4)]
    assert run(text({"_type": "lwt", "tst": 1}), PHONE_TOPIC).status == wire.Status(online=False)


@pytest.mark.parametrize("kind", ["cmd", "ack"])
def test_decode_passes_over_what_the_server_itself_publishes(kind: str) -> None:
    """A command or acknowledgement that comes back is neither news nor a fault."""
    decoded = decode.decode(f"patrol/v1/team-1/cam-7/{kind}", b"{}", retained=False, now=NOW)
    assert decoded == decode.Decoded()
