"""Enrolled devices, and their status messages."""

from dataclasses import dataclass

from msgspec import Struct

from schemas.wire import Datum


class Device(Struct, frozen=True, kw_only=True, gc=False):
    """An enrolled device."""

    id: int
    name: str
    unit: str
    datum: Datum
    revoked: bool = False
    """Revoked: its messages are refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Content of the status message of a device. `at` is ms, never later than the receipt; `battery` is per cent."""

    device: int
    online: bool
    at: int
    battery: float | None
    by_itself: bool
    """Sent by the device itself, not by the broker as its last will."""
