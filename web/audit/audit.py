"""The record of who looked and did what: writing it. Whatever is answered was recorded before.

A change records itself in its own transaction (`record`). A look waits for the group commit of the `Recorder`: looks
that come together share a transaction, so that reading stays fast.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

from runtime import db, loops
from web import problems
from web.audit import audit_chain
from web.audit.audit_chain import Entry, Head
from web.database import Database

MOST_WAITING = 5_000
"""When so many looks wait for their record, further ones are refused: no look without a record."""
AT_ONCE = 500
WITHIN_S = 10.0

_HEAD = "SELECT n, hash FROM audit_head FOR UPDATE"
_INSERT = """
INSERT INTO audit (n, at, actor, action, object, detail, hash)
SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[])
"""
_MOVE = "UPDATE audit_head SET n = $1, hash = $2"

WAITING = Gauge("patrol_audit_waiting", "Looks that wait for their entry.", multiprocess_mode="livesum")
FAILURES = Counter("patrol_audit_failures_total", "Looks refused since they could not be recorded.")

log = structlog.get_logger(__name__)


def entry(actor: str, action: str, what: str, detail: Mapping[str, Any] | None = None) -> Entry:
    """Make an entry of now."""
    said = audit_chain.detail(detail or {})
    return Entry(at=datetime.now(UTC), actor=_stored(actor), action=action, object=_stored(what), detail=said)


def _stored(text: str) -> str:
    """PostgreSQL holds no NUL and no half characters; what a caller sends must not stop the record."""
    return text.replace("\0", "␀").encode("utf-8", "replace").decode()[:500]


async def append(conn: db.Connection, entries: Sequence[Entry]) -> None:
    """Append in the caller's transaction; writers wait for one another until it ends, so call it last."""
    async with conn.transaction():
        row = await conn.fetchrow(_HEAD)
        assert row is not None  # noqa: S101 - its migration put it there
        rows = audit_chain.chained(Head(row["n"], row["hash"]), entries)
        columns = [(one.n, one.entry.at, one.entry.actor, one.entry.action, one.entry.object) for one in rows]
        await conn.execute(
            _INSERT,
            *(list(column) for column in zip(*columns, strict=True)),
            [one.entry.detail for one in rows],
            [one.hash for one in rows],
        )
        await conn.execute(_MOVE, rows[-1].n, rows[-1].hash)


async def record(
    conn: db.Connection, actor: str, action: str, what: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Record what somebody does, in the transaction that does it.

    Args:
        conn: within the transaction; call it last.
        actor: name of the principal.
        action: what is done, such as `account.disable`.
        what: what it is done to, such as a name or number.
        detail: what else must be known; no secrets.
    """
    await append(conn, [entry(actor, action, what, detail)])


class Recorder:
    """Records looks by group commit: what came while the last commit ran is the next one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._come = asyncio.Event()

    async def put(self, made: Entry) -> None:
        """Return once the entry is committed.

        Raises:
            NotReadyError: it could not be; what it tells of must not be answered.
        """
        if len(self._waiting) >= MOST_WAITING:
            FAILURES.inc()
            raise problems.NotReadyError
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((made, done))
        WAITING.set(len(self._waiting))
        self._come.set()
        try:
            async with asyncio.timeout(WITHIN_S):
                await done
        except TimeoutError as error:
            raise problems.NotReadyError from error

    async def run(self) -> None:
        """Commit until cancelled."""
        while True:
            await self._come.wait()
            group, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            if not self._waiting:
                self._come.clear()
            WAITING.set(len(self._waiting))
            await self._commit(group)

    async def _commit(self, group: list[tuple[Entry, asyncio.Future[None]]]) -> None:
        try:
            async with self._database.pool.acquire(timeout=WITHIN_S) as conn:
                await append(conn, [made for made, _ in group])
        except Exception as error:
            FAILURES.inc(len(group))
            log.exception("audit.not_recorded", entries=len(group), error=repr(error))
            for _, done in group:
                if not done.done():
                    done.set_exception(problems.NotReadyError())
            loops.unless_ending()
            return
        for _, done in group:
            if not done.done():
                done.set_result(None)
