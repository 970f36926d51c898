"""The audit record as rows: appending to its chain, and reading.

A change is recorded in its own transaction (`record`), a read access by `web.audit.recorder`.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from runtime import db
from schemas import audits
from web.audit import audit_chain
from web.audit.audit_chain import START, ChainRow, Entry, Head

_ROWS = "SELECT n, at, actor, action, object, detail, hash FROM audit ORDER BY n"
_LISTED = """
SELECT n, at, actor, action, object, detail, hash FROM audit
WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR action = $2)
  AND ($3::text IS NULL OR strpos(object, $3) > 0) AND ($4::timestamptz IS NULL OR at >= $4)
  AND ($5::timestamptz IS NULL OR at < $5) AND ($6::bigint IS NULL OR n < $6)
ORDER BY n DESC LIMIT $7
"""
_HEAD = "SELECT n, hash FROM audit_head FOR UPDATE"
_INSERT = """
INSERT INTO audit (n, at, actor, action, object, detail, hash)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])
"""
_MOVE = "UPDATE audit_head SET n = $1, hash = $2"


def entry(actor: str, action: str, what: str, detail: Mapping[str, Any] | None = None) -> Entry:
    """An entry of the present time."""
    text = audit_chain.detail(detail or {})
    return Entry(at=datetime.now(UTC), actor=_stored(actor), action=action, object=_stored(what), detail=text)


def _stored(text: str) -> str:
    """Remove NUL and lone surrogates, which PostgreSQL cannot store: input of a caller must not stop the record."""
    return text.replace("\0", "␀").encode("utf-8", "replace").decode()[:500]


async def append(conn: db.Connection, entries: Sequence[Entry]) -> None:
    """Append in the caller's transaction; other writers wait until it ends, so call it last."""
    async with conn.transaction():
        row = await conn.fetchrow(_HEAD)
        assert row is not None  # noqa: S101 - its migration put it there
        rows = audit_chain.chained(Head(row["n"], row["hash"]), entries)
        columns = [(row.n, row.entry.at, row.entry.actor, row.entry.action, row.entry.object) for row in rows]
        await conn.execute(
            _INSERT,
            *(list(column) for column in zip(*columns, strict=True)),
            [row.entry.detail for row in rows],
            [row.hash for row in rows],
        )
        await conn.execute(_MOVE, rows[-1].n, rows[-1].hash)


async def record(
    conn: db.Connection, actor: str, action: str, what: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Record an action, in the transaction of the action.

    Args:
        conn: within the transaction; call it last.
        actor: name of the principal.
        action: name of the action, such as `account.disable`.
        what: its object, such as a name or number.
        detail: further information, without secrets.
    """
    await append(conn, [entry(actor, action, what, detail)])


def _row(row: "asyncpg.Record") -> ChainRow:
    names = ("at", "actor", "action", "object", "detail")
    return ChainRow(n=row["n"], entry=Entry(**{name: row[name] for name in names}), hash=row["hash"])


async def rows(conn: db.Connection) -> AsyncIterator[ChainRow]:
    """All rows from the first on; call it in a transaction."""
    async for row in conn.cursor(_ROWS, prefetch=2_000):
        yield _row(row)


async def head_of(conn: db.Connection) -> Head:
    """Present end of the chain."""
    row = await conn.fetchrow("SELECT n, hash FROM audit_head")
    return Head(0, START) if row is None else Head(row["n"], row["hash"])


async def holds(conn: db.Connection, head: Head) -> bool:
    """Whether a stored head is still part of the chain."""
    if head.n == 0:
        return head.hash == START
    return bool(await conn.fetchval("SELECT EXISTS (SELECT FROM audit WHERE n = $1 AND hash = $2)", head.n, head.hash))


async def listed(
    conn: db.Connection, filters: Sequence[Any], before: int | None, limit: int
) -> list[audits.AuditEntry]:
    """Entries, newest first.

    Args:
        conn: the database.
        filters: actor, action, part of the object, from when, until when; None: any.
        before: number of the entry before which to begin; None: at the newest.
        limit: most entries.
    """
    entries = map(dict, await conn.fetch(_LISTED, *filters, before, limit))
    return [
        audits.AuditEntry(**{**row, "detail": json.loads(row["detail"]), "hash": row["hash"].hex()}) for row in entries
    ]
