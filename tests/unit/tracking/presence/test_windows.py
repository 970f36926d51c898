"""One dirty window for each device, over all its late fixes."""

import numpy as np

from tracking.presence import windows
from tracking.presence.fixes import FixColumns
from tracking.records.reasons import Cause


def test_a_window_spans_the_fixes_of_its_device() -> None:
    """From the first to the last fix in any order, with the newest receipt and the cause given."""
    fixes = FixColumns.from_columns(
        4, device=np.array([7, 3, 7, 7]), t=np.array([50, 20, 10, 30]), received=np.array([90, 95, 91, 99])
    )
    made = windows.spanning(fixes, Cause.FAILURE)
    assert [(each.device, each.t_lo, each.t_hi, each.received, each.cause) for each in made] == [
        (3, 20, 20, 95, Cause.FAILURE),
        (7, 10, 50, 99, Cause.FAILURE),
    ]


def test_no_fixes_no_window() -> None:
    """Nothing to be computed again."""
    assert windows.spanning(FixColumns.from_columns(0)) == []
