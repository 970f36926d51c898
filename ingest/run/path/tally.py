"""Counts committed data: totals of the process, metrics, refusals in the log, fixes by minute and unit."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from ingest.decoding.batch import Received
from ingest.run import metrics
from ingest.run.path.attempt import Attempt
from ingest.run.path.device_book import DeviceBook
from ingest.run.path.refusal_log import RefusalLog
from tracking.store.tracks.minute_store import MinuteCounts

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tally:
    """Counts batches.

    Args:
        devices: the enrolled devices.
        clock: the time, ms.
    """

    devices: DeviceBook
    clock: Callable[[], int]
    minutes: MinuteCounts = field(default_factory=MinuteCounts)
    totals: Counter[str] = field(default_factory=Counter)
    """Since the start of the process."""
    _refusals: RefusalLog = field(default_factory=RefusalLog)

    def count(self, received: Sequence[Received], attempt: Attempt) -> int:
        """Count a committed batch; returns the number of late fixes."""
        batch, new = attempt.batch, 0 if attempt.new is None else len(attempt.new)
        refused = sum(refusal.n for refusal in batch.refused)
        self.totals.update(messages=len(received), fixes=new, duplicates=len(batch.fixes) - new, refused=refused)
        metrics.MESSAGES.inc(len(received))
        # They are in order of receipt.
        metrics.STORE_LAG.observe(max(0, self.clock() - received[0].message.received) / 1000)
        metrics.FIXES.inc(new)
        metrics.DUPLICATES.inc(len(batch.fixes) - new)
        metrics.EVENTS.inc(attempt.events)
        metrics.REPLIES.inc(attempt.replies)
        for refusal in batch.refused:
            metrics.REFUSALS.labels(refusal.reason.value).inc(refusal.n)
        self._refusals.tell(batch.refused, time.monotonic())
        if attempt.new is not None and new:
            unit, units = self.devices.units_of(attempt.new.device)
            self.minutes.note(attempt.new.t, unit, units, self.clock())
            metrics.LAG.observe(max(0, self.clock() - int(attempt.new.t.max())) / 1000)
        late = new if attempt.failed else 0 if attempt.advance is None else int(attempt.advance.late.sum())
        metrics.LATE.inc(late)
        log.debug("batch committed", messages=len(received), fixes=new, late=late)
        return late
