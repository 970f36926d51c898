"""The store of tracks as its readers see it: one object over a pool, its parts in the `*_store` files beside it."""

from collections.abc import AsyncIterator

from runtime import db
from schemas import rest
from tracking.city import enrolment
from tracking.presence.fixes import FixColumns
from tracking.presence.stays import Stay
from tracking.store.presence import stay_store
from tracking.store.tracks import device_store, fix_store, refusal_store


class TrackStore:
    """Reads of devices, fixes and stays, each on a connection of its own. Times are ms since 1970-01-01 UTC."""

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool

    async def devices(self) -> list[enrolment.Device]:
        """Every enrolled device."""
        async with self._pool.acquire() as conn:
            return await device_store.all_devices(conn)

    async def newest(self) -> dict[int, int]:
        """Time of the newest stored fix of each device that has one."""
        async with self._pool.acquire() as conn:
            return await fix_store.newest(conn)

    async def track(self, device: int, t_from: int, t_to: int, *, page: int = 5_000) -> AsyncIterator[FixColumns]:
        """The device's fixes from `t_from` to `t_to` in order, `page` at a time.

        No connection is held between pages, so that slow readers cost nothing but their page.
        """
        after = t_from
        while True:
            async with self._pool.acquire() as conn:
                part = await fix_store.page_of(conn, device, after, t_to, page)
            if len(part):
                yield part
                after = int(part.t[-1]) + 1
            if len(part) < page:
                return

    async def load_runs(self, device: int, lo: int, hi: int, *, gap_ms: int) -> FixColumns:
        """All fixes of the runs that touch lo..hi; a run has no gap longer than `gap_ms`."""
        async with self._pool.acquire() as conn:
            return await fix_store.load_runs(conn, device, lo, hi, gap_ms=gap_ms)

    async def load_stays(self, device: int, t_from: int, t_to: int) -> list[Stay]:
        """Current stays of the device that began from `t_from` to `t_to`, in order."""
        async with self._pool.acquire() as conn:
            return await stay_store.load(conn, device, t_from, t_to)

    async def stays(
        self, which: stay_store.Filter, *, limit: int, after: tuple[int, int] | None = None
    ) -> list[rest.Stay]:
        """At most `limit` stays, newest first; `after` is (t_in, id) of the last one already seen."""
        async with self._pool.acquire() as conn:
            return await stay_store.listed(conn, which, limit=limit, after=after)

    async def refusal_counts(self) -> dict[str, int]:
        """How many parts of messages were refused ever, by reason."""
        async with self._pool.acquire() as conn:
            return await refusal_store.counts(conn)
