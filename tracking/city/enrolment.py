"""Devices as they are enrolled, and what they said of themselves."""

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
    """Shut out: what it sends is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """What a device's status said. `at` is ms, never later than the receipt; `battery` is per cent."""

    device: int
    online: bool
    at: int
    battery: float | None
    by_itself: bool
    """The device wrote it, not the broker in its name (last will)."""
