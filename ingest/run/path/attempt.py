"""A batch on its way into the database, over as many transactions as it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ingest.decoding.batch import Batch, SaidEvent
from tracking.presence.engine import Advance
from tracking.presence.fixes import FixColumns
from tracking.presence.points import Logged
from tracking.store.tracks import event_store

_NONE = FixColumns.from_columns(0)


@dataclass(slots=True)
class Attempt:
    """It outlives failed transactions: the engine goes forward once only."""

    batch: Batch
    number: int
    new: FixColumns | None = None
    """Its fixes that were not stored before; None while nobody knows."""
    served: FixColumns = field(default_factory=lambda: _NONE)
    """Of the new fixes, those of devices whose stays the engine here moves."""
    misrouted: FixColumns = field(default_factory=lambda: _NONE)
    """Of the new fixes, those of devices of other workers."""
    advance: Advance | None = None
    """The engine's answer to the new fixes."""
    failed: bool = False
    """The engine or the storing of its answer failed: the stays are left to the back-fill."""
    late_logged: Sequence[Logged] = ()
    """Places logged by its events that may belong to stays that were told."""
    transaction: str | None = None
    """Number of the transaction whose commit was tried."""
    head: int | None = None
    """Highest number given in the event log."""
    events: int = 0
    new_events: list[SaidEvent] = field(default_factory=list)
    """Its events that were not stored before."""
    replies: int = 0
    """Answers that were new and belong to a command of their device."""

    def found_new(self, fresh: FixColumns) -> None:
        """Take which of its fixes were new; a repeated transaction finds the same, so the first answer stays."""
        if self.new is not None:
            return
        self.new = fresh
        misrouted = np.isin(fresh.device, list(self.batch.misrouted))
        self.misrouted, self.served = (
            (fresh.take(misrouted), fresh.take(~misrouted)) if misrouted.any() else (_NONE, fresh)
        )

    def logged(self) -> dict[Logged, int]:
        """Where devices logged something that counts as a part of their way, and when it was received, ms."""
        events = [event for event in self.new_events if event_store.counts_as_path(event.said.type)]
        return {Logged(event.device, event.said.t, event.lat, event.lon): event.received for event in events}
