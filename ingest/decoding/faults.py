"""Reasons of decoding errors, and the bytes that may be kept for operators. Pure."""

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import msgspec

from schemas.refusals import Refusal

KEPT_BYTES = 1024
KEPT_PER_MESSAGE = 10
"""Refused elements of one message kept with their bytes; further ones are only counted."""

T = TypeVar("T")

_RANGE = re.compile(r"^Expected `\w+` (<|>|==|of length|matching|that's)|out of range|^Invalid enum value")
_FIELD = re.compile(r"at `\$\.(\w+)`")
_BYTE = re.compile(r"\(byte (\d+)\)")
_NO_JSON_NUMBER = re.compile(rb"-?(NaN|Infinity|inf|nan)\b")


@dataclass(frozen=True, slots=True)
class DecodeRefusal:
    """A refusal of a message, or of `n` similar parts."""

    reason: Refusal
    detail: str
    payload: bytes | None
    """The first bytes; None if they would be personal data."""
    n: int = 1


class Codec(Generic[T]):
    """Decodes a type from JSON or MessagePack, distinguished by the first byte."""

    def __init__(self, of: Any) -> None:
        self._json: msgspec.json.Decoder[T] = msgspec.json.Decoder(of)
        self._msgpack: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(of)

    def decode(self, payload: bytes, *, msgpack: bool | None = None) -> T:
        """Decode `payload`, which is not empty; `msgpack` says the encoding of a part, whose first byte does not.

        Raises:
            msgspec.DecodeError: not of the type, or no JSON or MessagePack.
            UnicodeDecodeError: a text is not UTF-8.
            RecursionError: nested too deep.
        """
        packed = payload[0] >= 0x80 and is_msgpack(payload) if msgpack is None else msgpack
        return (self._msgpack if packed else self._json).decode(payload)


def is_msgpack(payload: bytes) -> bool:
    """Whether a non-empty `payload` starts with a MessagePack map or array."""
    return 0x80 <= payload[0] <= 0x9F or 0xDC <= payload[0] <= 0xDF


def classify(error: Exception, payload: bytes) -> DecodeRefusal:
    """Classify an error of a Codec."""
    if isinstance(error, RecursionError):
        return DecodeRefusal(Refusal.MALFORMED, "nested too deep", payload_excerpt(payload))
    if isinstance(error, UnicodeDecodeError):
        return DecodeRefusal(Refusal.MALFORMED, "a text is not valid UTF-8", payload_excerpt(payload))
    detail = str(error)
    if not isinstance(error, msgspec.ValidationError):
        reason = Refusal.NOT_FINITE if _stopped_at_no_number(detail, payload) else Refusal.MALFORMED
    elif not _RANGE.search(detail):
        reason = Refusal.WRONG_TYPE
    else:
        reason = Refusal.NOT_FINITE if _not_finite(detail, payload) else Refusal.OUT_OF_RANGE
    return DecodeRefusal(reason, detail[:200], payload_excerpt(payload))


def payload_excerpt(payload: bytes) -> bytes | None:
    """First bytes of a refused payload; None if it may be an off-duty fix, which is personal data."""
    # An escaped text may also mean "off"; hiding too much is safe.
    if b"off" in payload.lower() or b"\\u" in payload:
        return None
    return payload[:KEPT_BYTES]


def add_refusal(refusals: list[DecodeRefusal], new: DecodeRefusal) -> None:
    """Append `new`, or count it on the last one beyond KEPT_PER_MESSAGE of its reason."""
    alike = [n for n, refusal in enumerate(refusals) if refusal.reason is new.reason]
    if len(alike) < KEPT_PER_MESSAGE:
        refusals.append(new)
    else:
        refusals[alike[-1]] = replace(refusals[alike[-1]], n=refusals[alike[-1]].n + new.n)


def _stopped_at_no_number(detail: str, payload: bytes) -> bool:
    at = _BYTE.search(detail)
    # The parser stops at the first or, after a minus, at the second character.
    return at is not None and any(_NO_JSON_NUMBER.match(payload, max(int(at[1]) - back, 0)) for back in (0, 1))


def _not_finite(detail: str, payload: bytes) -> bool:
    """Whether a value out of range is NaN or infinite, which is possible only in MessagePack."""
    at = _FIELD.search(detail)
    if at is None or not is_msgpack(payload):
        return False
    try:
        value = msgspec.msgpack.decode(payload).get(at[1])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError, TypeError):
        return False
    return isinstance(value, float) and not math.isfinite(value)
