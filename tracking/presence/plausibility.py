"""Which fixes may carry presence: rules on a fix alone and on the step from the one before. Flags, never deletes."""

import numpy as np

from tracking.presence.fixes import Bool, FixColumns, Float

WORST_ACCURACY_M = 100.0
"""A fix less accurate than this says nothing about which cell its device is in."""
FASTEST_M_PER_S = 35.0
"""No patrol car moves faster: a step beyond it carries no presence."""
JUMP_M_PER_S = 50.0
"""Nothing on the road moves faster: a step beyond it is a jump of the receiver, worth a finding."""
JITTER_SIGMAS = 3.0
"""Standard deviations of both ends that a step may be longer than the speed allows."""
NEW_PLACE_FIXES = 3
NEW_PLACE_MS = 300_000
"""So many fixes that agree with each other, but not with the last place, for as long as that was held, this at most,
are a new place; a receiver that jumps and comes back before was heard nowhere meanwhile."""


def eligible(fixes: FixColumns) -> Bool:
    """Which fixes may carry presence at all, by themselves."""
    return fixes.present() & ~(fixes.acc > WORST_ACCURACY_M)


def steps_possible(
    dx: Float, dy: Float, dt_ms: Float, sigma: Float, sigma_before: Float, *, fastest: float = FASTEST_M_PER_S
) -> Bool:
    """Which steps can have been made: columns of the way in m, the time in ms and the errors of both ends in m.

    `fastest` in m/s; defaults and source: the speed gates of cars and of everything (domain reference 2.6).
    """
    reach = fastest * dt_ms / 1000 + JITTER_SIGMAS * (sigma + sigma_before)
    # Squares, not hypot: the same arithmetic here and in step_possible gives the same answer to the last bit.
    return np.asarray(dx * dx + dy * dy <= reach * reach)


def step_possible(dx: float, dy: float, dt_ms: int, sigma: float, sigma_before: float) -> bool:
    """`steps_possible` for one step."""
    reach = FASTEST_M_PER_S * dt_ms / 1000 + JITTER_SIGMAS * (sigma + sigma_before)
    return dx * dx + dy * dy <= reach * reach
