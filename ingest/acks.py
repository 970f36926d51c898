"""Application acknowledgements: how far each boot of a device is in the database without a gap, for its outbox."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from ingest import metrics
from ingest.batch import Received
from schemas import topics, wire
from tracking import device_store

EVERY_MS = 5_000
MOST_BOOTS = 50_000
MOST_AHEAD = 10_000

_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class _Boot:
    """One boot of a device: every seq up to `upto` is stored, as are those in `ahead`, beyond a gap."""

    topic: str
    upto: int | None = None
    """None: what the store holds of this boot was not asked yet."""
    ahead: set[int] = field(default_factory=set)
    told_at: int = 0

    def add(self, seqs: Iterable[int]) -> None:
        """Take stored numbers and close gaps. Too far ahead is forgotten: the device sends it again."""
        self.ahead.update(seqs)
        if self.upto is not None:
            while self.upto + 1 in self.ahead:
                self.upto += 1
                self.ahead.discard(self.upto)
            self.ahead = {seq for seq in self.ahead if seq > self.upto}
        if len(self.ahead) > MOST_AHEAD:
            self.ahead = set(sorted(self.ahead)[:MOST_AHEAD])


Key = tuple[int, str]
Reader = Callable[[int, str], Awaitable[int | None]]
"""Device and boot to the last stored seq without a gap before it, None when nothing is stored."""


@dataclass(slots=True)
class Acks:
    """State by (device, boot), the least recently heard forgotten beyond `most_boots`."""

    most_boots: int = MOST_BOOTS
    _boots: "OrderedDict[Key, _Boot]" = field(default_factory=OrderedDict)
    _due: set[Key] = field(default_factory=set)

    def committed(self, received: Iterable[Received], devices: Mapping[str, device_store.Device]) -> None:
        """Note the fixes of committed messages, and those that were refused for what they say: none must come again."""
        for one in received:
            decoded = one.decoded
            numbered = [(fix.boot, fix.seq) for fix in decoded.fixes if fix.boot is not None and fix.seq is not None]
            if not numbered and not decoded.settled:
                continue
            found = _by_boot(numbered + decoded.settled)
            device = devices.get(decoded.device)
            if device is None or device.unit != decoded.unit:
                continue
            for boot, seqs in found.items():
                self._add((device.id, boot), decoded.unit, decoded.device, seqs)

    async def due(self, now: int, read: Reader) -> list[tuple[str, bytes]]:
        """Topics and payloads to publish at `now` (ms): what moved on and was not told within the last 5 s."""
        made: list[tuple[str, bytes]] = []
        for key in list(self._due):
            boot = self._boots.get(key)
            if boot is None:
                self._due.discard(key)
            elif now - boot.told_at >= EVERY_MS:
                if boot.upto is None:
                    boot.upto = await read(*key)
                    boot.upto = min(boot.ahead) - 1 if boot.upto is None and boot.ahead else boot.upto
                    boot.add(())
                self._due.discard(key)
                made += _tell(key, boot, now)
        return made

    def forget(self, devices: Collection[int]) -> None:
        """Let go of what is known of devices that another worker serves or served: the store knows better."""
        for key in [key for key in self._boots if key[0] in devices]:
            del self._boots[key]
            self._due.discard(key)

    def _add(self, key: Key, unit: str, device: str, seqs: list[int]) -> None:
        boot = self._boots.get(key)
        if boot is None:
            topic = str(topics.Topic(unit, device, topics.Kind.ACK))
            boot = self._boots[key] = _Boot(topic)
            if len(self._boots) > self.most_boots:
                self._boots.popitem(last=False)
                metrics.ACKS_FORGOTTEN.inc()
        self._boots.move_to_end(key)
        boot.add(seqs)
        self._due.add(key)


def _tell(key: Key, boot: _Boot, now: int) -> list[tuple[str, bytes]]:
    if boot.upto is None or boot.upto < 0:
        return []
    boot.told_at = now
    return [(boot.topic, _encoder.encode(wire.Ack(boot=key[1], seq=boot.upto)))]


def _by_boot(numbered: list[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for boot, seq in numbered:
        found.setdefault(boot, []).append(seq)
    return found
