"""Application acknowledgements: how far each boot of a device is in the database without a gap, for its outbox."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from ingest import metrics
from ingest.batch import Received, Senders
from ingest.decode import Decoded
from schemas import topics, wire

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
    refused: set[int] = field(default_factory=set)
    """Those settled by a refusal that the store was not told of yet: no fix will say that they are."""

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
            self.refused &= self.ahead

    def told(self, now: int) -> bool:
        """Whether it was told within the last 5 s, by a clock that may have been set back since."""
        return 0 <= now - self.told_at < EVERY_MS

    def passed(self) -> set[int]:
        """Refused numbers that `upto` went over, and that the store is to be told of."""
        return {seq for seq in self.refused if self.upto is not None and seq <= self.upto}


Key = tuple[int, str]
Reader = Callable[[int, str], Awaitable[int | None]]
"""Device and boot to the last settled seq without a gap before it, None when nothing is known."""
Noter = Callable[[Sequence[tuple[int, str, int]]], Awaitable[None]]
"""Stores (device, boot, seq): every seq up to it is settled."""


@dataclass(slots=True)
class Acks:
    """State by (device, boot), the least recently heard forgotten beyond `most_boots`."""

    most_boots: int = MOST_BOOTS
    _boots: "OrderedDict[Key, _Boot]" = field(default_factory=OrderedDict)
    _due: set[Key] = field(default_factory=set)

    def committed(self, received: Sequence[Received], sent_by: Senders) -> None:
        """Note the fixes of committed messages, and those that were refused for what they say: none must come again."""
        for one, device in zip(received, sent_by, strict=True):
            decoded = one.decoded
            numbered = [(fix.boot, fix.seq) for fix in decoded.fixes if fix.boot is not None and fix.seq is not None]
            if not numbered and not decoded.settled:
                continue
            if device is None or device.unit != decoded.unit:
                continue
            refused = _by_boot(decoded.settled)
            for boot, seqs in _by_boot(numbered + decoded.settled).items():
                self._add((device.id, boot), decoded, seqs, refused.get(boot, ()))

    async def due(self, now: int, read: Reader, note: Noter) -> list[tuple[str, bytes]]:
        """Topics and payloads to publish at `now` (ms): what moved on and was not told within the last 5 s.

        What a device is told it forgets. So that another worker can go on from there, the store is told before of
        boots of which numbers were refused.
        """
        made: list[tuple[str, bytes]] = []
        over: list[tuple[int, str, int]] = []
        for key in [key for key in self._due if key not in self._boots]:
            self._due.discard(key)
        for key, boot in [(key, self._boots[key]) for key in self._due]:
            if boot.told(now):
                continue
            if boot.upto is None:
                boot.upto = await read(*key)
                boot.upto = min(boot.ahead) - 1 if boot.upto is None and boot.ahead else boot.upto
                boot.add(())
            self._due.discard(key)
            made += _tell(key, boot, now)
            over += _passed(key, boot)
        if over:
            await note(over)
            for device, name, _ in over:
                if (noted := self._boots.get((device, name))) is not None:
                    noted.refused -= noted.passed()
        return made

    def forget(self, devices: Collection[int]) -> None:
        """Let go of what is known of devices that another worker serves or served: the store knows better."""
        for key in [key for key in self._boots if key[0] in devices]:
            del self._boots[key]
            self._due.discard(key)

    def _add(self, key: Key, decoded: Decoded, seqs: Iterable[int], refused: Iterable[int]) -> None:
        boot = self._boots.get(key)
        if boot is None:
            topic = str(topics.Topic(decoded.unit, decoded.device, topics.Kind.ACK))
            boot = self._boots[key] = _Boot(topic)
            if len(self._boots) > self.most_boots:
                self._boots.popitem(last=False)
                metrics.ACKS_FORGOTTEN.inc()
        self._boots.move_to_end(key)
        boot.refused.update(refused)
        boot.add(seqs)
        self._due.add(key)


def _tell(key: Key, boot: _Boot, now: int) -> list[tuple[str, bytes]]:
    if boot.upto is None or boot.upto < 0:
        return []
    boot.told_at = now
    return [(boot.topic, _encoder.encode(wire.Ack(boot=key[1], seq=boot.upto)))]


def _passed(key: Key, boot: _Boot) -> list[tuple[int, str, int]]:
    return [(*key, boot.upto)] if boot.upto is not None and boot.passed() else []


def _by_boot(numbered: list[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for boot, seq in numbered:
        found.setdefault(boot, []).append(seq)
    return found
