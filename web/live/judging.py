"""Coverage as the live part keeps it: read from the database now and then, judged every second."""

import numpy as np

from tracking import city as cities
from tracking import db
from tracking.fixes import Int
from web import coverage
from web.live.cells import CellColumns

LOOK_MS = 5_000
"""City, officers and visits are read again after this even when the lane says nothing."""


class Judging:
    """The newest coverage and what it was judged on."""

    def __init__(self) -> None:
        self.columns: CellColumns | None = None
        """What viewers see of the newest judgement."""
        self.place: coverage.Place | None = None
        self.judged: coverage.Judged | None = None
        self.at = 0
        """When that was, ms."""
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
        self._visits_due = False
        async with pool.acquire() as connection:
            if self.place is None or look:
                self.place = await coverage.load_place(connection, self.place)
                self._basis, self._arrivals = await coverage.look(connection, self.place, now)
                self._looked_at = now
            else:
                self._basis = await cities.basis(connection, self.place.city, now)

    def judge(self, now: int) -> bool:
        """Judge every cell at `now` (ms); False when the city was not read yet."""
        if self.place is None or self._basis is None:
            return False
        self.judged = coverage.judge(self.place, self._basis, self._arrivals, now)
        self.at = now
        self.columns = CellColumns(
            id=np.array([cell.id for cell in self.place.city.cells], dtype=np.int64),
            state=self.judged.coverage.state,
            due=self.judged.coverage.due,
            last_visit=self._basis.last_visit,
            present=self._basis.present,
        )
        return True
