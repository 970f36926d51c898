"""Converts OwnTracks messages to the wire protocol. Pure."""

import msgspec

from ingest.decoding import faults
from ingest.decoding.faults import DecodeRefusal
from schemas import wire
from schemas.refusals import Refusal

_MS_PER_S = 1000
_KMH_PER_MS = 3.6
_PINGED = "p"
_TAG = wire.OwnTracks.__struct_config__.tag_field

_Message = wire.OwnTracksLocation | wire.OwnTracksTransition | wire.OwnTracksWill
_CODEC: faults.Codec[_Message] = faults.Codec(_Message)


def decode(payload: bytes) -> wire.Fix | wire.Status:
    """Decode one OwnTracks message; raises as `faults.Codec.decode`."""
    message = _CODEC.decode(payload)
    if isinstance(message, wire.OwnTracksLocation):
        return _location(message)
    if isinstance(message, wire.OwnTracksTransition):
        return wire.Fix(t=message.tst * _MS_PER_S, lat=message.lat, lon=message.lon, acc=message.acc)
    # The `tst` of the last will is the first connection, so the time of receipt is better.
    return wire.Status(online=False)


def classify(error: Exception, payload: bytes) -> DecodeRefusal:
    """Classify an error of `decode`; a message of another `_type` is well-formed but unused."""
    if isinstance(error, msgspec.ValidationError) and f"`$.{_TAG}`" in str(error) and "Invalid value" in str(error):
        return DecodeRefusal(Refusal.NOT_A_POSITION, str(error)[:200], faults.payload_excerpt(payload))
    return faults.classify(error, payload)


def _location(message: wire.OwnTracksLocation) -> wire.Fix:
    return wire.Fix(
        t=message.tst * _MS_PER_S,
        lat=message.lat,
        lon=message.lon,
        acc=message.acc,
        # Some phones send 0 for unknown values, so zero means unknown.
        spd=message.vel / _KMH_PER_MS if message.vel else None,
        hdg=message.cog or None,
        alt=message.alt,
        bat=message.batt,
        # "u" requests a measurement at once: an ordinary fix.
        src=wire.Source.PING if message.t == _PINGED else wire.Source.GNSS,
    )
