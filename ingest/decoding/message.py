"""A message from the broker, and its acknowledgement."""

from collections.abc import Callable

from msgspec import Struct


def _never(_number: bytes) -> None:
    """A message is acknowledged once; with QoS 0 never."""


class DeviceMessage(Struct, eq=False, gc=False):
    """One received message."""

    topic: str
    payload: bytes
    """Truncated if longer than `wire.MAX_PAYLOAD_BYTES`."""
    retained: bool
    received: int
    """ms since 1970-01-01 UTC."""
    connection: int
    """Number of its connection; the broker repeats unacknowledged messages on the next one."""
    number: bytes = b""
    """Packet number; none with QoS 0, which is neither repeated nor acknowledged."""
    acknowledge: Callable[[bytes], None] = _never
    """Acknowledges the packet with that number on its connection."""
    latest: int = 0
    """Upper bound of the true time of receipt, ms: `received` may come from a clock that was set back."""

    def done(self) -> None:
        """Acknowledge that it is stored or refused in the database."""
        if self.number:
            self.acknowledge(self.number)
            self.acknowledge = _never
