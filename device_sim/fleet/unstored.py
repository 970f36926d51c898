"""Letters that the broker has and the database may not have yet: kept until `ack` names them. Pure."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from schemas import topics, wire

AGAIN_S, LONGEST_S = 30.0, 600.0
"""A device sends again what is left when no `ack` let go of anything for so long: the broker may have lost it. Each
time it waits twice as long, up to the longest: a server that is behind needs no second copy of what waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
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
    _kept: deque[tuple[float, Letter]] = field(default_factory=deque)
    _heard: dict[str, float] = field(default_factory=dict)
    """When an `ack` let go of something, or all was sent again, by device, s."""
    _patience: dict[str, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def filters(self) -> list[str]:
        """Topics to subscribe to."""
        return [f"{device}/{topics.Kind.ACK}" for device in self.devices]

    def keep(self, letter: Letter, now: float) -> bool:
        """Keep a letter that the broker has taken at `now`, s; False when nobody will say that it is stored."""
        if letter.boot is None or _device(letter.topic) not in self.devices:
            return False
        self._kept.append((now, letter))
        return True

    def stored(self, topic: str, payload: bytes, now: float) -> list[Letter]:
        """Let go of what an `ack` names at `now`, s, and return it; what is none changes nothing."""
        try:
            ack = msgspec.json.decode(payload, type=wire.Ack)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return []
        device = _device(topic)

        def named(letter: Letter) -> bool:
            return _device(letter.topic) == device and letter.boot == ack.boot and letter.seq <= ack.seq

        gone = [letter for _, letter in self._kept if named(letter)]
        if gone:
            self._kept = deque(each for each in self._kept if not named(each[1]))
            self._heard[device], self._patience[device] = now, AGAIN_S
        return gone

    def take(self) -> list[Letter]:
        """Remove and return all: the connection was lost, and the broker may have been, too."""
        letters = [letter for _, letter in self._kept]
        self._kept.clear()
        return letters

    def overdue(self, now: float) -> list[Letter]:
        """Remove and return what must be sent again at `now`, s, as nothing was said of its device for too long."""
        late = {device for device in self.devices if self._waits(device, now)}
        for device in late:
            self._heard[device] = now
            self._patience[device] = min(2 * self._patience.get(device, AGAIN_S), LONGEST_S)
        letters = [letter for _, letter in self._kept if _device(letter.topic) in late]
        self._kept = deque(each for each in self._kept if _device(each[1].topic) not in late)
        return letters

    def _waits(self, device: str, now: float) -> bool:
        oldest = next((at for at, letter in self._kept if _device(letter.topic) == device), now)
        return now - max(oldest, self._heard.get(device, oldest)) >= self._patience.get(device, AGAIN_S)


def _device(topic: str) -> str:
    """The device whose topic it is, whether live or of its buffer."""
    return topic.rpartition("/")[0].replace(f"{topics.BUFFER_ROOT}/", f"{topics.ROOT}/", 1)
