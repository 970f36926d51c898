"""Web Mercator tiles and position frames as docs/live-protocol.md §6 defines them. Pure."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x5047
VERSION = 1
FULL = 1
"""Kind of a frame that replaces every position the viewer has."""
CHANGE = 2
"""Kind of a frame with only those that moved."""
GRID = 1
"""Flag of a block whose slots are counts."""
MAX_ZOOM = 17
GRID_CELLS = 8
"""Squares along the edge of a tile in the grid band."""
MAX_TILES = 64
MAX_LATITUDE = 85.051128

GONE = 128
ALARM = 64
SPEED_UNKNOWN = 32
COURSE_UNKNOWN = 16

_HEADER = struct.Struct("<HBBIdII")
_BLOCK = struct.Struct("<BBHIII")
_KEY_SHIFT = 32

Keys = NDArray[np.int64]
"""Tiles of one zoom as numbers: x * 2^32 + y."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileView:
    """The tiles a viewer sees: those of the bounding box and one ring around them."""

    zoom: int
    """Zoom of the tiles."""
    keys: Keys
    """Sorted."""
    tiles: frozenset[int]
    """The same."""


def mercator(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project degrees to the unit square of Web Mercator: u eastwards, v southwards, both in [0, 1)."""
    below_one = np.nextafter(1.0, 0.0)
    u = np.clip((lon + 180.0) / 360.0, 0.0, below_one)
    sine = np.sin(np.radians(np.clip(lat, -MAX_LATITUDE, MAX_LATITUDE)))
    v = np.clip(0.5 - np.log((1 + sine) / (1 - sine)) / (4 * math.pi), 0.0, below_one)
    return u, v


def keys_of(u: NDArray[np.float64], v: NDArray[np.float64], zoom: int) -> Keys:
    """Tile of each place at `zoom`."""
    edge = float(1 << zoom)
    x = (u * edge).astype(np.int64)
    y = (v * edge).astype(np.int64)
    return (x << _KEY_SHIFT) | y


def key(x: int, y: int) -> int:
    """Number of the tile x, y."""
    return (x << _KEY_SHIFT) | y


def xy(tile: int) -> tuple[int, int]:
    """Return the x and y of a tile's number."""
    return tile >> _KEY_SHIFT, tile & 0xFFFFFFFF


def view(bbox: tuple[float, float, float, float], map_zoom: float, *, max_tiles: int = MAX_TILES) -> TileView:
    """Choose the tiles for a bounding box (west, south, east, north) on a map at `map_zoom`.

    West may be greater than east: the box then crosses the 180th meridian. When there are more than `max_tiles`,
    a coarser zoom is taken.
    """
    zoom = max(0, min(MAX_ZOOM, math.floor(map_zoom) + 1))
    box = _wrapped(bbox)
    while True:
        spans = _spans(box, zoom)
        # Counted before they are made: a box around the world at the deepest zoom has 2^28 tiles.
        if sum(span.count() for span in spans) <= 2 * max_tiles or zoom == 0:
            keys = {key for span in spans for key in span.keys(1 << zoom)}
            if len(keys) <= max_tiles or zoom == 0:
                return TileView(zoom=zoom, keys=np.array(sorted(keys), dtype=np.int64), tiles=frozenset(keys))
        zoom -= 1


def _wrapped(bbox: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Bring longitudes of a map that shows several copies of the world into -180 … 180."""
    west, south, east, north = bbox
    if east - west >= 360:
        return -180.0, south, 180.0, north
    if -180 <= west <= 180 and -180 <= east <= 180:
        return bbox
    return (west + 180) % 360 - 180, south, (east + 180) % 360 - 180, north


@dataclass(frozen=True, slots=True)
class _Span:
    """A rectangle of tiles, ends included; x may lie beyond the world's edge and is brought back."""

    x_lo: int
    x_hi: int
    y_lo: int
    y_hi: int

    def count(self) -> int:
        return (self.x_hi - self.x_lo + 1) * (self.y_hi - self.y_lo + 1)

    def keys(self, edge: int) -> list[int]:
        ys = range(self.y_lo, self.y_hi + 1)
        return [key(x % edge, y) for x in range(self.x_lo, self.x_hi + 1) for y in ys]


def _spans(bbox: tuple[float, float, float, float], zoom: int) -> list[_Span]:
    """Tiles that the box touches, with one ring around."""
    west, south, east, north = bbox
    if west > east:
        return _spans((west, south, 180.0, north), zoom) + _spans((-180.0, south, east, north), zoom)
    edge = 1 << zoom
    u, v = mercator(np.array([north, south]), np.array([west, east]))
    x_lo = int(u[0] * edge) - 1
    x_hi = min(int(u[1] * edge) + 1, x_lo + edge - 1)
    return [_Span(x_lo, x_hi, max(0, int(v[0] * edge) - 1), min(edge - 1, int(v[1] * edge) + 1))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """n records as columns: what a block carries."""

    slot: NDArray[np.uint32]
    u: NDArray[np.float64]
    v: NDArray[np.float64]
    course: NDArray[np.uint8]
    speed: NDArray[np.uint8]
    status: NDArray[np.uint8]
    age: NDArray[np.uint8]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Records":
        """The records at `rows`."""
        return Records(
            slot=self.slot[rows],
            u=self.u[rows],
            v=self.v[rows],
            course=self.course[rows],
            speed=self.speed[rows],
            status=self.status[rows],
            age=self.age[rows],
        )


@dataclass(frozen=True, slots=True)
class Block:
    """One encoded tile block; `slots` are the devices in it (empty in the grid band)."""

    data: bytes
    slots: NDArray[np.uint32]
    n: int


_NO_SLOTS: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)


def encode_block(zoom: int, tile: int, records: Records, *, grid: bool = False) -> Block:
    """Encode the records of one tile."""
    keys = np.full(len(records.slot), tile, dtype=np.int64)
    return _cut(zoom, tile, records.slot, _columns(zoom, keys, records), 0, len(keys), grid=grid)


def encode_blocks(zoom: int, keys: Keys, records: Records) -> dict[int, Block]:
    """Group records by tile (`keys` has the tile of each) and encode each tile once."""
    if len(keys) == 0:
        return {}
    order = np.argsort(keys, kind="stable")
    ordered, records = keys[order], records.take(order)
    columns = _columns(zoom, ordered, records)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    edges = [*starts.tolist(), len(ordered)]
    return {
        tile: _cut(zoom, tile, records.slot, columns, start, end)
        for tile, start, end in zip(ordered[starts].tolist(), edges, edges[1:], strict=False)
    }


def encode_counts(zoom: int, tile: int, u: NDArray[np.float64], v: NDArray[np.float64]) -> Block:
    """Encode how many places of a tile are in each of its squares, at their middles."""
    fine, edge = float(GRID_CELLS << zoom), float(1 << zoom)
    squares = (u * fine).astype(np.int64) % GRID_CELLS * GRID_CELLS + (v * fine).astype(np.int64) % GRID_CELLS
    square, counts = np.unique(squares, return_counts=True)
    x, y = xy(tile)
    zeros = np.zeros(len(square), dtype=np.uint8)
    records = Records(
        slot=counts.astype(np.uint32),
        u=(x + (square // GRID_CELLS + 0.5) / GRID_CELLS) / edge,
        v=(y + (square % GRID_CELLS + 0.5) / GRID_CELLS) / edge,
        course=zeros,
        speed=zeros,
        status=zeros,
        age=zeros,
    )
    return encode_block(zoom, tile, records, grid=True)


_Columns = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes]


def _columns(zoom: int, keys: Keys, records: Records) -> _Columns:
    """Bytes of whole columns, from which blocks are cut: an array for each block would cost more than its bytes."""
    edge = float(1 << zoom)
    return (
        records.slot.astype("<u4", copy=False).tobytes(),
        _place(records.u, edge, keys >> _KEY_SHIFT).tobytes(),
        _place(records.v, edge, keys & 0xFFFFFFFF).tobytes(),
        records.course.tobytes(),
        records.speed.tobytes(),
        records.status.tobytes(),
        records.age.tobytes(),
    )


def _cut(
    zoom: int, tile: int, slots: NDArray[np.uint32], columns: _Columns, start: int, end: int, *, grid: bool = False
) -> Block:
    """Make the block of the records from `start` to before `end`."""
    slot, dx, dy, course, speed, status, age = columns
    x, y = xy(tile)
    n = end - start
    double_pad, pad = _ZEROS[2 * n & 3], _ZEROS[n & 3]
    short, byte = slice(2 * start, 2 * end), slice(start, end)
    head = _BLOCK.pack(zoom, GRID if grid else 0, 0, x, y, n)
    columns_of = (slot[4 * start : 4 * end], dx[short], double_pad, dy[short], double_pad)
    data = b"".join((head, *columns_of, course[byte], pad, speed[byte], pad, status[byte], pad, age[byte], pad))
    return Block(data, _NO_SLOTS if grid else slots[start:end], n)


_ZEROS = (b"", bytes(3), bytes(2), bytes(1))
"""Padding behind a column whose length is 0, 1, 2 or 3 beyond a multiple of 4."""


def encode_gone(zoom: int, tile: int, slots: Sequence[int]) -> Block:
    """Encode the order to remove `slots`, which were in `tile`; all columns but slot and status are zero."""
    x, y = xy(tile)
    n = len(slots)
    pad = _ZEROS[n & 3]
    zeros = bytes(2 * (2 * n + len(_ZEROS[2 * n & 3])) + 2 * (n + len(pad)))
    head = _BLOCK.pack(zoom, 0, 0, x, y, n)
    status = bytes((GONE,)) * n
    return Block(b"".join((head, struct.pack(f"<{n}I", *slots), zeros, status, pad, bytes(n), pad)), _NO_SLOTS, 0)


def encode_frame(kind: int, blocks: list[Block], *, now: float, tick: int) -> bytes:
    """Put blocks behind a header; `now` is the server's time of the tick in ms."""
    head = _HEADER.pack(MAGIC, VERSION, kind, len(blocks), now, tick & 0xFFFFFFFF, 0)
    return b"".join([head, *(block.data for block in blocks)])


def _place(values: NDArray[np.float64], edge: float, origin: Keys) -> NDArray[np.uint16]:
    scaled = np.floor((values * edge - origin) * 65536.0)
    return np.clip(scaled, 0, 65535).astype("<u2")
