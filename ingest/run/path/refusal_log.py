"""Logs refusals: each device and reason once a minute, with the number since."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from schemas import topics
from tracking.records.refused import RefusalRecord

log = structlog.get_logger(__name__)

EVERY_S = 60.0
MOST_KNOWN = 2_000
"""Remembered pairs of device and reason; the least recent are dropped first."""
MOST_LINES = 100
"""Lines a minute, so that devices that send rubbish cannot fill the log."""

_Key = tuple[str, str]


@dataclass(slots=True)
class _Known:
    logged_at: float
    since: int = 0
    """Refusals since the last line."""


@dataclass(slots=True)
class RefusalLog:
    """Recent lines."""

    _known: "OrderedDict[_Key, _Known]" = field(default_factory=OrderedDict)
    _minute: float = 0.0
    _lines: int = 0
    _unlogged: int = 0

    def tell(self, refused: Sequence[RefusalRecord], now: float) -> None:
        """Log the refusals of a batch at `now`, s of a monotonic clock."""
        counted: Counter[_Key] = Counter()
        for refusal in refused:
            counted[_device(refusal.topic), refusal.reason.value] += refusal.n
        for key, n in counted.items():
            self._tell(key, n, now)

    def _tell(self, key: _Key, n: int, now: float) -> None:
        known = self._known.get(key)
        if known is not None and now - known.logged_at < EVERY_S:
            known.since += n
        elif not self._room(now):
            self._unlogged += n
        else:
            n += 0 if known is None else known.since
            self._known[key] = _Known(logged_at=now)
            self._known.move_to_end(key)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
            log.warning("refused", device=key[0], reason=key[1], n=n)

    def _room(self, now: float) -> bool:
        if now - self._minute >= EVERY_S:
            if self._unlogged:
                log.warning("refused, of further devices", n=self._unlogged)
            self._minute, self._lines, self._unlogged = now, 0, 0
        self._lines += 1
        return self._lines <= MOST_LINES


def _device(topic: str) -> str:
    """The device of a topic; without one, the beginning of the topic."""
    try:
        return topics.parse(topic).device
    except topics.TopicError:
        return topic[:80]
