"""Suspect intervals of devices: their fixes stay stored, but carry no presence. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from schemas.wire import FixFlag
from tracking.presence.fixes import FixColumns

Span = tuple[int, int]
"""From and to, ms, ends included."""
Intervals = Mapping[int, Sequence[Span]]
"""By number of the device."""


def marked(fixes: FixColumns, suspects: Intervals) -> FixColumns:
    """The fixes for the engine, with the flag SUSPECT in suspect intervals; the flag is never stored."""
    flags = fixes.flags
    for device, spans in suspects.items():
        rows = fixes.device == device
        if rows.any():
            suspect = np.any([(fixes.t >= first) & (fixes.t <= last) for first, last in spans], axis=0)
            flags = np.where(rows & suspect, flags | FixFlag.SUSPECT, flags).astype(flags.dtype)
    return fixes if flags is fixes.flags else replace(fixes, flags=flags)


def changed(before: Intervals, after: Intervals) -> dict[int, list[Span]]:
    """Spans in only one of both, by device, which must be recomputed."""
    changes = {
        device: sorted(set(before.get(device, ())) ^ set(after.get(device, ())))
        for device in sorted(before.keys() | after.keys())
    }
    return {device: spans for device, spans in changes.items() if spans}
