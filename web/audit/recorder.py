"""Records accesses. An answer is sent only after its access was recorded.

A change is recorded in its own transaction (`web.audit.store.audit_log`). A read access waits for the group commit of
the `Recorder`: concurrent ones share a transaction, so that reading stays fast.
"""

import asyncio

import structlog
from prometheus_client import Counter, Gauge

from runtime import loops
from web import problems
from web.audit.audit_chain import Entry
from web.audit.store import audit_log
from web.database import Database

MOST_WAITING = 5_000
"""Most accesses waiting for their record; further ones are refused, as none may go unrecorded."""
AT_ONCE = 500
WITHIN_S = 10.0


WAITING = Gauge("patrol_audit_waiting", "Views that wait for their audit entry.", multiprocess_mode="livesum")
FAILURES = Counter("patrol_audit_failures_total", "Views refused because they could not be recorded.")

log = structlog.get_logger(__name__)


class Recorder:
    """Records accesses by group commit: those that come during one commit form the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._come = asyncio.Event()

    async def put(self, entry: Entry) -> None:
        """Return once the entry is committed.

        Raises:
            NotReadyError: it was not recorded; the request must not be answered.
        """
        if len(self._waiting) >= MOST_WAITING:
            FAILURES.inc()
            raise problems.NotReadyError
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
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
                await audit_log.append(conn, [entry for entry, _ in group])
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
