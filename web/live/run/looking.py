"""The audit record of live watching, with begin and end."""

import time

from web.audit.recorder import Recorder
from web.audit.store import audit_log
from web.auth.access import Permission
from web.auth.principal import Principal


class Looking:
    """Accesses of one viewer: to its part of the city as a whole, and to selected devices."""

    def __init__(self, recorder: Recorder, principal: Principal) -> None:
        self._recorder = recorder
        self._principal = principal
        self._began = 0.0
        self._selected: tuple[str, ...] = ()
        self._since = 0.0

    @property
    def _areas(self) -> str:
        areas = self._principal.areas
        return "the whole city" if areas is None else ", ".join(sorted(areas)) or "nothing"

    async def begin(self) -> None:
        """Record the begin of watching; nothing is shown before."""
        self._began = time.monotonic()
        sees = Permission.POSITIONS in self._principal.permissions
        await self._put("live.begin", self._areas, role=self._principal.role, positions=sees)

    async def select(self, devices: tuple[str, ...]) -> None:
        """Record that the viewer watches these devices from now on, and no longer the previous ones."""
        if devices == self._selected:
            return
        before, since = self._selected, self._since
        self._selected, self._since = devices, time.monotonic()
        if before:
            await self._put("live.unwatch", ", ".join(before), seconds=round(self._since - since, 1))
        if devices:
            await self._put("live.watch", ", ".join(devices))

    async def end(self) -> None:
        """Record the end of watching."""
        if self._began:
            await self.select(())
            await self._put("live.end", self._areas, seconds=round(time.monotonic() - self._began, 1))

    async def _put(self, action: str, what: str, **detail: object) -> None:
        await self._recorder.put(audit_log.entry(self._principal.name, action, what, detail))
