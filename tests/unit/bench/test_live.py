"""The parts of bench_live and bench_page: what they measure is what happened."""

import random
import socket
import struct
import time
from typing import Any

import numpy as np
import pytest

from bench.live import probe, trace
from bench.live.line import BINARY, PING, PONG, TEXT, GoneError, Line
from bench.live.motion import Motion
from web.live.frames import tiles

PLACES = [(23.05, 114.40), (23.10, 114.45)]
BEGAN = 1_790_000_000.0


def frame(motion: Motion, index: "np.typing.NDArray[np.int64]", at: float, *, kind: int, zoom: int) -> bytes:
    """What a server sends of these devices at `at`; slots are the index plus 1."""
    step = motion.steps(at)[index]
    u, v = tiles.mercator(motion.lat[index], motion.lon_at(index, step))
    zeros = np.zeros(len(index), dtype=np.uint8)
    records = tiles.Records(
        slot=(index + 1).astype(np.uint32), u=u, v=v, course=zeros, speed=zeros, status=zeros, age=zeros
    )
    blocks = tiles.encode_blocks(zoom, tiles.keys_of(u, v, zoom), records)
    return tiles.encode_frame(kind, list(blocks.values()), now=1000 * at, tick=1)


@pytest.mark.parametrize("zoom", [9, 12, 17])
def test_delays_are_those_from_each_fix_to_its_first_arrival(zoom: int) -> None:
    """At every zoom, also for fixes more than a round of the walk ago; a fix counts once, and only while in view."""
    motion = Motion.make(PLACES, 40, BEGAN)
    index_of = np.append(-1, np.arange(40))
    everybody, half = np.arange(40), np.arange(20)
    start = BEGAN + 200.25
    frames = [(start, frame(motion, everybody, start, kind=tiles.FULL, zoom=zoom))]
    for n in range(1, 6):
        at = start + 0.8 * n
        frames.append((at + 0.1, frame(motion, half, at, kind=tiles.CHANGE, zoom=zoom)))
    expected = []
    seen = motion.steps(start)[half]
    for n in range(1, 6):
        at = start + 0.8 * n
        step = motion.steps(at)[half]
        newer = step > seen
        expected += (at + 0.1 - motion.taken_at(half[newer], step[newer])).tolist()
        seen = step
    found = probe.delays(frames, motion, index_of)
    assert np.allclose(sorted(found), sorted(expected))
    assert probe.records(frames) == 40 + 5 * 20


def message(opcode: int, body: bytes) -> bytes:
    """A message as a server sends it."""
    head = bytes((0x80 | opcode,))
    if len(body) < 126:
        return head + bytes((len(body),)) + body
    if len(body) < 65_536:
        return head + b"\x7e" + struct.pack("!H", len(body)) + body
    return head + b"\x7f" + struct.pack("!Q", len(body)) + body


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_line_reads_messages_however_they_are_cut(seed: int, *, keeps: bool) -> None:
    """Every frame is noted once with its lag, pings are answered, texts are passed over."""
    chance = random.Random(seed)  # noqa: S311 - a test
    head = struct.Struct("<HBBIdII")
    bodies = [head.pack(0x5047, 1, 2, 0, 1000 * (time.time() - 5), n, 0) + bytes(chance.choice((0, 90, 500, 70_000)))
              for n in range(12)]  # fmt: skip
    stream = b"".join(message(TEXT, b"x" * chance.choice((3, 300))) + message(BINARY, body) for body in bodies)
    stream += message(PING, b"abcd")
    ours, theirs = socket.socketpair()
    line = Line(0, "", keeps)
    line.peer = ours
    ours.settimeout(0)
    buffer = bytearray(8_192)
    while stream:
        n = chance.choice((1, 7, 100, 9_000))
        theirs.sendall(stream[:n])
        stream = stream[n:]
        line.take(buffer)
        line.take(buffer)
    while line.bytes_read < sum(map(len, bodies)):
        line.take(buffer)
    line.take(buffer)
    assert len(line.lags) == len(bodies)
    assert all(5 <= lag < 60 for lag in line.lags)
    assert [data for _, data in line.frames] == (bodies if keeps else [])
    answer = theirs.recv(100)
    assert (answer[0] & 15, answer[6:]) == (PONG, b"abcd")
    theirs.close()
    with pytest.raises(GoneError):
        line.take(buffer)
    ours.close()


def event(name: str, ts: float, dur: float, *, tid: int = 1, tdur: float | None = None) -> dict[str, Any]:
    """A complete event of a trace; times in ms."""
    made = {"name": name, "ph": "X", "pid": 1, "tid": tid, "ts": 1000 * ts, "dur": 1000 * dur}
    return made if tdur is None else {**made, "tdur": 1000 * tdur}


def test_frames_have_the_script_time_of_the_page_alone() -> None:
    """Nested calls count once, by processor time where it is known; other threads and the last frame are left out."""
    events = [
        event("FireAnimationFrame", 0, 3), event("FunctionCall", 0.5, 2, tdur=1), event("FunctionCall", 1, 0.5, tdur=1),
        event("FireAnimationFrame", 4, 1), event("FunctionCall", 4, 1, tdur=0.5),  # the same frame: another callback
        event("FunctionCall", 20, 4, tdur=3),  # a message between frames
        event("FunctionCall", 25, 9, tid=2, tdur=9),
        event("FireAnimationFrame", 40, 2), event("FunctionCall", 40, 2), event("MinorGC", 43, 1, tdur=1),
        event("FireAnimationFrame", 80, 2), event("FunctionCall", 80, 2),
    ]  # fmt: skip
    assert trace.frames_ms(events) == ([4.5, 3.0], 0.08)
