"""Coverage in the live part: its data is read periodically, and cells are judged every second."""

import numpy as np

from runtime import db
from tracking.presence.fixes import Int
from tracking.store.city import city as cities
from web.store import coverage

LOOK_MS = 5_000
"""City, officers and visits are read again after this even without items in the event log."""


class Judging:
    """The newest coverage and its data."""

    def __init__(self) -> None:
        self.place: coverage.CityAt | None = None
        self.judged: coverage.Judged | None = None
        self._basis: cities.Basis | None = None
        self._arrivals: Int = np.empty(0, dtype=np.int64)
        self._looked_at = 0
        self._visits_due = True

    def visits_changed(self) -> None:
        """Read visits before the next judgement."""
        self._visits_due = True

    def city_changed(self) -> None:
        """Read everything before the next judgement."""
        self._looked_at = 0

    async def read(self, pool: db.Pool, now: int) -> None:
        """Read what is due at `now` (ms): visits when they changed; now and then the city and its officers, too."""
        look = self.place is None or now - self._looked_at >= LOOK_MS
        if not look and not self._visits_due:
            return
        # Reset before reading, so that concurrent changes are read the next time.
        self._visits_due, self._looked_at = False, now if look else self._looked_at
        try:
            await self._read(pool, now, look=look)
        except BaseException:
            self.city_changed()
            raise

    async def _read(self, pool: db.Pool, now: int, *, look: bool) -> None:
        async with pool.acquire() as connection:
            if self.place is None or look:
                place = await coverage.load_place(connection, self.place, now)
                self._basis, self._arrivals = await coverage.read_inputs(connection, place, now)
                self.place = place
            else:
                self._basis = await cities.basis(connection, self.place.city, now)

    def time_zone(self) -> str | None:
        """IANA zone of the city, once known."""
        return None if self.place is None else self.place.city.time_zone

    def judge(self, now: int) -> bool:
        """Judge every cell at `now` (ms); False when the city was not read yet."""
        if self.place is None or self._basis is None:
            return False
        self.judged = coverage.judge(self.place, self._basis, self._arrivals, now)
        return True
