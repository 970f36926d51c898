"""Numbers of transactions, to find out whether one was committed after its connection broke."""

from runtime import db


async def number(conn: db.Connection) -> str:
    """Number of the open transaction."""
    return str(await conn.fetchval("SELECT pg_current_xact_id()::text"))


async def committed(conn: db.Connection, transaction: str | None) -> bool:
    """Whether a transaction was committed although its connection broke."""
    if transaction is None:
        return False
    while True:
        status = await conn.fetchval("SELECT pg_xact_status($1::text::xid8)", transaction)
        if status != "in progress":
            return bool(status == "committed")
        # The server may not have noticed the lost client yet; the lock waits for the end of the transaction.
        await conn.execute("SELECT pg_sleep(0.05)")
