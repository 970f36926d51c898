"""Pure: what the topic of a message says, remembered, as the same devices send again and again."""

from dataclasses import dataclass, field
from sys import intern
from typing import NamedTuple

from schemas import topics
from schemas.refusals import Refusal

CACHED_LENGTH = 200
"""Longer topics are read each time: nobody of ours has them."""


class Route(NamedTuple):
    """What a topic says. Without a kind nothing is decoded; that is a fault unless it is one of the server's own."""

    unit: str = ""
    device: str = ""
    kind: topics.TopicKind | None = None
    fault: tuple[Refusal, str] | None = None


@dataclass(slots=True)
class Routes:
    """Topics that were read. No `lru_cache`: the order of use is of no use here, and costs as much as the look-up.

    Args:
        most: remembered at a time; past it all are forgotten.
    """

    most: int = 200_000
    _known: dict[str, Route] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, topic: str) -> bool:
        return topic in self._known

    def of(self, topic: str) -> Route:
        """What a topic says."""
        route = self._known.get(topic)
        if route is None:
            route = _parse(topic)
            if len(topic) <= CACHED_LENGTH:
                if len(self._known) >= self.most:
                    self._known.clear()
                self._known[topic] = route
        return route


def _parse(topic: str) -> Route:
    if topics.is_downward(topic):
        # The filter for unknown kinds lets it in. It takes the same way as all others: a broker may end the
        # connection when acknowledgements come out of order.
        return Route()
    try:
        parsed = topics.parse(topic)
    except topics.TopicError as error:
        unknown = isinstance(error, topics.UnknownKindError)
        return Route(fault=(Refusal.UNKNOWN_KIND if unknown else Refusal.BAD_TOPIC, str(error)))
    # One text for all that name it, here and in the store's devices: they are found and compared without being read.
    return Route(intern(parsed.unit), intern(parsed.device), parsed.kind)
