"""Tiles of a view, and frames read back by the independent decoder."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import live_frames as decoder
from web.live.frames import tiles

_LON = st.floats(-180, 180)
_LAT = st.floats(-84, 84)


def slow_tile(lat: float, lon: float, zoom: int) -> tuple[int, int]:
    """Tile of a place by the textbook formula."""
    edge = 2**zoom
    x = int((lon + 180) / 360 * edge)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * edge)
    return min(edge - 1, x), min(edge - 1, y)


def slow_place(u: float, v: float) -> tuple[float, float]:
    """Degrees of a place in the unit square."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * v)))), u * 360 - 180


@given(lat=_LAT, lon=_LON, zoom=st.integers(0, 14))
def test_keys_are_the_textbook_tiles(lat: float, lon: float, zoom: int) -> None:
    """The tile of any place is the one of the textbook formula."""
    u, v = tiles.mercator(np.array([lat]), np.array([lon]))
    x, y = tiles.xy(int(tiles.keys_of(u, v, zoom)[0]))
    expected = slow_tile(lat, lon, zoom)
    # On a border rounding may choose either neighbour.
    assert abs(x - expected[0]) <= 1e-9 * 2**zoom + 1
    on_border = min(abs(u[0] * 2**zoom % 1), abs(v[0] * 2**zoom % 1)) < 1e-6
    assert (x, y) == expected or on_border


@given(west=_LON, south=_LAT, width=st.floats(0, 360), height=st.floats(0, 100), zoom=st.floats(0, 24))
@settings(max_examples=200)
def test_view_has_every_corner_and_at_most_64_tiles(
    west: float, south: float, width: float, height: float, zoom: float
) -> None:
    """Any view is covered, by no more than 64 tiles, in order and without doubles."""
    east, north = min(180.0, west + width), min(84.0, south + height)
    view = tiles.view((west, south, east, north), zoom)
    assert 1 <= len(view.keys) <= tiles.MAX_TILES
    assert np.all(np.diff(view.keys) > 0)
    lat = np.array([south, south, north, north, (south + north) / 2])
    lon = np.array([west, east, west, east, (west + east) / 2])
    assert np.isin(tiles.keys_of(*tiles.mercator(lat, lon), view.zoom), view.keys).all()


def test_view_across_the_180th_meridian_has_both_sides() -> None:
    """West greater than east means the short way over the 180th meridian."""
    view = tiles.view((179.0, -1.0, -179.0, 1.0), 6)
    lat, lon = np.zeros(2), np.array([179.5, -179.5])
    assert np.isin(tiles.keys_of(*tiles.mercator(lat, lon), view.zoom), view.keys).all()
    assert len(view.keys) < 30


def test_view_of_a_repeated_world_is_brought_back() -> None:
    """A box in another copy of the world is the same box."""
    here = tiles.view((114.0, 23.0, 114.5, 23.4), 11)
    there = tiles.view((474.0, 23.0, 474.5, 23.4), 11)
    assert np.array_equal(here.keys, there.keys)


def test_view_at_screen_size_has_the_next_zoom_with_its_ring() -> None:
    """A small window gets tiles of zoom + 1 and one ring around."""
    view = tiles.view((114.40, 23.10, 114.41, 23.11), 12.7)
    assert view.zoom == 13
    assert len(view.keys) in (9, 12, 16)


def records(n: int, seed: int) -> tiles.Records:
    """N records anywhere."""
    random = np.random.default_rng(seed)
    return tiles.Records(
        slot=random.permutation(10 * n)[:n].astype(np.uint32),
        u=random.random(n),
        v=random.random(n),
        course=random.integers(0, 256, n, dtype=np.uint8),
        speed=random.integers(0, 256, n, dtype=np.uint8),
        status=random.integers(0, 128, n, dtype=np.uint8),
        age=random.integers(0, 256, n, dtype=np.uint8),
    )


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 100])
@pytest.mark.parametrize("zoom", [0, 3, 14])
def test_frame_reads_back_through_the_independent_decoder(n: int, zoom: int) -> None:
    """Every column of every record comes back; places within one 65,536th of a tile."""
    given_records = records(n, seed=n + zoom)
    blocks = tiles.encode_blocks(zoom, tiles.keys_of(given_records.u, given_records.v, zoom), given_records)
    frame = decoder.decode(tiles.encode_frame(tiles.CHANGE, list(blocks.values()), now=1234.5, tick=7))
    assert (frame.kind, frame.now, frame.tick) == (2, 1234.5, 7)
    back = frame.by_slot()
    assert len(back) == n
    for at, slot in enumerate(given_records.slot.tolist()):
        one = back[slot]
        assert 0 <= given_records.u[at] - one.u < 1.01 / 65536 / 2**zoom
        assert 0 <= given_records.v[at] - one.v < 1.01 / 65536 / 2**zoom
        told = (one.course, one.speed, one.status, one.age)
        columns = (given_records.course, given_records.speed, given_records.status, given_records.age)
        assert told == tuple(int(column[at]) for column in columns)


def test_gone_block_removes_slots() -> None:
    """A gone block takes its slots from what the viewer knows and names no device to introduce."""
    known = {3: decoder.Record(3, 0, 0, 0, 0, 0, 0), 4: decoder.Record(4, 0, 0, 0, 0, 0, 0)}
    block = tiles.encode_gone(14, tiles.key(13_000, 7_000), [3])
    assert len(block.slots) == 0
    decoder.decode(tiles.encode_frame(tiles.CHANGE, [block], now=0, tick=1)).onto(known)
    assert list(known) == [4]
