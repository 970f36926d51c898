"""What viewers are sent: a viewer that applies every frame knows exactly what is in its tiles."""

import numpy as np
import pytest

from schemas import feed
from tests.support import live_frames as decoder
from tests.unit.web.live.positions import NOW, columns, scattered
from web.live.frames import tiles
from web.live.frames.detail import DOTS, DOTS_MAX, GRID, SAMPLE_RECORDS, SAMPLED_MAX, Detail
from web.live.frames.frame_source import FrameSource
from web.live.frames.state import LiveState

NOBODY = np.empty(0, dtype=np.int64)
CITY = (114.3, 23.0, 114.5, 23.2)


class Map:
    """A viewer's map, fed by encoded frames as the browser is."""

    def __init__(
        self,
        frames: FrameSource,
        view: tiles.TileView,
        extra: "np.typing.NDArray[np.int64]" = NOBODY,
        detail: Detail = DOTS,
    ) -> None:
        self.frames, self.view, self.detail, self.extra = frames, view, detail, extra
        self.known: dict[int, decoder.Record] = {}
        self.since = -1
        self.kinds: list[int] = []

    def catch_up(self) -> None:
        """Take what is new since the last call, as the viewer's writer does."""
        frame = None if self.since < 0 else self.frames.changes(self.view, self.detail, self.since, self.extra)
        if frame is None:
            frame = self.frames.full(self.view, self.detail, self.extra)
        self.since = self.frames.tick_no
        self.kinds.append(frame.kind)
        data = tiles.encode_frame(frame.kind, frame.blocks, now=self.frames.now, tick=self.frames.tick_no)
        decoder.decode(data).onto(self.known)

    def expected(self) -> set[int]:
        """Slots that the map must show, found device by device."""
        state = self.frames.state
        squares: dict[int, int] = {}
        for slot in np.flatnonzero(state.t > 0).tolist():
            place = state.u[slot : slot + 1], state.v[slot : slot + 1]
            if int(tiles.keys_of(*place, self.view.zoom)[0]) in self.view.keys:
                square = int(tiles.keys_of(*place, self.detail.depth)[0]) if self.detail.depth else slot
                squares.setdefault(square, slot)
        return {*squares.values(), *self.extra.tolist()}


def made(positions: feed.Columns) -> FrameSource:
    """Frames with these devices, all known by name."""
    frames = FrameSource(LiveState())
    frames.state.apply(positions)
    frames.state.set_named(positions["device"].astype(np.int64))
    return frames


def moved(positions: feed.Columns, step: int, rng: np.random.Generator) -> feed.Columns:
    """A third of the devices a good way further."""
    rows = np.flatnonzero(rng.random(len(positions["device"])) < 0.33)
    part = {name: column[rows].copy() for name, column in positions.items()}
    part["t"] = part["t"] + step * 1000
    for name in ("lat", "lon"):
        part[name] = part[name].astype(np.float64) + rng.normal(0, 0.02, len(rows))
    return part


@pytest.mark.parametrize("detail", [DOTS, Detail("sampled", 16)])
@pytest.mark.parametrize("every", [1, 2, 3, 5, 40])
def test_map_knows_what_is_in_its_tiles_however_many_ticks_it_skips(every: int, detail: Detail) -> None:
    """After 80 ticks a viewer that takes each, or each second, third, fifth or fortieth one shows the same devices."""
    positions, rng = scattered(400, seed=1), np.random.default_rng(every)
    frames = made(positions)
    view = tiles.view((114.38, 23.08, 114.42, 23.12), 13)
    viewer = Map(frames, view, np.array([7, 8]), detail)
    frames.watch([(view, detail)])
    frames.tick(NOW)
    for step in range(1, 81):
        frames.state.apply(moved(positions, step, rng))
        frames.tick(NOW + step * 1000)
        if step % every == 0:
            viewer.catch_up()
            assert set(viewer.known) == viewer.expected()
    if viewer.since < frames.tick_no:
        viewer.catch_up()
    for slot, record in viewer.known.items():
        assert abs(record.u - frames.state.u[slot]) < 2 / 65536 / 2**view.zoom
        assert abs(record.v - frames.state.v[slot]) < 2 / 65536 / 2**view.zoom
    assert (tiles.CHANGE in viewer.kinds) == (every < 40)


