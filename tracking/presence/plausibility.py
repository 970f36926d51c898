"""Rules on fixes that may carry presence: on a fix alone and on the step to it. Nothing is deleted."""

import numpy as np

from tracking.presence.fixes import Bool, FixColumns, Float

WORST_ACCURACY_M = 100.0
"""A less accurate fix does not tell the cell of its device."""
FASTEST_M_PER_S = 35.0
"""Speed limit of patrol cars: a faster step carries no presence."""
JUMP_M_PER_S = 50.0
"""Speed limit of everything on the road: a faster step is a jump of the receiver, and a finding."""
JITTER_SIGMAS = 3.0
"""Standard deviations of both ends by which a step may exceed the speed."""
NEW_PLACE_FIXES = 3
NEW_PLACE_MS = 300_000
"""This many fixes that agree with each other, but not with the last place, are a new place, if they last as long as
that was held, at most this long. A receiver that returns earlier counts as unheard meanwhile."""


def eligible(fixes: FixColumns) -> Bool:
    """Which fixes may carry presence at all, by themselves."""
    return fixes.present() & ~(fixes.acc > WORST_ACCURACY_M)


def steps_possible(
    dx: Float, dy: Float, dt_ms: Float, sigma: Float, sigma_before: Float, *, fastest: float = FASTEST_M_PER_S
) -> Bool:
    """Possible steps, from columns of the distance in m, the time in ms and the errors of both ends in m.

    `fastest` in m/s; defaults and source: the speed limits of cars and of everything (domain reference 2.6).
    """
    reach = fastest * dt_ms / 1000 + JITTER_SIGMAS * (sigma + sigma_before)
    # Squares instead of hypot: the same arithmetic as in step_possible, for bit-identical results.
    return np.asarray(dx * dx + dy * dy <= reach * reach)


def step_possible(dx: float, dy: float, dt_ms: int, sigma: float, sigma_before: float) -> bool:
    """`steps_possible` for one step."""
    reach = FASTEST_M_PER_S * dt_ms / 1000 + JITTER_SIGMAS * (sigma + sigma_before)
    return dx * dx + dy * dy <= reach * reach
