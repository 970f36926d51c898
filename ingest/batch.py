"""Pure: what a group of decoded messages says, in the columns and rows that the store takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.replies import SaidReply
from ingest.decode import Decoded
from ingest.faults import Refused
from ingest.message import Message
from schemas import wire
from schemas.refusals import Refusal
from tracking import datum, device_store, refusal_store
from tracking.fixes import ABSENT, Bool, FixColumns, Float
from tracking.retention import NO_FLOORS, Floors

_TOO_OLD = "older than what is kept (`patrol retention show`)"


@dataclass(frozen=True, slots=True)
class Received:
    """A message and what it says."""

    message: Message
    decoded: Decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidEvent:
    """An event with its place in WGS-84 degrees; `received` is ms."""

    device: int
    received: int
    said: wire.Event
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What goes into one transaction."""

    fixes: FixColumns
    ahead: FixColumns
    """Refused for a clock ahead; not stored, but where their devices were is noted."""
    events: list[SaidEvent]
    said: list[device_store.Said]
    refused: list[refusal_store.Refused]
    replies: list[SaidReply]


def build(
    received: Sequence[Received], devices: Mapping[str, device_store.Device], floors: Floors = NO_FLOORS
) -> Batch:
    """Turn messages into what is stored; those of unknown devices or wrong units become refusals.

    Args:
        received: the messages.
        devices: by name.
        floors: what is older is refused: what belongs to it was dropped.
    """
    fixes: list[wire.Fix] = []
    owners: list[tuple[device_store.Device, int]] = []
    senders: list[Message] = []
    ahead: list[wire.Fix] = []
    owners_ahead: list[tuple[device_store.Device, int]] = []
    events: list[SaidEvent] = []
    said: list[device_store.Said] = []
    refused: list[refusal_store.Refused] = []
    replies: list[SaidReply] = []
    for one in received:
        decoded, at = one.decoded, one.message.received
        refused += [_refusal(one.message, each) for each in decoded.refused]
        device = devices.get(decoded.device)
        if device is None or device.unit != decoded.unit or device.revoked:
            if _says_something(decoded):
                refused.append(_refusal(one.message, _stranger(decoded, device)))
            continue
        fixes += decoded.fixes
        owners += [(device, at)] * len(decoded.fixes)
        senders += [one.message] * len(decoded.fixes)
        ahead += decoded.ahead
        owners_ahead += [(device, at)] * len(decoded.ahead)
        if decoded.event is not None and not _outdated(one, floors, refused):
            events.append(_event(decoded.event, device, at))
        if decoded.status is not None:
            said.append(_said(decoded.status, device, at))
        if decoded.reply is not None:
            replies.append(SaidReply(device=device.id, received=at, said=decoded.reply))
    columns = _since(_columns(fixes, owners), floors, senders, refused)
    return Batch(
        fixes=columns,
        ahead=_columns(ahead, owners_ahead),
        events=events,
        said=said,
        refused=refused,
        replies=replies,
    )


def _outdated(one: Received, floors: Floors, refused: list[refusal_store.Refused]) -> bool:
    event = one.decoded.event
    if event is None or event.t >= floors.events:
        return False
    refused.append(_refusal(one.message, Refused(Refusal.TOO_OLD, _TOO_OLD, None)))
    return True


def _since(
    fixes: FixColumns, floors: Floors, senders: Sequence[Message], refused: list[refusal_store.Refused]
) -> FixColumns:
    """The fixes that are not older than what is kept."""
    old = fixes.t < floors.fixes
    if not old.any():
        return fixes
    # The bytes are not kept: they say where somebody was at a time of which nothing is kept.
    numbers = np.flatnonzero(old).tolist()
    counts = Counter(id(senders[n]) for n in numbers)
    messages = {id(senders[n]): senders[n] for n in numbers}
    refused += [_refusal(messages[key], Refused(Refusal.TOO_OLD, _TOO_OLD, None, n)) for key, n in counts.items()]
    return fixes.take(~old)


def names(received: Sequence[Received]) -> dict[str, str]:
    """Device name → unit of the messages that say something; of several units the first."""
    found: dict[str, str] = {}
    for one in received:
        if _says_something(one.decoded):
            found.setdefault(one.decoded.device, one.decoded.unit)
    return found


def _says_something(decoded: Decoded) -> bool:
    return bool(decoded.fixes) or not (decoded.event is None and decoded.status is None and decoded.reply is None)


