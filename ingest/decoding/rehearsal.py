"""A plain message that replaces a rejected one, to find out whether the message is at fault. Pure."""

from ingest.decoding.batch import Received
from ingest.decoding.decode import Decoded, Numbered
from ingest.decoding.faults import DecodeRefusal
from schemas import wire
from schemas.refusals import Refusal

_ID = "0" * 26
_BOOT = "rehearsal"


def with_plain_values(received: Received) -> Received:
    """A message of the same sender and kind with the plainest values; never stored."""
    t, decoded = received.message.received, received.decoded
    return Received(
        received.message,
        Decoded(
            unit=decoded.unit,
            device=decoded.device,
            fixes=[wire.Fix(t=t, lat=0, lon=0, seq=0, boot=_BOOT)] if decoded.fixes else [],
            event=None if decoded.event is None else wire.Event(id=_ID, t=t, lat=0, lon=0, type="05.01"),
            status=None if decoded.status is None else wire.Status(online=True),
            reply=None if decoded.reply is None else wire.Reply(cmd=_ID, state=wire.ReplyState.DONE, t=t),
            refused=[DecodeRefusal(Refusal.OUT_OF_RANGE, _BOOT, None)],
            settled=[Numbered(_BOOT, 0, 0)],
        ),
    )
