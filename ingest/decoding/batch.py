"""The contents of a group of decoded messages, as columns and rows for the store. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from alerts.life.reply import DeviceReply
from ingest.decoding import fix_columns, too_old
from ingest.decoding.decode import Decoded, numbered
from ingest.decoding.faults import DecodeRefusal
from ingest.decoding.message import DeviceMessage
from schemas import wire
from schemas.refusals import Refusal
from tracking.city import enrolment
from tracking.geometry import datum
from tracking.presence.fixes import FixColumns
from tracking.records import refused as refusals
from tracking.records.retention import UNSET, Horizons


class Received(Struct, frozen=True, gc=False):
    """A message and its contents."""

    message: DeviceMessage
    decoded: Decoded


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEvent:
    """An event with its position in WGS-84 degrees; `received` is ms."""

    device: int
    received: int
    content: wire.Event
    lat: float
    lon: float


class Number(NamedTuple):
    """A device and the numbers of one of its fixes, as in `Numbered`."""

    device: enrolment.Device
    boot: str
    seq: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The data of one transaction."""

    fixes: FixColumns
    ahead: FixColumns
    """Refused because of a clock ahead; not stored, but sightings are noted."""
    events: list[DeviceEvent]
    statuses: list[enrolment.StatusReport]
    refused: list[refusals.RefusalRecord]
    replies: list[DeviceReply]
    numbers: list[Number]
    """Numbers of the fixes, settled once the batch is committed."""
    settled: list[Number]
    """The same for fixes refused for their content."""
    misrouted: frozenset[int] = frozenset()
    """Devices of other workers: their data is stored, and their worker computes the stays."""


Senders = Sequence[enrolment.Device | None]
"""By message: its device, None if unknown."""


def senders(received: Sequence[Received], devices: Mapping[str, enrolment.Device]) -> Senders:
    """Look up the senders of the messages once; `devices` by name."""
    return [devices.get(item.decoded.device) for item in received]


def build(
    received: Sequence[Received],
    sent_by: Senders,
    horizons: Horizons = UNSET,
    served: Collection[str] | None = None,
) -> Batch:
    """Convert messages for the store; those of unknown devices or wrong units become refusals.

    Args:
        received: the messages.
        sent_by: their senders.
        horizons: older data is refused.
        served: units whose stays this worker computes; None: all.
    """
    refused = [_refusal(item.message, fault) for item in received for fault in item.decoded.refused]
    known = list(_known(received, sent_by, refused))
    fixes, ahead = _Sent(), _Sent()
    settled: list[Number] = []
    for device, message, decoded in known:
        if decoded.fixes:
            fixes.add(device, message, decoded.fixes)
        if decoded.ahead:
            ahead.add(device, message, decoded.ahead)
        if decoded.settled:
            settled += [Number(device, *span) for span in decoded.settled]
    return Batch(
        fixes=_since(fixes, horizons, refused, settled),
        numbers=fixes.numbers(),
        settled=settled,
        ahead=fix_columns.columns(ahead.fixes, ahead.devices, ahead.received(), ahead.counts),
        events=[
            _event(decoded.event, device, message.received)
            for device, message, decoded in known
            if decoded.event is not None and not _outdated(decoded.event, message, horizons, refused)
        ],
        statuses=[
            _status(decoded.status, device, message.received) for device, message, decoded in known if decoded.status
        ],
        refused=refused,
        replies=[
            DeviceReply(device=device.id, received=message.received, content=decoded.reply)
            for device, message, decoded in known
            if decoded.reply is not None
        ],
        misrouted=frozenset() if served is None else _misrouted(known, served),
    )


def _misrouted(
    known: Sequence[tuple[enrolment.Device, DeviceMessage, Decoded]], served: Collection[str]
) -> frozenset[int]:
    return frozenset(device.id for device, _, _ in known if device.unit not in served)


def _known(
    received: Sequence[Received], sent_by: Senders, refused: list[refusals.RefusalRecord]
) -> Iterator[tuple[enrolment.Device, DeviceMessage, Decoded]]:
    """Contents of permitted devices; the others are refused."""
    for item, device in zip(received, sent_by, strict=True):
        decoded = item.decoded
        if device is not None and device.unit == decoded.unit and not device.revoked:
            yield device, item.message, decoded
        elif _says_something(decoded):
            refused.append(_refusal(item.message, _not_taken(decoded, device)))


