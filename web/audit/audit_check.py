"""Verification of the audit record: its chain, and its anchors outside the database."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runtime import db
from web.audit.audit_anchors import Anchors
from web.audit.audit_chain import ChainCheck, Head
from web.audit.store import audit_log

MOST_FAULTS = 20
NO_ANCHORS = "No anchors are kept: set PATROL_AUDIT_ANCHOR to a file, best on another machine's disk."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """Result of a verification."""

    rows: int
    anchors: int
    faults: list[str]
    """Empty: nothing was changed."""


async def examine(
    conn: db.Connection, anchors: Anchors | None, heads: Sequence[Head] = (), *, copy: bool = False
) -> AuditVerdict:
    """Verify the record and its anchors; a record without anchors is not proven.

    Args:
        conn: the database.
        anchors: the files; None: none are kept.
        heads: further ones that were stored elsewhere.
        copy: the files are a copy, which comes without the newest head.

    Raises:
        OSError: the anchors cannot be read.
    """
    if anchors is None:
        verdict = await verify(conn, heads)
        return replace(verdict, faults=[NO_ANCHORS, *verdict.faults])
    # Read before the record, so that it includes everything that is anchored meanwhile.
    contents = await asyncio.to_thread(anchors.read, copy=copy)
    verdict = await verify(conn, [*contents.heads, *heads])
    return replace(verdict, anchors=contents.anchors, faults=[*contents.faults, *verdict.faults])


async def verify(conn: db.Connection, heads: Sequence[Head]) -> AuditVerdict:
    """Verify the whole chain in one snapshot, and compare it with heads that were stored elsewhere."""
    checker = ChainCheck(heads)
    rows = 0
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        async for row in audit_log.rows(conn):
            rows += 1
            checker.take(row)
            if len(checker.faults) >= MOST_FAULTS:
                break
        else:
            checker.end(await audit_log.head_of(conn))
    return AuditVerdict(rows=rows, anchors=len(heads), faults=checker.faults)