def test_devices_that_come_into_tiles_are_unnamed_and_no_others() -> None:
    """A viewer that learned the names of a full frame's devices needs those that arrive, whoever else moved."""
    positions, rng = scattered(300, seed=9), np.random.default_rng(9)
    frames = made(positions)
    for n, detail in enumerate((DOTS, Detail("sampled", 16))):
        view = tiles.view((114.38, 23.08, 114.42, 23.12), 13)
        frames.watch([(view, detail)])
        told = {int(slot) for part in frames.full(view, detail, NOBODY).unnamed for slot in part}
        for step in range(1 + 100 * n, 30 + 100 * n):
            since = frames.tick_no
            frames.state.apply(moved(positions, step, rng))
            frames.tick(NOW + step * 1000)
            frame = frames.changes(view, detail, since, NOBODY)
            assert frame is not None
            shown = {int(slot) for block in frame.blocks for slot in block.slots}
            unnamed = {int(slot) for part in frame.unnamed for slot in part}
            assert shown <= told | unnamed
            assert unnamed <= shown
            told |= unnamed


def test_tick_encodes_a_tile_once_for_all_viewers() -> None:
    """Two viewers of the same tiles are sent the very same bytes object."""
    frames = made(scattered(50, seed=2))
    view = tiles.view(CITY, 11)
    frames.watch([(view, DOTS), (view, DOTS)])
    frames.tick(NOW)
    first, second = frames.full(view, DOTS, NOBODY), frames.full(view, DOTS, NOBODY)
    assert first.blocks
    assert all(a.data is b.data for a, b in zip(first.blocks, second.blocks, strict=True))


def test_changes_have_only_those_that_moved() -> None:
    """One device moves: one record is sent."""
    frames = made(scattered(50, seed=3))
    view = tiles.view(CITY, 11)
    frames.watch([(view, DOTS)])
    frames.tick(NOW)
    since = frames.tick_no
    frames.state.apply(columns({"device": 9, "lat": 23.1, "lon": 114.4, "t": NOW + 1000}))
    frames.tick(NOW + 1000)
    frame = frames.changes(view, DOTS, since, NOBODY)
    assert frame is not None
    sent = decoder.decode(tiles.encode_frame(frame.kind, frame.blocks, now=0, tick=0))
    assert [record.slot for block in sent.blocks for record in block.records if not record.status & 128] == [9]


def test_changes_before_the_view_was_watched_are_refused() -> None:
    """Where the history does not have a viewer's zoom, only a full frame tells the truth."""
    frames = made(scattered(5, seed=4))
    frames.tick(NOW)
    assert frames.changes(tiles.view(CITY, 11), DOTS, 0, NOBODY) is None


@pytest.mark.parametrize(("n", "band"), [(DOTS_MAX, "dots"), (DOTS_MAX + 1, "sampled"), (SAMPLED_MAX + 1, "grid")])
def test_band_follows_how_many_are_in_view(n: int, band: str) -> None:
    """Few are shown one by one, more are sampled, very many are counted."""
    frames = made(scattered(n, seed=5))
    view = tiles.view((114.3, 23.0, 114.5, 23.2), 10)
    frames.tick(NOW)
    assert frames.detail(view, None).band == band


def test_band_at_the_border_does_not_flicker() -> None:
    """A view that is sampled stays so until clearly fewer are in it."""
    frames = made(scattered(DOTS_MAX - 10, seed=6))
    view = tiles.view(CITY, 10)
    frames.tick(NOW)
    assert frames.detail(view, Detail("sampled", 16)).band == "sampled"
    assert frames.detail(view, DOTS).band == "dots"


