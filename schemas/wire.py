"""Payloads of the wire contract, version 1, as msgspec types; JSON and MessagePack share them.

`docs/wire-protocol.md` explains them for makers of devices; JSON Schema and TypeScript are generated from here.
"""

from enum import IntEnum, StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

MAX_PAYLOAD_BYTES = 1 << 20
MAX_FIXES_PER_MESSAGE = 10_000
MAX_AHEAD_MS = 60_000
EARLIEST_MS = 946_684_800_000  # 2000-01-01: GNSS receivers without a date report years before it
LATEST_MS = 4_102_444_800_000  # 2100-01-01

Millis = Annotated[int, Meta(ge=EARLIEST_MS, le=LATEST_MS, description="Milliseconds since 1970-01-01 UTC.")]
Latitude = Annotated[float, Meta(ge=-90, le=90, description="Degrees north, in the device's declared datum.")]
Longitude = Annotated[float, Meta(ge=-180, le=180, description="Degrees east, in the device's declared datum.")]
ShortText = Annotated[str, Meta(max_length=64)]
Seq = Annotated[int, Meta(ge=0, le=(1 << 62))]
LongText = Annotated[str, Meta(max_length=4_000)]


class Source(StrEnum):
    """Where a position comes from."""

    GNSS = "gnss"
    NETWORK = "network"
    FUSED = "fused"
    MANUAL = "manual"
    LAST_KNOWN = "last_known"
    PING = "ping"  # OwnTracks t:"p": carries the current time with an old place


class Duty(StrEnum):
    """What the officer is doing by the device's own account."""

    DUTY = "duty"
    TASK = "task"
    BREAK = "break"
    OFF = "off"


class Datum(StrEnum):
    """Coordinate system a device reports in; set per device profile, never guessed."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"
    CGCS2000 = "cgcs2000"


class Signal(StrEnum):
    """Types of events that are no code of the catalogue: what a device says of its officer."""

    SIGN_IN = "sign_in"  # `text` is the badge of who carries the device from now on
    SIGN_OUT = "sign_out"
    SOS = "sos"
    CHECKPOINT = "checkpoint"  # `text` is the code of the checkpoint whose tag (NFC, QR) was read


SOURCE_CODE: dict[Source, int] = {source: code for code, source in enumerate(Source)}
DUTY_CODE: dict[Duty, int] = {duty: code for code, duty in enumerate(Duty)}


class FixFlag(IntEnum):
    """Bits of a stored fix's `flags`: properties of the fix alone, never of its neighbours."""

    MOCK = 1
    RECORDER_KNOWN = 2
    RECORDER_ON = 4
    NULL_ISLAND = 8
    """Latitude and longitude both zero: a receiver without a position. Stored, never presence."""
    SUSPECT = 16
    """In memory only: the fix is in a suspect interval; see `tracking.presence.suspects`."""


class Fix(Struct, frozen=True, gc=False, omit_defaults=True):
    """Position of a device at one moment. Key: (device, `t`); duplicates are ignored."""

    t: Millis
    """Time of the GNSS fix, ms since 1970-01-01 UTC. Required."""
    lat: Latitude
    """Degrees north, -90 to 90, in the device's declared datum. Required."""
    lon: Longitude
    """Degrees east, -180 to 180, in the device's declared datum. Required."""
    acc: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    """Radius of 68 % confidence, m. Absent: unknown, estimated from the track by rules, NULL is stored."""
    spd: Annotated[float, Meta(ge=0, le=400)] | None = None
    """Speed over ground, m/s. Absent: unknown, never 0 or -1."""
    hdg: Annotated[float, Meta(ge=0, le=360)] | None = None
    """Course over ground, degrees clockwise from north. Absent: unknown."""
    alt: Annotated[float, Meta(ge=-1000, le=20_000)] | None = None
    """Height above the ellipsoid, m. Absent: unknown."""
    src: Source = Source.GNSS
    """Where the position comes from. `last_known`, `manual` and `ping` never count as presence. Absent: gnss."""
    seq: Seq | None = None
    """Sequence number within one boot of the device. Absent: gaps are not detected."""
    boot: ShortText | None = None
    """Identifies one boot of the device. Absent: restarts are not detected."""
    first: Seq | None = None
    """First number of the boot that will be sent; ignored above `seq`. Absent: 0."""
    bat: Annotated[float, Meta(ge=0, le=100)] | None = None
    """Battery, per cent. Absent: unknown."""
    sat: Annotated[int, Meta(ge=0, le=200)] | None = None
    """Satellites used. Absent: unknown."""
    mock: bool = False
    """True if the platform reports a mocked position. Absent: false."""
    duty: Duty = Duty.DUTY
    """What the officer is doing. `off` is refused and not stored. Absent: duty."""
    rec: bool | None = None
    """Whether the body camera is recording. Absent: unknown."""


