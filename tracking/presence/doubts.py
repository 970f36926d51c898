"""Stretches of a device's time whose places are not believed: its fixes stay stored, and carry no presence. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from schemas.wire import FixFlag
from tracking.presence.fixes import FixColumns

Span = tuple[int, int]
"""From and to, ms, ends included."""
Doubts = Mapping[int, Sequence[Span]]
"""By number of the device."""


def marked(fixes: FixColumns, doubts: Doubts) -> FixColumns:
    """The same fixes for the engine, those in doubt with the flag DOUBTED; it is never stored."""
    flags = fixes.flags
    for device, spans in doubts.items():
        rows = fixes.device == device
        if rows.any():
            doubted = np.any([(fixes.t >= first) & (fixes.t <= last) for first, last in spans], axis=0)
            flags = np.where(rows & doubted, flags | FixFlag.DOUBTED, flags).astype(flags.dtype)
    return fixes if flags is fixes.flags else replace(fixes, flags=flags)


def changed(before: Doubts, after: Doubts) -> dict[int, list[Span]]:
    """Spans that are in one of both only, by device: what must be computed again."""
    found = {
        device: sorted(set(before.get(device, ())) ^ set(after.get(device, ())))
        for device in sorted(before.keys() | after.keys())
    }
    return {device: spans for device, spans in found.items() if spans}
