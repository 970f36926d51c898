"""Numbers of transactions: whether one was committed though its client never heard."""

from runtime import db


async def number(conn: db.Connection) -> str:
    """Number of the transaction that is open."""
    return str(await conn.fetchval("SELECT pg_current_xact_id()::text"))


async def committed(conn: db.Connection, transaction: str | None) -> bool:
    """Whether a transaction was committed after all, though its connection broke before it could say so."""
    if transaction is None:
        return False
    while True:
        status = await conn.fetchval("SELECT pg_xact_status($1::text::xid8)", transaction)
        if status != "in progress":
            return bool(status == "committed")
        # The server has not noticed yet that its client is gone; the lock waits for the end of that transaction.
        await conn.execute("SELECT pg_sleep(0.05)")
