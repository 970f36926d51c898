"""Messages that the broker has and the database may not have yet: kept until `ack` names them. Pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from schemas import topics, wire

AGAIN_S, LONGEST_S = 30.0, 600.0
"""A device sends again what is left of a boot when no `ack` let go of anything of it for so long: the broker may have
lost it. Each time it waits twice as long, up to the longest: a server that is behind needs no second copy."""

_Boot = tuple[str, str | None]
"""Topic of a device, and one of its boots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to publish with QoS 1 (or `qos`). `points` counts what is in it, `source` names what it came from."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    points: int = 0
    source: int = 0
    boot: str | None = None
    """Boot of the fixes in it; None: nobody will say that they are stored."""
    seq: int = 0
    """Highest of their numbers in that boot."""


@dataclass(slots=True)
class Unstored:
    """What waits to be named, in the order in which it was sent.

    Args:
        devices: topics of the devices, `patrol/v1/{unit}/{device}`, that are told what is stored.
    """

    devices: Sequence[str] = ()
    _kept: deque[tuple[float, Message]] = field(default_factory=deque)
    _heard: dict[_Boot, float] = field(default_factory=dict)
    """When an `ack` let go of something of a boot, or all of it was sent again, s."""
    _patience: dict[_Boot, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def filters(self) -> list[str]:
        """Topics to subscribe to."""
        return [f"{device}/{topics.TopicKind.ACK}" for device in self.devices]

    def keep(self, message: Message, now: float) -> bool:
        """Keep a message that the broker has taken at `now`, s; False when nobody will say that it is stored."""
        if message.boot is None or _device(message.topic) not in self.devices:
            return False
        self._kept.append((now, message))
        return True

    def stored(self, topic: str, payload: bytes, now: float) -> list[Message]:
        """Let go of what an `ack` names at `now`, s, and return it; what is none changes nothing."""
        try:
            ack = msgspec.json.decode(payload, type=wire.Ack)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return []
        boot = _device(topic), ack.boot

        def named(message: Message) -> bool:
            return _boot(message) == boot and message.seq <= ack.seq

        gone = [message for _, message in self._kept if named(message)]
        if gone:
            self._kept = deque(entry for entry in self._kept if not named(entry[1]))
            self._heard[boot] = now
            self._patience.pop(boot, None)
        return gone

    def take(self) -> list[Message]:
        """Remove and return all: the connection was lost, and the broker may have been, too."""
        messages = [message for _, message in self._kept]
        self._kept.clear()
        return messages

    def overdue(self, now: float) -> list[Message]:
        """Remove and return what must be sent again at `now`, s, as nothing was said of its boot for too long."""
        oldest: dict[_Boot, float] = {}
        for at, message in self._kept:
            oldest.setdefault(_boot(message), at)
        late = {boot for boot, at in oldest.items() if self._waits(boot, at, now)}
        for boot in late:
            self._heard[boot] = now
            self._patience[boot] = min(2 * self._patience.get(boot, AGAIN_S), LONGEST_S)
        messages = [message for _, message in self._kept if _boot(message) in late]
        self._kept = deque(entry for entry in self._kept if _boot(entry[1]) not in late)
        return messages

    def _waits(self, boot: _Boot, oldest: float, now: float) -> bool:
        return now - max(oldest, self._heard.get(boot, oldest)) >= self._patience.get(boot, AGAIN_S)


def _boot(message: Message) -> _Boot:
    return _device(message.topic), message.boot


def _device(topic: str) -> str:
    """The device whose topic it is, whether live or of its buffer."""
    return topic.rpartition("/")[0].replace(f"{topics.BUFFER_ROOT}/", f"{topics.ROOT}/", 1)