def test_sampled_frame_is_bounded_and_has_the_selected() -> None:
    """Of 20,000 devices at most 4,500 are sent, and always those that are selected."""
    frames = made(scattered(20_000, seed=7))
    view = tiles.view(CITY, 12)
    frames.tick(NOW)
    extra = np.array([11, 12_345, 19_999])
    frame = frames.full(view, frames.detail(view, None), extra)
    sent = decoder.decode(tiles.encode_frame(frame.kind, frame.blocks, now=0, tick=0)).by_slot()
    assert 1_000 < len(sent) <= SAMPLE_RECORDS + len(extra)
    assert set(extra.tolist()) <= set(sent)


def test_grid_frame_counts_every_device_once() -> None:
    """The counts of the grid band add up to the devices in the tiles."""
    frames = made(scattered(30_000, seed=8))
    view = tiles.view(CITY, 10)
    frames.tick(NOW)
    frame = frames.full(view, GRID, NOBODY)
    sent = decoder.decode(tiles.encode_frame(frame.kind, frame.blocks, now=0, tick=0))
    assert all(block.flags == tiles.GRID for block in sent.blocks)
    assert sum(record.slot for block in sent.blocks for record in block.records) == frames.count(view) == 30_000


def test_ages_in_shared_blocks_stay_true_while_nothing_moves() -> None:
    """A viewer that comes a minute after the last movement is told ages of that minute."""
    frames = made(columns({"device": 1, "lat": 23.1, "lon": 114.4}))
    view = tiles.view(CITY, 11)
    frames.tick(NOW)
    frames.full(view, DOTS, NOBODY)
    frames.tick(NOW + 60_000)
    frame = frames.full(view, DOTS, NOBODY)
    sent = decoder.decode(tiles.encode_frame(frame.kind, frame.blocks, now=frames.now, tick=0))
    assert sent.by_slot()[1].age == 60
    assert sent.now == NOW + 60_000


@pytest.mark.parametrize(("n", "band"), [(400, "dots"), (8_000, "sampled"), (60_000, "grid")])
def test_limited_world_shows_and_counts_only_its_devices(n: int, band: str) -> None:
    """In every band, full and changed: no slot outside the limit, no count that includes one, no extra device."""
    positions = scattered(n, seed=5)
    frames = made(positions)
    mask = np.zeros(n + 1, dtype=np.bool_)
    mask[::7] = True
    mask[0] = False
    frames.limit(mask)
    view = tiles.view(CITY, 11)
    frames.watch([(view, DOTS)])
    frames.tick(NOW)
    mine = set(np.flatnonzero(mask).tolist())
    assert frames.count(view) == len(mine)
    detail = Detail("sampled", 16) if band == "sampled" else Detail(band)  # type: ignore[arg-type]
    frame = frames.full(view, detail, np.array([1, 2, 7, 14], dtype=np.int64))
    data = decoder.decode(tiles.encode_frame(frame.kind, frame.blocks, now=NOW, tick=1))
    records = [(block.flags & 1, record.slot) for block in data.blocks for record in block.records]
    assert {slot for grid, slot in records if not grid} <= mine
    if band == "grid":
        assert sum(count for grid, count in records if grid) == len(mine)
    before = frames.tick_no
    frames.state.apply(moved(positions, 1, np.random.default_rng(1)))
    frames.tick(NOW + 1000)
    change = frames.changes(view, DOTS, before, NOBODY)
    assert change is not None
    decoded = decoder.decode(tiles.encode_frame(change.kind, change.blocks, now=NOW, tick=2))
    assert {record.slot for block in decoded.blocks for record in block.records} <= mine


def test_world_that_is_limited_anew_sends_a_full_frame() -> None:
    """Whoever looked before has devices on the map that may no longer be there."""
    positions = scattered(20, seed=6)
    frames = made(positions)
    view = tiles.view(CITY, 11)
    frames.watch([(view, DOTS)])
    frames.tick(NOW)
    before = frames.tick_no
    frames.limit(np.arange(21) < 5)
    assert frames.tick_no > before
    assert frames.changes(view, DOTS, before, NOBODY) is None
    assert frames.full(view, DOTS, NOBODY).shown == 4
