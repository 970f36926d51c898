"""Writes anchors of the audit record outside the database, and detects a truncated record."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx2
import msgspec
import structlog
from prometheus_client import Counter, Gauge

from runtime import db
from runtime.every import every
from web.audit.audit_anchors import Anchor, Anchors
from web.audit.audit_chain import Head
from web.audit.store import audit_log
from web.config import WebConfig
from web.database import Database

HEAD_S = 1.0
"""Interval between heads; entries after the newest one could be removed unnoticed by whoever controls the database."""
ANCHOR_EVERY = timedelta(minutes=5)
RETRY_S = 10.0
SEND_WITHIN_S = 10.0

FAILURES = Counter("patrol_audit_anchor_failures_total", "Anchors that could not be written or sent.", ["to"])
for _to in ("file", "address"):
    FAILURES.labels(_to)  # registered at the start, so that the first increase shows
BROKEN = Gauge("patrol_audit_broken", "1 if the audit record lacks what was anchored.", multiprocess_mode="livemax")

log = structlog.get_logger(__name__)


class AnchorSender:
    """Sends the newest anchor to another machine; a newer one replaces a waiting one."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._waiting: Anchor | None = None
        self._come = asyncio.Event()

    def offer(self, anchor: Anchor) -> None:
        """Send this anchor next."""
        self._waiting = anchor
        self._come.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._come.wait()
            self._come.clear()
            anchor = self._waiting
            if anchor is not None and not await self._sent(anchor):
                self._come.set()
                await asyncio.sleep(RETRY_S)

    async def _sent(self, anchor: Anchor) -> bool:
        """Send it; redirects are not followed."""
        headers = {"Content-Type": "application/json"}
        try:
            async with httpx2.AsyncClient(timeout=SEND_WITHIN_S) as client:
                answer = await client.post(self._address, content=msgspec.json.encode(anchor), headers=headers)
            answer.raise_for_status()
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            FAILURES.labels("address").inc()
            log.warning("audit.anchor_not_sent", error=type(error).__name__, n=anchor.n, retry_s=RETRY_S)
            return False
        return True


class AnchorTask:
    """Writes the newest head every second while the record grows, and an anchor every five minutes."""

    def __init__(self, anchors: Anchors, database: Database, sender: AnchorSender | None) -> None:
        self._anchors, self._database, self._sender = anchors, database, sender
        self._noted: Head | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        pool = await self._database.opened()
        await every(HEAD_S, lambda: self.step(pool), survive=_failed, after_error_s=RETRY_S)

    async def step(self, pool: db.Pool) -> None:
        """Write the head of the record, unless the record ends before the last written head."""
        # Read before the record: several web processes may write heads.
        known = await asyncio.to_thread(self._anchors.newest)
        async with pool.acquire(timeout=5) as conn:
            head = await audit_log.head_of(conn)
            whole = known is None or (known.n <= head.n and await audit_log.holds(conn, known))
        BROKEN.set(not whole)
        if known is not None and not whole:
            log.error("audit.record_lacks_what_was_anchored", anchored=known.n, ends=head.n)
            await asyncio.sleep(RETRY_S)
        elif known is None or head != self._noted:
            await asyncio.to_thread(self._write, head)
            self._noted = head

    def _write(self, head: Head) -> None:
        last_at = self._anchors.last_at()
        if last_at is None or abs(datetime.now(UTC) - last_at) >= ANCHOR_EVERY:
            anchor = self._anchors.append(head)
            if anchor is not None and self._sender is not None:
                self._sender.offer(anchor)
        self._anchors.note(head)


def _failed(error: Exception) -> None:
    """Errors of files and the database do not end the process."""
    FAILURES.labels("file").inc()
    log.warning("audit.not_anchored", error=str(error) or type(error).__name__, retry_s=RETRY_S)


def files(config: WebConfig) -> Anchors | None:
    """The anchor files of the settings; None: none are kept."""
    if config.audit_anchor is None or config.device_key is None:
        return None
    return Anchors(config.audit_anchor, config.device_key)
