"""Entries of the record of access for its tests."""

from typing import TYPE_CHECKING, Any

from web.audit.store import audit_log

if TYPE_CHECKING:
    from runtime.db import Connection

OPENED = "ALTER TABLE audit DISABLE TRIGGER USER"


async def filled(conn: "Connection", n: int = 6) -> None:
    """Put entries into the record."""
    for k in range(n):
        await audit_log.record(conn, "anna", "test", f"thing-{k}", {"k": k, "name": "安娜"})


async def entries(conn: "Connection") -> list[Any]:
    """The record as it stands."""
    return await conn.fetch("SELECT actor, action, object, detail FROM audit ORDER BY n")
