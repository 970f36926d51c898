"""MQTT topics, wire contract version 1: the only place that knows how a topic is built."""

import re
from dataclasses import dataclass
from enum import StrEnum

ROOT = "patrol/v1"
BUFFER_ROOT = "patrol/v1-buffer"  # fixes that a device kept while it was cut off: they must not hold up live ones
OWNTRACKS_ROOT = "owntracks"
OWNTRACKS_PARTS = ("event", "waypoint", "waypoints", "step", "beacon", "dump", "status", "info")
"""What the app appends to its topic; each topic keeps at most one retained message, so there are no others."""
FEED_ROOT = "patrol-feed/v1"  # between our own processes; no device may read or write below it

NAME = re.compile(r"[A-Za-z0-9一-鿿][A-Za-z0-9一-鿿._-]{0,63}")
_RESERVED = re.compile(r"(patrol([.-].*)?|shared)", re.IGNORECASE)


class TopicKind(StrEnum):
    """Last level of a topic: what the payload is."""

    FIX = "fix"
    EVENT = "event"
    STATUS = "status"
    REPLY = "reply"
    COMMAND = "cmd"
    ACK = "ack"
    BUFFER = "buffer"  # not on the wire: patrol/v1-buffer/{unit}/{device}/fix
    OWNTRACKS = "owntracks"  # not on the wire: every payload below owntracks/{unit}/{device}


DOWNWARD = frozenset({TopicKind.COMMAND, TopicKind.ACK})
UPWARD = frozenset(
    {TopicKind.FIX, TopicKind.EVENT, TopicKind.STATUS, TopicKind.REPLY, TopicKind.BUFFER, TopicKind.OWNTRACKS}
)
_ON_THE_WIRE = UPWARD - {TopicKind.BUFFER, TopicKind.OWNTRACKS}

LIVE = (ROOT, OWNTRACKS_ROOT)
BUFFERED = (BUFFER_ROOT,)
"""Roots of the two streams; each has a session of its own."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic. `unit` is the team that owns the device, `device` its city-wide unique name."""

    unit: str
    device: str
    kind: TopicKind

    def __str__(self) -> str:
        if self.kind is TopicKind.OWNTRACKS:
            return f"{OWNTRACKS_ROOT}/{self.unit}/{self.device}"
        if self.kind is TopicKind.BUFFER:
            return f"{BUFFER_ROOT}/{self.unit}/{self.device}/{TopicKind.FIX}"
        return f"{ROOT}/{self.unit}/{self.device}/{self.kind}"


class TopicError(ValueError):
    """The topic is not one of the wire contract."""


class UnknownKindError(TopicError):
    """The topic has the right shape, but its last level names no kind that devices send."""


def parse(topic: str) -> Topic:
    """Parse a topic that a device published to.

    Args:
        topic: `patrol/v1/{unit}/{device}/{kind}`, `patrol/v1-buffer/{unit}/{device}/fix` or
            `owntracks/{unit}/{device}`.

    Raises:
        UnknownKindError: the kind is none that devices send.
        TopicError: any other fault.
    """
    parts = topic.split("/")
    if len(parts) == 5 and parts[0] == "patrol" and parts[1] == "v1":
        unit, device = _names(parts[2], parts[3])
        if parts[4] not in _ON_THE_WIRE:
            raise UnknownKindError(f"kind {parts[4][:40]!r} is not one that devices send")
        return Topic(unit, device, TopicKind(parts[4]))
    if len(parts) == 5 and parts[0] == "patrol" and parts[1] == "v1-buffer":
        unit, device = _names(parts[2], parts[3])
        if parts[4] != TopicKind.FIX:
            raise UnknownKindError(f"kind {parts[4][:40]!r} is not one that comes from a buffer")
        return Topic(unit, device, TopicKind.BUFFER)
    if len(parts) >= 3 and parts[0] == OWNTRACKS_ROOT:
        unit, device = _names(parts[1], parts[2])
        # Whatever OwnTracks appends, the payload's _type says what it is.
        return Topic(unit, device, TopicKind.OWNTRACKS)
    raise TopicError(f"topic {topic[:120]!r} is not of the wire contract")


def is_reserved(name: str) -> bool:
    """Whether a name is the server's own, so that no device and no unit may bear it.

    A device's name is its account and its client id at the broker, where our processes are called `patrol-…`.
    `shared` means all units in the settings.
    """
    return _RESERVED.fullmatch(name) is not None


def subscriptions(units: tuple[str, ...] = ("+",), roots: tuple[str, ...] = LIVE) -> list[str]:
    """Topic filters for a worker that serves `units` ("+" for all), of one stream.

    They take in what no device should send too, so that it is refused and counted rather than unheard.
    """
    return [f"{root}/{unit}/#" for root in roots for unit in units]


def is_downward(topic: str) -> bool:
    """Whether a topic is one that the server publishes to a device."""
    return topic.startswith(f"{ROOT}/") and topic.rpartition("/")[2] in DOWNWARD


def _names(unit: str, device: str) -> tuple[str, str]:
    for what, name in (("unit", unit), ("device", device)):
        if not NAME.fullmatch(name):
            raise TopicError(f"{what} {name[:80]!r} is not a name of 1 to 64 letters, digits, '.', '_' or '-'")
    return unit, device
