"""A message that the database rejects: it is replaced by its refusal."""

import structlog

from ingest.decoding import decode, faults
from ingest.decoding.batch import Received
from ingest.decoding.faults import DecodeRefusal
from ingest.run import metrics
from schemas.refusals import Refusal

log = structlog.get_logger(__name__)


def as_refusal(received: Received, error: Exception) -> Received:
    """A refusal in place of a message; its fixes need not be sent again."""
    metrics.POISON.inc()
    message, decoded = received.message, received.decoded
    log.error("message refused, the database will not hold it", topic=message.topic, error=str(error))
    detail = f"the database will not hold it: {error}"[:200]
    refusal = DecodeRefusal(Refusal.OUT_OF_RANGE, detail, faults.payload_excerpt(message.payload))
    settled = [number for fix in decoded.fixes if (number := decode.numbered(fix)) is not None]
    return Received(
        message, decode.Decoded(decoded.unit, decoded.device, refused=[refusal], settled=decoded.settled + settled)
    )
