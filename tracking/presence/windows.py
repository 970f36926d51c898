"""Dirty windows: the time span of each device to recompute. Pure."""

import numpy as np

from tracking.presence.fixes import FixColumns
from tracking.presence.stays import Window
from tracking.records.reasons import Cause


def spanning(late: FixColumns, cause: Cause = Cause.LATE) -> list[Window]:
    """One window for each device: from its first to its last fix, with the newest receipt."""
    devices, owner = np.unique(late.device, return_inverse=True)
    lo, hi = np.full(len(devices), np.iinfo(np.int64).max), np.full(len(devices), -1)
    received = np.full(len(devices), -1)
    np.minimum.at(lo, owner, late.t)
    np.maximum.at(hi, owner, late.t)
    np.maximum.at(received, owner, late.received)
    spans = zip(devices.tolist(), lo.tolist(), hi.tolist(), received.tolist(), strict=True)
    return [Window(device=device, t_lo=first, t_hi=last, received=at, cause=cause) for device, first, last, at in spans]
