"""Access to boots in the database over a pool, each time in a separate transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ingest.acknowledgement.boots import Key, Span
from runtime import db
from tracking.store.tracks import boot_store


@dataclass(frozen=True, slots=True)
class BootLedger:
    """The ledger of `ingest.run.path.acks`; `clock` gives ms."""

    pool: db.Pool
    clock: Callable[[], int]

    async def noted(self, boots: Sequence[Key]) -> Mapping[Key, tuple[int, Sequence[Span]]]:
        """Time of the last note of each, ms, and the notes."""
        async with self.pool.acquire() as conn:
            return await boot_store.noted(conn, boots)

    async def stored(self, boot: Key, *, since: int, above: int) -> Sequence[Span]:
        """Numbers above `above` of its fixes taken at `since`, ms, or later."""
        async with self.pool.acquire() as conn:
            return await boot_store.stored(conn, *boot, since=since, above=above)

    async def note(self, settled: Sequence[boot_store.Settled]) -> None:
        """Note (device, boot, first, last): these numbers need not be sent again."""
        if settled:
            async with self.pool.acquire() as conn:
                await boot_store.note(conn, settled, self.clock())
