"""Decodes one MQTT message to fixes, an event, a status, a reply and refusals. Pure. Step 2 of the path."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec

from ingest.decoding import faults, owntracks
from ingest.decoding.faults import DecodeRefusal
from ingest.decoding.routes import Routes
from schemas import topics, wire
from schemas.refusals import Refusal

T = TypeVar("T")

_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# Used for every fix: looking up a member of an enumeration is a function call.
_OFF = wire.Duty.OFF


class Numbered(NamedTuple):
    """The numbering of a fix within its boot."""

    boot: str
    seq: int
    first: int
    """The first number of the boot."""


def numbered(fix: "wire.Fix | _Numbers") -> Numbered | None:
    """The numbering of a fix; None without one, or for a boot that cannot be stored."""
    if fix.boot is None or fix.seq is None or _has_nul(fix):
        return None
    return Numbered(fix.boot, fix.seq, fix.first if fix.first is not None and fix.first <= fix.seq else 0)


class Decoded(msgspec.Struct, gc=False):
    """The contents of one message; all parts may be empty, and valid fixes may be beside refused ones."""

    unit: str = ""
    device: str = ""
    fixes: list[wire.Fix] = []
    """In the device's declared datum."""
    event: wire.Event | None = None
    status: wire.Status | None = None
    reply: wire.Reply | None = None
    refused: list[DecodeRefusal] = []
    ahead: list[wire.Fix] = []
    """Fixes refused because of a future time; their positions may be right."""
    settled: list[Numbered] = []
    """Numbers of fixes refused for their content, which need not be sent again."""


class _Numbers(msgspec.Struct):
    """The numbering of a fix whose other fields are unchecked."""

    boot: wire.ShortText | None = None
    seq: wire.Seq | None = None
    first: wire.Seq | None = None


_FIX: faults.Codec[wire.Fix | list[wire.Fix]] = faults.Codec(wire.Fix | list[wire.Fix])
_ONE_FIX: faults.Codec[wire.Fix] = faults.Codec(wire.Fix)
_NUMBERED: faults.Codec[_Numbers] = faults.Codec(_Numbers)
_ELEMENTS: faults.Codec[list[msgspec.Raw]] = faults.Codec(list[msgspec.Raw])
_EVENT: faults.Codec[wire.Event] = faults.Codec(wire.Event)
_STATUS: faults.Codec[wire.Status] = faults.Codec(wire.Status)
_REPLY: faults.Codec[wire.Reply] = faults.Codec(wire.Reply)


_routes = Routes()


def decode(topic: str, payload: bytes, *, retained: bool, now: int) -> Decoded:
    """Decode one message; never raises, whatever the bytes.

    Args:
        topic: as the broker gave it.
        payload: may be truncated if longer than `wire.MAX_PAYLOAD_BYTES`.
        retained: the broker replays an old message because of a subscription.
        now: ms since 1970-01-01 UTC, the server's clock.
    """
    unit, device, kind, fault = _routes.of(topic)
    result = Decoded(unit, device)
    if kind is None:
        return result if fault is None else _refuse(result, *fault, payload)
    if retained and kind is not topics.TopicKind.STATUS:
        return _refuse(result, Refusal.RETAINED_REPLAY, "only `status` may be retained", payload)
    if not payload:
        # An empty retained payload deletes a retained message in MQTT; it says nothing about the device.
        return _refuse(result, Refusal.EMPTY, "the payload has no bytes", payload)
    if len(payload) > wire.MAX_PAYLOAD_BYTES:
        detail = f"more than {wire.MAX_PAYLOAD_BYTES} bytes: send arrays in parts"
        return _refuse(result, Refusal.TOO_LARGE, detail, payload)
    _KINDS[kind](result, payload, now)
    return result


def _fixes(result: Decoded, payload: bytes, now: int) -> None:
    try:
        decoded = _FIX.decode(payload)
    except _UNDECODABLE:
        _elements(result, payload, now)
        return
    if isinstance(decoded, wire.Fix) and _plain(decoded, now):
        result.fixes = [decoded]
        return
    fixes = decoded if isinstance(decoded, list) else [decoded]
    if not _countable(result, len(fixes), payload):
        return
    good = [fix for fix in fixes if _plain(fix, now)]
    result.fixes = good
    if len(good) != len(fixes):
        for fix in fixes:
            _check(result, fix, now + wire.MAX_AHEAD_MS, msgspec.json.encode(fix))


def _plain(fix: wire.Fix, now: int) -> bool:
    """Whether a fix is valid."""
    return fix.duty is not _OFF and fix.t <= now + wire.MAX_AHEAD_MS and (fix.boot is None or not _has_nul(fix))


def _elements(result: Decoded, payload: bytes, now: int) -> None:
    """Decode each element alone, so that valid ones are kept."""
    try:
        elements = [bytes(raw) for raw in _ELEMENTS.decode(payload)] if _is_array(payload) else [payload]
    except _UNDECODABLE as error:
        result.refused.append(faults.classify(error, payload))
        return
    if not _countable(result, len(elements), payload):
        return
    latest, packed = now + wire.MAX_AHEAD_MS, faults.is_msgpack(payload)
    for element in elements:
        try:
            fix = _ONE_FIX.decode(element, msgpack=packed)
        except _UNDECODABLE as error:
            _add(result, faults.classify(error, element))
            _settle(result, _numbers(element, msgpack=packed))
            continue
        if _check(result, fix, latest, element):
            result.fixes.append(fix)


