"""Application acknowledgements (`ack`): how far each boot of a device is stored without a gap."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ingest.acknowledgement.boots import Boot, BootStore, Key
from ingest.decoding.batch import Number
from ingest.run import metrics
from schemas import topics, wire

EVERY_MS = 5_000
MOST_DEVICES = 50_000
MOST_BOOTS = 16
"""Boots kept for a device: few are needed, and a device that invents names only displaces its own."""
MOST_AT_ONCE = 1_500
"""Boots in one round, so that acknowledgements of a large fleet do not delay storing fixes."""
MOST_SEARCHES = 25
"""Of them, boots for which stored fixes are searched."""

_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class _Device:
    """The boots of a device, in the order last heard."""

    topic: str
    boots: "OrderedDict[str, Boot]" = field(default_factory=OrderedDict)
    due: set[str] = field(default_factory=set)
    acknowledged_at: int = 0

    def acknowledged_lately(self, now: int) -> bool:
        """Whether an `ack` was sent within the last 5 s, by a clock that may have been set back since."""
        return 0 <= now - self.acknowledged_at < EVERY_MS


class _Due(NamedTuple):
    """A boot with a pending acknowledgement."""

    key: Key
    device: _Device
    boot: Boot


@dataclass(slots=True)
class Acks:
    """Known numbers of boots; beyond `most_devices` those of the least recently heard device are dropped."""

    most_devices: int = MOST_DEVICES
    _devices: "OrderedDict[int, _Device]" = field(default_factory=OrderedDict)
    _due: dict[int, None] = field(default_factory=dict)
    """Devices in the order of waiting."""

    def committed(self, numbers: Iterable[Number]) -> None:
        """Add settled numbers: of fixes that are stored, or were refused for their content."""
        for device, boot, seq, first in numbers:
            self._heard(device.id, device.unit, device.name, boot).hear(seq, first)

    async def due(self, now: int, ledger: BootStore) -> list[tuple[str, bytes]]:
        """Topics and payloads to publish at `now` (ms), for devices without an `ack` within 5 s.

        A device deletes what is acknowledged, so the store notes it first, for the next worker.
        """
        taken = self._take(now)
        try:
            await _recall(taken, ledger)
            later = await _search(taken, now, ledger)
            reached = [(waiting, waiting.boot.known.upto) for waiting in taken]
            acknowledged = [(waiting, upto) for waiting, upto in reached if upto >= waiting.boot.first]
            await ledger.note([(*waiting.key, 0, upto) for waiting, upto in acknowledged if upto != waiting.boot.noted])
        except BaseException:
            self._wait(taken)
            raise
        self._wait(later)
        return [self._tell(waiting, upto, now) for waiting, upto in acknowledged]

    def forget(self, devices: Collection[int]) -> None:
        """Drop devices that another worker serves or served: the store is more recent."""
        for device in devices:
            self._devices.pop(device, None)
            self._due.pop(device, None)

    def _heard(self, number: int, unit: str, name: str, boot: str) -> Boot:
        device = self._devices.get(number)
        if device is None:
            topic = str(topics.Topic(unit, name, topics.TopicKind.ACK))
            device = self._devices[number] = _Device(topic)
            if len(self._devices) > self.most_devices:
                gone, _ = self._devices.popitem(last=False)
                self._due.pop(gone, None)
                metrics.ACKS_FORGOTTEN.inc()
        self._devices.move_to_end(number)
        known = device.boots.get(boot)
        if known is None:
            known = device.boots[boot] = Boot()
            if len(device.boots) > MOST_BOOTS:
                old, _ = device.boots.popitem(last=False)
                device.due.discard(old)
                metrics.ACKS_FORGOTTEN.inc()
        device.boots.move_to_end(boot)
        device.due.add(boot)
        self._due[number] = None
        return known

    def _take(self, now: int) -> list[_Due]:
        """Take the boots whose devices have waited longest; new fixes make them due again."""
        taken: list[_Due] = []
        for number in list(self._due):
            device = self._devices[number]
            if device.acknowledged_lately(now):
                continue
            if len(taken) >= MOST_AT_ONCE:
                break
            taken += [_Due((number, name), device, device.boots[name]) for name in device.due]
            device.due.clear()
            del self._due[number]
        return taken

    def _wait(self, boots: Iterable[_Due]) -> None:
        """Process boots in the next round."""
        for waiting in boots:
            number, name = waiting.key
            device = self._devices.get(number)
            if device is not None and name in device.boots:
                device.due.add(name)
                self._due[number] = None

    def _tell(self, due: _Due, upto: int, now: int) -> tuple[str, bytes]:
        due.boot.noted = upto
        due.device.acknowledged_at = now
        return due.device.topic, _encoder.encode(wire.Ack(boot=due.key[1], seq=upto))


async def _recall(taken: list[_Due], ledger: BootStore) -> None:
    """Read the notes of boots that are new to this worker."""
    new = [waiting for waiting in taken if waiting.boot.noted is None]
    if not new:
        return
    noted = await ledger.noted([waiting.key for waiting in new])
    for waiting in new:
        waiting.boot.recall(*noted.get(waiting.key, (None, ())))


async def _search(boots: list[_Due], now: int, ledger: BootStore) -> list[_Due]:
    """Search the store for missing numbers; returns the boots left for the next round."""
    searches = [(waiting, since) for waiting in boots if (since := waiting.boot.search_from(now)) is not None]
    for waiting, since in searches[:MOST_SEARCHES]:
        waiting.boot.learn(await ledger.stored(waiting.key, since=since, above=waiting.boot.known.upto))
        waiting.boot.searched(now)
    return [waiting for waiting, _ in searches[MOST_SEARCHES:]]