def _stranger(decoded: Decoded, device: device_store.Device | None) -> Refused:
    # What it sent is not kept: a device that nobody enrolled is nobody's to look at.
    if device is None:
        detail = f"device {decoded.device} is not enrolled: enrol it, or set PATROL_AUTO_ENROL=true"
        return Refused(Refusal.UNKNOWN_DEVICE, detail, None)
    if device.revoked:
        detail = f"device {decoded.device} is revoked: `patrol device restore` lets it in again"
        return Refused(Refusal.REVOKED, detail, None)
    detail = f"device {decoded.device} is enrolled under unit {device.unit}, not {decoded.unit}"
    return Refused(Refusal.WRONG_UNIT, detail, None)


def _refusal(message: Message, refused: Refused) -> refusal_store.Refused:
    return refusal_store.Refused(
        at=message.received,
        reason=refused.reason,
        topic=message.topic,
        detail=refused.detail,
        payload=refused.payload,
        n=refused.n,
    )


def _event(event: wire.Event, device: device_store.Device, received: int) -> SaidEvent:
    lat, lon = datum.to_wgs84(np.array([event.lat]), np.array([event.lon]), device.datum)
    return SaidEvent(device=device.id, received=received, said=event, lat=float(lat[0]), lon=float(lon[0]))


def _said(status: wire.Status, device: device_store.Device, received: int) -> device_store.Said:
    # Never later than the receipt, or a device whose clock is ahead could not be declared gone by its last will.
    at = received if status.t is None else min(status.t, received)
    return device_store.Said(
        device=device.id, online=status.online, at=at, battery=status.bat, by_itself=status.t is not None
    )


def _columns(fixes: list[wire.Fix], owners: list[tuple[device_store.Device, int]]) -> FixColumns:
    raw_lat, raw_lon = (
        np.array([fix.lat for fix in fixes], np.float64),
        np.array([fix.lon for fix in fixes], np.float64),
    )
    lat, lon, shifted = _wgs84(raw_lat, raw_lon, [device.datum for device, _ in owners])
    return FixColumns.from_columns(
        len(fixes),
        device=[device.id for device, _ in owners],
        received=[at for _, at in owners],
        t=[fix.t for fix in fixes],
        lat=lat,
        lon=lon,
        raw_lat=np.where(shifted, raw_lat, np.nan),
        raw_lon=np.where(shifted, raw_lon, np.nan),
        acc=[fix.acc for fix in fixes],
        spd=[fix.spd for fix in fixes],
        hdg=[fix.hdg for fix in fixes],
        alt=[fix.alt for fix in fixes],
        bat=[fix.bat for fix in fixes],
        sat=[ABSENT if fix.sat is None else fix.sat for fix in fixes],
        src=[wire.SOURCE_CODE[fix.src] for fix in fixes],
        duty=[wire.DUTY_CODE[fix.duty] for fix in fixes],
        flags=[_flags(fix) for fix in fixes],
        seq=[ABSENT if fix.seq is None else fix.seq for fix in fixes],
        boot=_texts([fix.boot for fix in fixes]),
    )


def _wgs84(lat: Float, lon: Float, datums: list[wire.Datum]) -> tuple[Float, Float, Bool]:
    """Places in WGS-84, and which of them were sent in a datum that differs."""
    made_lat, made_lon, shifted = lat.copy(), lon.copy(), np.zeros(len(lat), np.bool_)
    for each in (wire.Datum.GCJ02, wire.Datum.BD09):
        rows = np.array([one is each for one in datums], np.bool_)
        if rows.any():
            made_lat[rows], made_lon[rows] = datum.to_wgs84(lat[rows], lon[rows], each)
            shifted |= rows
    return made_lat, made_lon, shifted


def _flags(fix: wire.Fix) -> int:
    flags = wire.FixFlag.MOCK if fix.mock else 0
    if fix.rec is not None:
        flags |= wire.FixFlag.RECORDER_KNOWN | (wire.FixFlag.RECORDER_ON if fix.rec else 0)
    if fix.lat == 0 and fix.lon == 0:
        flags |= wire.FixFlag.NULL_ISLAND
    return int(flags)


def _texts(texts: list[str | None]) -> NDArray[np.object_]:
    column = np.empty(len(texts), object)
    column[:] = texts
    return column
