"""Computes distances along the streets to all cells, in the background, when roads or cells change."""

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
    """Stores the distances once for each version of roads and cells.

    Args:
        pool: the database; the computation uses its own connection.
    """

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool
        self._version: str | None = None
        self.work = Beside("alerts.routes")

    async def consider(self, where: reads.CityState) -> None:
        """Start a due computation, and end one for outdated roads or cells.

        A failed one is repeated by the next process, or for new roads or cells; until then straight lines are used.
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
    """Distances to cells with these centres, cell by cell in threads, since the solver holds the GIL."""
    streets = await asyncio.to_thread(Network, road_x, road_y)
    squares = [await asyncio.to_thread(streets.around, *middle) for middle in zip(x.tolist(), y.tolist(), strict=True)]
    return np.stack(squares)
