"""Detail of a view: every device, one per small square, or counts. Pure."""

from dataclasses import dataclass
from typing import Literal

Band = Literal["dots", "sampled", "grid"]

DOTS_MAX = 5_000
SAMPLED_MAX = 50_000
SAMPLE_RECORDS = 4_500
LOWER = 0.9
"""A coarser detail is left only below this share of its threshold, so that a view at the border does not flicker."""
SAMPLE_STEPS = (6, 5, 4, 3)
"""Zooms between a view's tiles and its squares, the finest first: 2^6 squares along an edge are 4 px each at 256 px."""
ALL = 0
"""Depth at which every device is shown."""

Layer = tuple[int, int]
"""Zoom of tiles, and the zoom of the squares of which each shows its device with the smallest slot; ALL: all show."""


@dataclass(frozen=True, slots=True)
class Detail:
    """Band of a view, and in the sampled band the zoom of its squares."""

    band: Band
    depth: int = ALL


DOTS = Detail("dots")
GRID = Detail("grid")


def band(n: int, current: Detail | None) -> Band:
    """Band for `n` devices in view; `current` prevents flicker at a threshold."""
    before = None if current is None else current.band
    if n <= DOTS_MAX * (1 if before in (None, "dots") else LOWER):
        return "dots"
    return "sampled" if n <= SAMPLED_MAX * (LOWER if before == "grid" else 1) else "grid"


def most(depth: int, current: Detail | None) -> float:
    """Most devices that a view may show with squares of this zoom."""
    finer = current is not None and current.band == "sampled" and depth > current.depth
    return SAMPLE_RECORDS * (LOWER if finer else 1)