def _check(result: Decoded, fix: wire.Fix, latest: int, payload: bytes) -> bool:
    if fix.duty is _OFF:
        _add(result, DecodeRefusal(Refusal.OFF_DUTY, "off-duty fixes are not stored", None))
    elif fix.t > latest:
        _add(
            result,
            DecodeRefusal(
                Refusal.FUTURE_TIME, f"t is {fix.t - latest} ms too far ahead", faults.payload_excerpt(payload)
            ),
        )
        result.ahead.append(fix)
    elif _has_nul(fix):
        _add(
            result,
            DecodeRefusal(Refusal.OUT_OF_RANGE, "boot holds the character U+0000", faults.payload_excerpt(payload)),
        )
    else:
        return True
    _settle(result, fix)
    return False


def _numbers(payload: bytes, *, msgpack: bool) -> _Numbers | None:
    """Boot and number of an invalid fix."""
    try:
        return _NUMBERED.decode(payload, msgpack=msgpack)
    except _UNDECODABLE:
        return None


def _settle(result: Decoded, fix: wire.Fix | _Numbers | None) -> None:
    if fix is not None and (numbers := numbered(fix)) is not None:
        result.settled.append(numbers)


def _countable(result: Decoded, n: int, payload: bytes) -> bool:
    if n == 0:
        _refuse(result, Refusal.EMPTY, "the array has no elements", payload)
    elif n > wire.MAX_FIXES_PER_MESSAGE:
        _refuse(result, Refusal.TOO_MANY, f"{n} fixes, more than {wire.MAX_FIXES_PER_MESSAGE} in a message", payload)
    return 0 < n <= wire.MAX_FIXES_PER_MESSAGE


def _event(result: Decoded, payload: bytes, now: int) -> None:
    event = _one(_EVENT, result, payload)
    if event is None or _ahead(result, event.t, now, payload):
        return
    media = [text for item in event.media for text in (item.sha256, item.mime)]
    if not _nul(result, payload, event.id, event.type, event.text, event.subject, event.case, *media):
        result.event = event


def _status(result: Decoded, payload: bytes, now: int) -> None:
    status = _one(_STATUS, result, payload)
    if status is not None and not _ahead(result, status.t, now, payload) and not _nul(result, payload, status.app):
        result.status = status


def _reply(result: Decoded, payload: bytes, now: int) -> None:
    reply = _one(_REPLY, result, payload)
    if (
        reply is not None
        and not _ahead(result, reply.t, now, payload)
        and not _nul(result, payload, reply.cmd, reply.text)
    ):
        result.reply = reply


def _owntracks(result: Decoded, payload: bytes, now: int) -> None:
    try:
        decoded = owntracks.decode(payload)
    except _UNDECODABLE as error:
        result.refused.append(owntracks.classify(error, payload))
        return
    if isinstance(decoded, wire.Status):
        result.status = decoded
    elif _check(result, decoded, now + wire.MAX_AHEAD_MS, payload):
        result.fixes.append(decoded)


def _one(codec: faults.Codec[T], result: Decoded, payload: bytes) -> T | None:
    try:
        return codec.decode(payload)
    except _UNDECODABLE as error:
        result.refused.append(faults.classify(error, payload))
        return None


def _ahead(result: Decoded, t: int | None, now: int, payload: bytes) -> bool:
    if t is None or t <= now + wire.MAX_AHEAD_MS:
        return False
    _refuse(result, Refusal.FUTURE_TIME, f"t is {t - now - wire.MAX_AHEAD_MS} ms too far ahead", payload)
    return True


def _nul(result: Decoded, payload: bytes, *texts: str | None) -> bool:
    # PostgreSQL cannot store U+0000 in texts; one such message must not fail a whole batch.
    if not any(text and "\0" in text for text in texts):
        return False
    _refuse(result, Refusal.OUT_OF_RANGE, "a text holds the character U+0000", payload)
    return True


def _has_nul(fix: wire.Fix | _Numbers) -> bool:
    return fix.boot is not None and "\0" in fix.boot


def _refuse(result: Decoded, reason: Refusal, detail: str, payload: bytes) -> Decoded:
    result.refused.append(DecodeRefusal(reason, detail, faults.payload_excerpt(payload)))
    return result


def _add(result: Decoded, refused: DecodeRefusal) -> None:
    faults.add_refusal(result.refused, refused)


def _is_array(payload: bytes) -> bool:
    if faults.is_msgpack(payload):
        return payload[0] >= 0x90 and payload[0] not in (0xDE, 0xDF)
    return payload.lstrip(b" \t\r\n").startswith(b"[")


_KINDS: dict[topics.TopicKind, Callable[[Decoded, bytes, int], None]] = {
    topics.TopicKind.FIX: _fixes,
    topics.TopicKind.BUFFER: _fixes,
    topics.TopicKind.EVENT: _event,
    topics.TopicKind.STATUS: _status,
    topics.TopicKind.REPLY: _reply,
    topics.TopicKind.OWNTRACKS: _owntracks,
}
