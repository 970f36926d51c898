"""Devices in alarm: those with open alerts. They are shown in every band and have their own flag."""

from typing import Any

import numpy as np

from alerts.life.model import ENDED
from web.live.frames.directory import Directory
from web.live.frames.state import Slots

MAX_PASSING = 256
"""Most devices in alarm that are shown in every band; with more the map would show nothing else."""


class Alarms:
    """Open alerts that name a device, and the slots of those devices."""

    def __init__(self) -> None:
        self.passing: Slots = np.empty(0, dtype=np.int64)
        """Slots shown in every band, to those who may see them."""
        self.version = 0
        """Grows when `passing` changes."""
        self._open: dict[int, str] = {}

    def replace(self, alerts: dict[int, str]) -> None:
        """Set all open alerts, number to device."""
        self._open = dict(alerts)

    def follow(self, alert: dict[str, Any]) -> None:
        """Apply an alert of the event log."""
        self._open.pop(alert["id"], None)
        if alert["state"] not in ENDED and alert["device"] is not None:
            self._open[alert["id"]] = alert["device"]

    def slots(self, directory: Directory) -> Slots:
        """Slots of all devices in alarm; also brings `passing` up to date."""
        known = {directory.slots[name] for name in self._open.values() if name in directory.slots}
        slots = np.array(sorted(known), dtype=np.int64)
        if not np.array_equal(slots[:MAX_PASSING], self.passing):
            self.passing = slots[:MAX_PASSING]
            self.version += 1
        return slots
