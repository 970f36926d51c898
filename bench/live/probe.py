"""Positions that a viewer received, and their delay: decodes frames by docs/live-protocol.md §6 and the motion."""

import struct
from collections.abc import Iterable, Iterator

import numpy as np

from bench.live.motion import Floats, Ints, Motion

FULL = 1
GRID, GONE = 1, 128
_HEAD = struct.Struct("<HBBIdII")
_BLOCK = struct.Struct("<BBHIII")


def delays(frames: Iterable[tuple[float, bytes]], motion: Motion, index_of: Ints) -> Floats:
    """Seconds from the taking of each fix to its arrival, for fixes that came while their device was in view.

    Args:
        frames: arrival (s since 1970) and bytes of each frame of one connection, in order.
        motion: how the devices move.
        index_of: index in the motion of each slot, -1 for none.
    """
    last = np.full(len(index_of), -1, dtype=np.int64)
    found: list[Floats] = []
    for at, data in frames:
        slots, lon = positions(data)
        index = index_of[slots]
        step = motion.step_seen(index, lon, at)
        newer = (last[slots] >= 0) & (step > last[slots])
        found.append(at - motion.taken_at(index[newer], step[newer]))
        if data[3] == FULL:
            last[:] = -1
        last[slots] = step
    return np.concatenate(found) if found else np.empty(0)


def records(frames: Iterable[tuple[float, bytes]]) -> int:
    """Number of positions in the frames."""
    return sum(len(positions(data)[0]) for _, data in frames)


def positions(data: bytes) -> tuple[Ints, Floats]:
    """Slots and longitudes of a frame; those that are gone are left out."""
    parts = list(_blocks(data))
    if not parts:
        return np.empty(0, dtype=np.int64), np.empty(0)
    return np.concatenate([slots for slots, _ in parts]), np.concatenate([lon for _, lon in parts])


def _blocks(data: bytes) -> Iterator[tuple[Ints, Floats]]:
    at = _HEAD.size
    for _ in range(_HEAD.unpack_from(data)[3]):
        zoom, flags, _, x, _, n = _BLOCK.unpack_from(data, at)
        at += _BLOCK.size
        slots = np.frombuffer(data, "<u4", n, at).astype(np.int64)
        dx = np.frombuffer(data, "<u2", n, at + 4 * n)
        columns = at + 4 * n + 2 * _padded(2 * n)
        kept = np.frombuffer(data, "u1", n, columns + 2 * _padded(n)) & GONE == 0
        at = columns + 4 * _padded(n)
        if not flags & GRID:
            lon = (x + (dx + 0.5) / 65_536) / (1 << zoom) * 360 - 180
            yield slots[kept], lon[kept]


def _padded(n: int) -> int:
    return n + -n % 4
