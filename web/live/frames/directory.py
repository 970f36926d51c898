"""Devices by slot and by name, and those whose names a viewer has received."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from schemas.live import DeviceName
from web.live.frames.state import Slots


class Directory:
    """Devices by slot and by name."""

    def __init__(self) -> None:
        self.by_slot: dict[int, DeviceName] = {}
        self.slots: dict[str, int] = {}
        self.version = 0
        """Grows with every `put`."""

    def put(self, device: DeviceName) -> None:
        """Add or replace a device."""
        self.by_slot[device.slot] = device
        self.slots[device.id] = device.slot
        self.version += 1

    def chosen(self, devices: Iterable[int | str]) -> set[int]:
        """Slots of devices given by slot or name, those that are known."""
        slots = (self.slots.get(device) if isinstance(device, str) else device for device in devices)
        return {slot for slot in slots if slot in self.by_slot}

    def array(self) -> Slots:
        """All slots."""
        return np.fromiter(self.by_slot, dtype=np.int64, count=len(self.by_slot))


class NamesSent:
    """Devices whose names a viewer has received."""

    def __init__(self) -> None:
        self._sent: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def take_new(self, slots: Slots) -> Slots:
        """Those of `slots` that were not sent before; they count as sent from now on."""
        if len(slots) and len(self._sent) <= slots.max():
            more = int(slots.max()) + 1024 - len(self._sent)
            self._sent = np.concatenate([self._sent, np.zeros(more, dtype=np.bool_)])
        new = slots[~self._sent[slots]]
        if len(new):
            new = np.unique(new)
            self._sent[new] = True
        return new
