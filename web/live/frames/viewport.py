"""Positions for one viewer: view, band, and the next frame.

Does no I/O; times are seconds of any steady clock.
"""

import numpy as np
from numpy.typing import NDArray

from schemas.live import Look
from web.live.frames import tiles
from web.live.frames.alarms import Alarms
from web.live.frames.detail import Band, Detail, Layer
from web.live.frames.directory import Directory
from web.live.frames.frame_source import Frame, FrameSource

FULL_EVERY_S = 0.2
"""Least time between full frames, however fast the view changes."""
COARSE_EVERY_S = 1.0
"""The same in the grid band, where every frame is full, and between two looks at whether another detail is due."""


class Viewport:
    """Chooses frames. Only the newest request of the viewer is kept, and computed when it can be sent."""

    def __init__(self, frames: FrameSource, directory: Directory, alarms: Alarms) -> None:
        self.view: tiles.TileView | None = None
        self.detail: Detail | None = None
        self.wait_s: float | None = None
        """After `frame` gave None: seconds after which one is due; None: when something moves."""
        self._frames, self._directory, self._alarms = frames, directory, alarms
        self._wish: Look | None = None
        self.selected: list[int | str] = []
        """Selected devices."""
        self.skipped = 0
        """Ticks that were skipped, as the viewer was not ready."""
        self._sent_tick = 0
        self._alarms_version = 0
        self._full_at = self._banded_at = float("-inf")
        self._shown = 0
        self._extra: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._extra_of: tuple[int, int, list[int | str]] | None = None

    @property
    def band(self) -> Band:
        """Band of the last frame; of none, that of an empty view."""
        return "dots" if self.detail is None else self.detail.band

    @property
    def layer(self) -> Layer | None:
        """Tiles for which the next tick is encoded."""
        return None if self.view is None or self.detail is None else (self.view.zoom, self.detail.depth)

    def look(self, wish: Look) -> None:
        """Change the view from the next frame on."""
        self._wish = wish

    def shown(self) -> int:
        """Records in view."""
        if self.band == "dots" and self.view is not None:
            return self._frames.count(self.view)
        return self._shown

    def frame(self, now: float) -> Frame | None:
        """Choose the frame to send at `now`; None: nothing new, or not yet."""
        self.wait_s = None
        if self._wish is not None or self._alarms_version != self._alarms.version:
            return self._full_after(FULL_EVERY_S, now)
        view, detail, behind = self.view, self.detail, self._frames.tick_no - self._sent_tick
        if view is None or detail is None or behind == 0:
            return None
        if detail.band == "grid" or self._other_detail(view, detail, now):
            return self._full_after(COARSE_EVERY_S, now)
        if behind > 1:
            self.skipped += behind - 1
        frame = self._frames.changes(view, detail, self._sent_tick, self._always())
        if frame is None:
            return self._full(view, now)
        self._sent_tick = self._frames.tick_no
        return frame

    def _full_after(self, seconds: float, now: float) -> Frame | None:
        """A full frame when the last one is old enough, else later."""
        self.wait_s = self._full_at + seconds - now
        if self.wait_s > 0:
            return None
        if self._wish is not None:
            self.view = tiles.view(self._wish.bbox, self._wish.zoom)
            self.selected = list(self._wish.selected)
            self._wish = None
        return None if self.view is None else self._full(self.view, now)

    def _other_detail(self, view: tiles.TileView, detail: Detail, now: float) -> bool:
        """Whether the number of devices in view requires another detail; checked once a second."""
        if now - self._banded_at < COARSE_EVERY_S:
            return False
        self._banded_at = now
        return self._frames.detail(view, detail) != detail

    def _full(self, view: tiles.TileView, now: float) -> Frame:
        self._full_at = self._banded_at = now
        self._alarms_version = self._alarms.version
        self._sent_tick = self._frames.tick_no
        self.detail = self._frames.detail(view, self.detail)
        frame = self._frames.full(view, self.detail, self._always())
        self._shown = frame.shown
        return frame

    def _always(self) -> NDArray[np.int64]:
        """Slots shown in every band: selected here, or in alarm."""
        of = (self._alarms.version, self._directory.version, self.selected)
        if of != self._extra_of:
            slots = self._directory.chosen(self.selected) | set(self._alarms.passing.tolist())
            self._extra, self._extra_of = np.array(sorted(slots), dtype=np.int64), of
        return self._extra
