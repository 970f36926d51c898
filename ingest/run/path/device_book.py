"""The enrolled devices in the memory of a worker; all of it can be read again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog
from numpy.typing import NDArray

from runtime import db
from tracking.city import enrolment
from tracking.store.records import event_log
from tracking.store.tracks import device_store

log = structlog.get_logger(__name__)

_NAMED = 10
"""Number of jointly enrolled devices named in the log."""


@dataclass(slots=True)
class DeviceBook:
    """Enrolled devices by name. With `auto_enrol` unknown devices are enrolled at their first message."""

    auto_enrol: bool
    by_name: dict[str, enrolment.Device] = field(default_factory=dict)
    _version: str = ""
    _units: dict[str, int] = field(default_factory=dict)
    """Code of each unit that a device has belonged to → its index."""
    _unit: NDArray[np.int32] = field(default_factory=lambda: np.full(1, -1, np.int32))
    """Index of the unit by device number, -1 unknown; the store assigns the numbers in order."""

    async def refresh(self, conn: db.Connection) -> list[int]:
        """Read all devices again if a unit or datum changed. Returns those whose unit changed."""
        version = await device_store.version(conn)
        if version == self._version:
            return []
        self._version = version
        before, self.by_name = self.by_name, {device.name: device for device in await device_store.all_devices(conn)}
        self._note_units(self.by_name.values())
        return [
            device.id for name, device in self.by_name.items() if name in before and before[name].unit != device.unit
        ]

    def of(self, units: Collection[str]) -> list[int]:
        """Devices of some units."""
        return [device.id for device in self.by_name.values() if device.unit in units]

    def units_of(self, device: NDArray[np.int32]) -> tuple[NDArray[np.int32], Sequence[str]]:
        """Index of the unit of each known device, in the codes of the units."""
        return self._unit[device], list(self._units)

    def _note_units(self, devices: Collection[enrolment.Device]) -> None:
        most = max((device.id for device in devices), default=0)
        if most >= len(self._unit):
            self._unit = np.append(self._unit, np.full(most + 1, -1, np.int32))
        for device in devices:
            self._unit[device.id] = self._units.setdefault(device.unit, len(self._units))

    async def prepare(self, conn: db.Connection, units: dict[str, str]) -> int | None:
        """Look up unknown names, and enrol them if allowed; returns the head of the event log if it moved.

        In a separate transaction before the batch: the engine must never see a number that is rolled back.
        """
        missing = {name: unit for name, unit in units.items() if name not in self.by_name}
        if not missing:
            return None
        async with conn.transaction():
            enrolled = await device_store.enrol(conn, missing) if self.auto_enrol else []
            devices = await device_store.named(conn, list(missing))
            head = await event_log.append(conn, enrolled)
        self.by_name |= {device.name: device for device in devices}
        self._note_units(devices)
        # One line: a line for each device of a new fleet would delay its first fixes.
        if enrolled:
            log.info("devices enrolled", devices=len(enrolled), first=[body["id"] for _, body in enrolled[:_NAMED]])
        return head
