"""A message as it arrived from the broker, and how to say that it is stored."""

from collections.abc import Callable

from msgspec import Struct


def _never(_number: bytes) -> None:
    """A message is acknowledged once, one of QoS 0 never."""


class DeviceMessage(Struct, eq=False, gc=False):
    """One message as it arrived."""

    topic: str
    payload: bytes
    """The head of it when it is longer than `wire.MAX_PAYLOAD_BYTES`."""
    retained: bool
    received: int
    """ms since 1970-01-01 UTC."""
    connection: int
    """Number of the connection it came on; the broker repeats on the next one what was not acknowledged on this."""
    number: bytes = b""
    """Of its packet; none with QoS 0, which nobody repeats and nobody acknowledges."""
    acknowledge: Callable[[bytes], None] = _never
    """Tells the broker of its connection that it may forget the packet of that number."""
    latest: int = 0
    """The latest time that it may have been then, ms: `received` may be of a clock that was set back for a while."""

    def done(self) -> None:
        """Say that it is in the database, or refused there."""
        if self.number:
            self.acknowledge(self.number)
            self.acknowledge = _never
