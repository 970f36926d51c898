"""A batch while it is stored, in as many transactions as needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ingest.decoding.batch import Batch, DeviceEvent
from tracking.presence.engine import Advance
from tracking.presence.fixes import FixColumns
from tracking.presence.points import Logged
from tracking.store.tracks import event_store

_NONE = FixColumns.from_columns(0)


@dataclass(slots=True)
class Attempt:
    """It outlives failed transactions, since the engine must advance only once."""

    batch: Batch
    number: int
    new: FixColumns | None = None
    """Its fixes that were not stored before; None: not known yet."""
    served: FixColumns = field(default_factory=lambda: _NONE)
    """New fixes of devices that the engine of this worker handles."""
    misrouted: FixColumns = field(default_factory=lambda: _NONE)
    """New fixes of devices of other workers."""
    advance: Advance | None = None
    """The result of the engine for the new fixes."""
    failed: bool = False
    """The engine, or storing its result, failed; the back-fill computes the stays."""
    late_logged: Sequence[Logged] = ()
    """Positions of its events that may belong to stays already reported."""
    transaction: str | None = None
    """Number of the transaction whose commit was attempted."""
    head: int | None = None
    """Highest number assigned in the event log."""
    events: int = 0
    new_events: list[DeviceEvent] = field(default_factory=list)
    """Its events that were not stored before."""
    replies: int = 0
    """New answers that belong to a command of their device."""

    def found_new(self, fresh: FixColumns) -> None:
        """Set which of its fixes were new; a repeated transaction finds the same, so the first result stays."""
        if self.new is not None:
            return
        self.new = fresh
        misrouted = np.isin(fresh.device, list(self.batch.misrouted))
        self.misrouted, self.served = (
            (fresh.take(misrouted), fresh.take(~misrouted)) if misrouted.any() else (_NONE, fresh)
        )

    def logged(self) -> dict[Logged, int]:
        """Positions of events that count as presence, with their time of receipt, ms."""
        events = [event for event in self.new_events if event_store.counts_as_path(event.content.type)]
        return {Logged(event.device, event.content.t, event.lat, event.lon): event.received for event in events}
