"""A second, slow decoder of position frames, written from docs/live-protocol.md §6 and not from the encoder."""

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """One record of a block; place in degrees-free tile units 0 … 1 of the whole world."""

    slot: int
    u: float
    v: float
    course: int
    speed: int
    status: int
    age: int


@dataclass(frozen=True)
class Block:
    """One tile block."""

    z: int
    x: int
    y: int
    flags: int
    records: list[Record]


@dataclass(frozen=True)
class Frame:
    """One frame."""

    kind: int
    now: float
    tick: int
    blocks: list[Block]

    def by_slot(self) -> dict[int, Record]:
        """What a viewer that starts empty knows after the frame, by slot; gone slots are absent."""
        known: dict[int, Record] = {}
        self.onto(known)
        return known

    def onto(self, known: dict[int, Record]) -> None:
        """Apply the frame to what a viewer knows."""
        if self.kind == 1:
            known.clear()
        for block in self.blocks:
            if block.flags & 1:
                continue
            for record in block.records:
                if record.status & 128:
                    known.pop(record.slot, None)
                else:
                    known[record.slot] = record


def decode(data: bytes) -> Frame:
    """Read a frame byte by byte, refusing whatever the page does not say."""
    magic, version, kind, count = struct.unpack_from("<HBBI", data, 0)
    (now,) = struct.unpack_from("<d", data, 8)
    tick, zero = struct.unpack_from("<II", data, 16)
    assert (magic, version, zero) == (0x5047, 1, 0)
    assert kind in (1, 2)
    at = 24
    blocks = []
    for _ in range(count):
        block, at = _block(data, at)
        blocks.append(block)
    assert at == len(data), "bytes behind the last block"
    return Frame(kind, now, tick, blocks)


def _block(data: bytes, at: int) -> tuple[Block, int]:
    z, flags, zero, x, y, n = struct.unpack_from("<BBHIII", data, at)
    assert zero == 0
    assert flags in (0, 1)
    assert x < 2**z
    assert y < 2**z
    at += 16
    columns: list[list[int]] = []
    for code, size in (("I", 4), ("H", 2), ("H", 2), ("B", 1), ("B", 1), ("B", 1), ("B", 1)):
        columns.append(list(struct.unpack_from(f"<{n}{code}", data, at)))
        end = at + n * size
        padding = (4 - (n * size) % 4) % 4
        assert data[end : end + padding] == bytes(padding)
        at = end + padding
    records = [
        Record(slot, (x + dx / 65536) / 2**z, (y + dy / 65536) / 2**z, course, speed, status, age)
        for slot, dx, dy, course, speed, status, age in zip(*columns, strict=True)
    ]
    return Block(z, x, y, flags, records), at
