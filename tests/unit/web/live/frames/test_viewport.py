"""Which frame a viewer is due: wishes are merged, counts come once a second, alarms are seen at once."""

import numpy as np

from schemas.live import DeviceName, Look
from tests.unit.web.live.positions import NOW, columns, scattered
from web.live.frames import tiles
from web.live.frames.alarms import Alarms
from web.live.frames.detail import SAMPLED_MAX
from web.live.frames.directory import Directory
from web.live.frames.frame_source import FrameSource
from web.live.frames.state import LiveState
from web.live.frames.viewport import COARSE_EVERY_S, FULL_EVERY_S, Viewport

CITY = Look(bbox=(114.3, 23.0, 114.5, 23.2), zoom=10.0)
ELSEWHERE = Look(bbox=(0.0, 0.0, 1.0, 1.0), zoom=10.0, selected=["cam-7"])


class Scene:
    """A fleet of n devices and one viewer."""

    def __init__(self, n: int) -> None:
        self.directory, self.alarms = Directory(), Alarms()
        self.frames = FrameSource(LiveState())
        for slot in range(1, n + 1):
            self.directory.put(DeviceName(slot, f"cam-{slot}", None, "team"))
        self.frames.state.apply(scattered(n, seed=n))
        self.frames.state.set_named(self.directory.array())
        self.frames.tick(NOW)
        self.viewport = Viewport(self.frames, self.directory, self.alarms)

    def move(self, slot: int, at: int) -> None:
        """One device moves, and the frames ticks."""
        if self.viewport.view is not None and self.viewport.detail is not None:
            self.frames.watch([(self.viewport.view, self.viewport.detail)])
        self.frames.state.apply(columns({"device": slot, "lat": 23.1, "lon": 114.4, "t": NOW + at}))
        self.frames.tick(NOW + at)


def test_wish_is_followed_by_a_full_frame_then_only_changes() -> None:
    """After a wish everything in view comes; then nothing until something moves; then what moved."""
    scene = Scene(20)
    assert scene.viewport.frame(0.0) is None
    scene.viewport.look(CITY)
    frame = scene.viewport.frame(0.0)
    assert frame is not None
    assert (frame.kind, frame.shown) == (tiles.FULL, 20)
    assert scene.viewport.frame(0.1) is None
    assert scene.viewport.wait_s is None
    scene.move(3, 1000)
    frame = scene.viewport.frame(0.2)
    assert frame is not None
    assert (frame.kind, sum(block.n for block in frame.blocks)) == (tiles.CHANGE, 1)


def test_wishes_that_come_too_fast_are_merged_into_the_last_one() -> None:
    """Of a hundred wishes within a fifth of a second only the last is worked out, when its time has come."""
    scene = Scene(20)
    scene.viewport.look(CITY)
    assert scene.viewport.frame(0.0) is not None
    first = scene.viewport.view
    for n in range(100):
        scene.viewport.look(ELSEWHERE if n % 2 else CITY)
        assert scene.viewport.frame(n / 1000) is None
        assert scene.viewport.view is first
    assert scene.viewport.wait_s is not None
    assert 0 < scene.viewport.wait_s <= FULL_EVERY_S
    frame = scene.viewport.frame(FULL_EVERY_S)
    assert frame is not None
    assert [block.slots.tolist() for block in frame.blocks] == [[7]]


def test_grid_band_sends_full_frames_once_a_second() -> None:
    """Counts: however often something moves, one full frame a second, and the viewer is told when to look again."""
    scene = Scene(SAMPLED_MAX + 1_000)
    scene.viewport.look(CITY)
    assert scene.viewport.frame(0.0) is not None
    assert scene.viewport.band == "grid"
    sent = 0
    for tick in range(1, 16):
        scene.move(3, 1000 * tick)
        frame = scene.viewport.frame(tick * 0.2)
        sent += frame is not None
        if frame is None:
            assert scene.viewport.wait_s is not None
            assert scene.viewport.wait_s <= COARSE_EVERY_S
        else:
            assert frame.kind == tiles.FULL
    assert sent == 3


def test_device_in_alarm_is_shown_wherever_it_is_until_the_alarm_ends() -> None:
    """An alarm of a device outside the view brings a frame with it, its end one without."""
    scene = Scene(20)
    scene.viewport.look(Look(bbox=(0.0, 0.0, 1.0, 1.0), zoom=10.0))
    frame = scene.viewport.frame(0.0)
    assert frame is not None
    assert frame.shown == 0
    for state, shown, now in (("open", [[5]], 1.0), ("resolved", [], 2.0)):
        scene.alarms.follow({"id": 1, "state": state, "device": "cam-5"})
        assert scene.alarms.slots(scene.directory).tolist() == ([5] if shown else [])
        frame = scene.viewport.frame(now)
        assert frame is not None
        assert [block.slots.tolist() for block in frame.blocks] == shown


def test_viewer_that_missed_the_history_gets_a_full_frame() -> None:
    """After more ticks than are remembered the newest state comes whole."""
    scene = Scene(20)
    scene.viewport.look(CITY)
    scene.viewport.frame(0.0)
    for tick in range(1, 40):
        scene.move(1 + tick % 20, 1000 * tick)
    frame = scene.viewport.frame(10.0)
    assert frame is not None
    assert (frame.kind, frame.shown) == (tiles.FULL, 20)
    assert np.isin(np.arange(1, 21), np.concatenate([block.slots for block in frame.blocks])).all()
