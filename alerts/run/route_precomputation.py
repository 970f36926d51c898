"""Works out the ways along the streets to all cells, beside the watcher, when roads or cells are new."""

import asyncio

import numpy as np
import structlog
from prometheus_client import Counter

from alerts.run.beside import Beside
from alerts.store import reads
from runtime import db
from tracking.geometry.streets import Network, Squares
from tracking.presence.fixes import Float
from tracking.store.city import street_store

log = structlog.get_logger(__name__)

FAILURES = Counter("patrol_alert_survey_failures", "Failed attempts to compute routes along the streets.")


class RoutePrecomputation:
    """Stores the ways once for each version of roads and cells; the next look at the city finds them.

    Args:
        pool: the database; the computation takes a connection of its own.
    """

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool
        self._version: str | None = None
        self.work = Beside("alerts.routes")

    async def consider(self, where: reads.CityState) -> None:
        """Begin to compute if it is due; a computation of roads or cells that are no more ends.

        One that failed comes again with the next process, or roads or cells: until then the straight line counts.
        """
        if where.routes_wanted is not None and where.routes_wanted != self._version:
            self._version = where.routes_wanted
            await self.work.begin(self._work(where, where.routes_wanted))

    async def _work(self, where: reads.CityState, version: str) -> None:
        grid = where.city.grid
        try:
            async with self._pool.acquire() as conn:
                pieces = await street_store.network(conn, grid)
            squares = await _around(*pieces, *grid.centroids())
            async with self._pool.acquire() as conn:
                await street_store.store(conn, grid, squares, version)
        except Exception:
            FAILURES.inc()
            log.exception("ways along the streets cannot be worked out", action="routes")
        else:
            log.info("ways along the streets worked out", action="routes", cells=len(grid), pieces=len(pieces[0]))


async def _around(road_x: Float, road_y: Float, x: Float, y: Float) -> Squares:
    """Ways to cells with these centres, cell by cell in threads: the solver holds the interpreter while it works."""
    streets = await asyncio.to_thread(Network, road_x, road_y)
    squares = [await asyncio.to_thread(streets.around, *middle) for middle in zip(x.tolist(), y.tolist(), strict=True)]
    return np.stack(squares)