@dataclass(slots=True)
class _Sent:
    """The fixes of several messages in order, and the device of each message."""

    fixes: list[wire.Fix] = field(default_factory=list)
    devices: list[enrolment.Device] = field(default_factory=list)
    messages: list[DeviceMessage] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def add(self, device: enrolment.Device, message: DeviceMessage, fixes: list[wire.Fix]) -> None:
        self.fixes += fixes
        self.devices.append(device)
        self.messages.append(message)
        self.counts.append(len(fixes))

    def received(self) -> list[int]:
        return [message.received for message in self.messages]

    def numbers(self, rows: Iterable[int] | None = None) -> list[Number]:
        """The numbers of the fixes in `rows`, None: of all; most devices send none."""
        owners = [device for device, n in zip(self.devices, self.counts, strict=True) for _ in range(n)]
        chosen = range(len(self.fixes)) if rows is None else rows
        return [
            Number(owners[row], *number)
            for row in chosen
            if self.fixes[row].boot is not None and (number := numbered(self.fixes[row])) is not None
        ]


def _outdated(
    event: wire.Event, message: DeviceMessage, horizons: Horizons, refused: list[refusals.RefusalRecord]
) -> bool:
    if event.t >= horizons.events.since(message.received):
        return False
    refused += [_refusal(message, refusal) for refusal in too_old.refusals(np.array([event.t]), message.received)]
    return True


def _since(sent: _Sent, horizons: Horizons, refused: list[refusals.RefusalRecord], settled: list[Number]) -> FixColumns:
    """Fixes within the retention; older ones are refused, and their numbers settled."""
    fixes = fix_columns.columns(sent.fixes, sent.devices, sent.received(), sent.counts)
    old = (fixes.t < horizons.fixes.floor) | (fixes.t < fixes.received - horizons.fixes.back_ms)
    if not old.any():
        return fixes
    settled += sent.numbers(np.flatnonzero(old).tolist())
    owners = np.repeat(np.arange(len(sent.messages)), sent.counts)
    for owner in np.unique(owners[old]).tolist():
        message = sent.messages[owner]
        times = fixes.t[old & (owners == owner)]
        refused += [_refusal(message, refusal) for refusal in too_old.refusals(times, message.received)]
    return fixes.take(~old)


def unenrolled(received: Sequence[Received], sent_by: Senders) -> dict[str, str]:
    """Device name → unit, for unknown devices in valid messages; the first of several units."""
    units: dict[str, str] = {}
    for item, device in zip(received, sent_by, strict=True):
        if device is None and _says_something(item.decoded):
            units.setdefault(item.decoded.device, item.decoded.unit)
    return units


def _says_something(decoded: Decoded) -> bool:
    return bool(decoded.fixes) or not (decoded.event is None and decoded.status is None and decoded.reply is None)


def _not_taken(decoded: Decoded, device: enrolment.Device | None) -> DecodeRefusal:
    # Its bytes are not kept: nobody may see data of a device that is not enrolled.
    if device is None:
        detail = f"device {decoded.device} is not enrolled: enrol it, or set PATROL_AUTO_ENROL=true"
        return DecodeRefusal(Refusal.UNKNOWN_DEVICE, detail, None)
    if device.revoked:
        detail = f"device {decoded.device} is revoked: `patrol device restore` lets it in again"
        return DecodeRefusal(Refusal.REVOKED, detail, None)
    detail = f"device {decoded.device} is enrolled under unit {device.unit}, not {decoded.unit}"
    return DecodeRefusal(Refusal.WRONG_UNIT, detail, None)


def _refusal(message: DeviceMessage, refused: DecodeRefusal) -> refusals.RefusalRecord:
    return refusals.RefusalRecord(
        at=message.received,
        reason=refused.reason,
        topic=message.topic,
        detail=refused.detail,
        payload=refused.payload,
        n=refused.n,
    )


def _event(event: wire.Event, device: enrolment.Device, received: int) -> DeviceEvent:
    lat, lon = datum.to_wgs84(np.array([event.lat]), np.array([event.lon]), device.datum)
    return DeviceEvent(device=device.id, received=received, content=event, lat=float(lat[0]), lon=float(lon[0]))


def _status(status: wire.Status, device: enrolment.Device, received: int) -> enrolment.StatusReport:
    # Not later than the receipt, or the last will of a device with a clock ahead would be ignored.
    at = received if status.t is None else min(status.t, received)
    return enrolment.StatusReport(
        device=device.id, online=status.online, at=at, battery=status.bat, by_itself=status.t is not None
    )
