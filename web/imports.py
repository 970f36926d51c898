"""What imports over REST share: a trial that leaves nothing behind, and faults as they are spelt."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from schemas import imports
from tracking import db
from tracking.grid_faults import GridFault


@asynccontextmanager
async def tried(conn: db.Connection, *, dry_run: bool) -> AsyncIterator[None]:
    """A transaction that a trial takes back at its end."""
    transaction = conn.transaction()
    await transaction.start()
    try:
        yield
    except BaseException:
        await transaction.rollback()
        raise
    await (transaction.rollback() if dry_run else transaction.commit())


def faults(found: Sequence[GridFault]) -> list[imports.GridFault]:
    """Spell faults."""
    return [
        imports.GridFault(kind=one.kind.value, feature=one.feature, code=one.code, zh=one.zh, en=one.en)
        for one in found
    ]
