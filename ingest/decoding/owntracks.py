"""Pure: what an OwnTracks phone says, in the words of our own wire contract."""

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
    # The will's `tst` is when the phone first connected, so the time of receipt is the better one.
    return wire.Status(online=False)


def refused(error: Exception, payload: bytes) -> DecodeRefusal:
    """Classify what `decode` raised; a message of another `_type` is well-formed, but nothing for us."""
    if isinstance(error, msgspec.ValidationError) and f"`$.{_TAG}`" in str(error) and "Invalid value" in str(error):
        return DecodeRefusal(Refusal.NOT_A_POSITION, str(error)[:200], faults.keep(payload))
    return faults.refused(error, payload)


def _location(message: wire.OwnTracksLocation) -> wire.Fix:
    return wire.Fix(
        t=message.tst * _MS_PER_S,
        lat=message.lat,
        lon=message.lon,
        acc=message.acc,
        # Some phones always send 0 for what they do not know: a zero is no more than absence.
        spd=message.vel / _KMH_PER_MS if message.vel else None,
        hdg=message.cog or None,
        alt=message.alt,
        bat=message.batt,
        # "u" asks the phone to measure and send at once: a fix like any other.
        src=wire.Source.PING if message.t == _PINGED else wire.Source.GNSS,
    )
