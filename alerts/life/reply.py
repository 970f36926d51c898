"""An answer of a device to a command."""

from dataclasses import dataclass

from schemas import wire


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReply:
    """An answer; `received` is ms since 1970-01-01 UTC."""

    device: int
    """Number of the device in the store."""
    received: int
    content: wire.Reply
