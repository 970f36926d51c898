"""Parses topics of messages, with a cache. Pure."""

from dataclasses import dataclass, field
from sys import intern
from typing import NamedTuple

from schemas import topics
from schemas.refusals import Refusal

CACHED_LENGTH = 200
"""Longer topics are not cached."""


class Route(NamedTuple):
    """A parsed topic. Without a kind nothing is decoded; this is a fault except for topics of the server."""

    unit: str = ""
    device: str = ""
    kind: topics.TopicKind | None = None
    fault: tuple[Refusal, str] | None = None


@dataclass(slots=True)
class Routes:
    """Cache of parsed topics. Not `lru_cache`, since the order of use is not needed and costs as much as the lookup.

    Args:
        most: capacity; beyond it the cache is cleared.
    """

    most: int = 200_000
    _known: dict[str, Route] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, topic: str) -> bool:
        return topic in self._known

    def of(self, topic: str) -> Route:
        """Parse a topic."""
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
    # One interned text here and in the store's devices, for fast lookup and comparison.
    return Route(intern(parsed.unit), intern(parsed.device), parsed.kind)