class Media(Struct, frozen=True, omit_defaults=True):
    """A photograph or recording that belongs to an event, uploaded over HTTP by its hash."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    """SHA-256 of the bytes, lower-case hexadecimal. Required."""
    mime: ShortText
    """Media type, for example image/jpeg. Required."""
    bytes: Annotated[int, Meta(ge=0, le=(1 << 40))]
    """Size in bytes. Required."""


class Event(Struct, frozen=True, omit_defaults=True):
    """Something an officer did or found. Key: `id`; duplicates are ignored."""

    id: Annotated[str, Meta(pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    """ULID, the idempotency key. Required."""
    t: Millis
    """When it happened, ms since 1970-01-01 UTC. Required."""
    lat: Latitude
    """Degrees north, in the device's declared datum. Required."""
    lon: Longitude
    """Degrees east, in the device's declared datum. Required."""
    type: Annotated[str, Meta(min_length=1, max_length=32)]
    """Code of the event catalogue, for example 05.01 (vending); or sign_in, sign_out, sos, checkpoint. Required."""
    acc: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    """Radius of 68 % confidence, m. Absent: unknown."""
    text: LongText | None = None
    """Text of the officer; the badge for sign_in, the code for checkpoint. Absent: nothing."""
    subject: ShortText | None = None
    """Keyed hash of the party or shop, never a name. Absent: nobody named."""
    media: Annotated[list[Media], Meta(max_length=32)] = []
    """Photographs and recordings. Absent: none."""
    case: ShortText | None = None
    """Case number. Absent: none."""


class Status(Struct, frozen=True, omit_defaults=True):
    """Retained state of a device; its last will says `online: false`."""

    online: bool
    """False in the last will. Required."""
    t: Millis | None = None
    """Time of writing. Absent (last will): time of receipt."""
    bat: Annotated[float, Meta(ge=0, le=100)] | None = None
    """Battery, per cent. Absent: unknown."""
    app: ShortText | None = None
    """Version of the device's software. Absent: unknown."""


class ReplyState(StrEnum):
    """What the officer answered to a command."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ARRIVED = "arrived"
    DONE = "done"


class Reply(Struct, frozen=True, omit_defaults=True):
    """Answer of a device to a command."""

    cmd: ShortText
    """Id of the command answered. Required."""
    state: ReplyState
    """Answer of the officer. Required."""
    t: Millis
    """When, ms since 1970-01-01 UTC. Required."""
    text: LongText | None = None
    """Text of the officer. Absent: nothing."""


class OwnTracks(Struct, frozen=True, tag_field="_type", omit_defaults=True):
    """Base of the OwnTracks messages, told apart by `_type`."""


class OwnTracksLocation(OwnTracks, frozen=True, tag="location"):
    """OwnTracks position. `acc`, `alt`, `cog`, `vel` are sent only when not zero, so absence is unknown."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    """Degrees north, WGS-84. Required."""
    lon: Annotated[float, Meta(ge=-180, le=180)]
    """Degrees east, WGS-84. Required."""
    tst: Annotated[int, Meta(ge=EARLIEST_MS // 1000, le=LATEST_MS // 1000)]
    """Seconds since 1970-01-01 UTC of the fix; of sending when `t` is "p". Required."""
    acc: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    """Radius of confidence, m. Absent: unknown."""
    alt: Annotated[float, Meta(ge=-1000, le=20_000)] | None = None
    """Height, m. Absent: unknown."""
    batt: Annotated[float, Meta(ge=0, le=100)] | None = None
    """Battery, per cent. Absent: unknown."""
    cog: Annotated[float, Meta(ge=0, le=360)] | None = None
    """Course over ground, degrees. Absent: unknown."""
    vel: Annotated[float, Meta(ge=0, le=1_440)] | None = None
    """Speed, km/h. Absent: unknown or zero."""
    t: ShortText | None = None
    """Trigger; "p" is a ping, "u" by hand. Absent: not said."""


class OwnTracksTransition(OwnTracks, frozen=True, tag="transition"):
    """OwnTracks region transition; a place and a time that the phone measured."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    """Degrees north, WGS-84. Required."""
    lon: Annotated[float, Meta(ge=-180, le=180)]
    """Degrees east, WGS-84. Required."""
    tst: Annotated[int, Meta(ge=EARLIEST_MS // 1000, le=LATEST_MS // 1000)]
    """Seconds since 1970-01-01 UTC of the transition. Required."""
    event: ShortText
    """enter or leave. Required."""
    acc: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    """Radius of confidence, m. Absent: unknown."""


class OwnTracksWill(OwnTracks, frozen=True, tag="lwt"):
    """OwnTracks last will: the phone is offline; `tst` is when it first connected."""

    tst: int | None = None
    """Seconds since 1970-01-01 UTC. Absent: unknown."""


class Command(Struct, frozen=True, omit_defaults=True):
    """Order to a device, published on `cmd`."""

    id: ShortText
    """Idempotency key. Required."""
    type: ShortText
    """goto, message, ... Required."""
    t: Millis
    """When it was given. Required."""
    expires: Millis
    """The device ignores the command afterwards. Required."""
    cell: ShortText | None = None
    """Code of the unit cell to go to. Absent: none."""
    lat: Latitude | None = None
    """Where to go, in the device's declared datum. Absent: nowhere."""
    lon: Longitude | None = None
    """Where to go, in the device's declared datum. Absent: nowhere."""
    text: LongText | None = None
    """Message for the officer. Absent: nothing."""


class Ack(Struct, frozen=True):
    """How far one boot is stored without a gap, published on `ack`; the device may delete these fixes."""

    boot: str
    """Boot the sequence belongs to. Required."""
    seq: int
    """Every fix of this boot from 0, or from its `first`, to `seq` is stored, or was refused for its content."""


def msgpack_or_json(payload: bytes) -> type[msgspec.json.Decoder[object]] | type[msgspec.msgpack.Decoder[object]]:
    """Tell the encoding by the first byte: a MessagePack map or array starts at 0x80 or above, JSON below."""
    return msgspec.msgpack.Decoder if payload[0] >= 0x80 else msgspec.json.Decoder
