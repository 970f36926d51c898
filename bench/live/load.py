"""The fleet as a web process receives it: publishes the newest positions on the feed, as workers do.

A process of its own: `python -m bench.live.load` reads its plan as a line of JSON and publishes until its input ends.
"""

import json
import os
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass

import numpy as np

from bench.live.motion import Motion
from ingest.run.feed import TICK_S
from schemas import feed


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to publish."""

    port: int
    """Of the broker."""
    slots: list[int]
    """Slot of each device of the motion, by index."""
    places: list[tuple[float, float]]
    began: float


def main() -> None:
    """Publish what moved, a worker's tick after the other, until standard input ends."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    motion = Motion.make(plan.places, len(plan.slots), plan.began)
    slots = np.array(plan.slots, dtype=np.int32)
    broker = _connect(plan.port)
    published = motion.steps(time.time())
    due = time.monotonic()
    os.set_blocking(0, False)
    while not _ended():
        due += TICK_S
        time.sleep(max(0.0, due - time.monotonic()))
        now = motion.steps(time.time())
        moved = np.flatnonzero(now > published)
        published = now
        payload = feed.encode_positions("bench", _columns(motion, moved, now[moved], slots))
        broker.sendall(_publish(feed.topic("bench", "positions"), payload))
        _drop_answers(broker)


def _columns(motion: Motion, moved: np.ndarray, step: np.ndarray, slots: np.ndarray) -> feed.Columns:
    n = len(moved)
    return {
        "device": slots[moved],
        "t": (1000 * motion.taken_at(moved, step)).astype(np.int64),
        "lat": motion.lat[moved],
        "lon": motion.lon_at(moved, step),
        "acc": np.full(n, 5.0),
        "spd": np.full(n, 2.0),
        "hdg": np.full(n, 90.0),
        "bat": np.full(n, 80.0),
        "duty": np.zeros(n),
        "src": np.zeros(n),
        "cell": np.full(n, -1),
    }


def _connect(port: int) -> socket.socket:
    """MQTT 3.1.1 without keep-alive: all that publishing with QoS 0 takes."""
    broker = socket.create_connection(("127.0.0.1", port))
    name = b"bench-live"
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack("!H", len(name)) + name
    broker.sendall(b"\x10" + _length(len(body)) + body)
    if broker.recv(4)[:1] != b"\x20":
        raise SystemExit("the broker does not take the load's connection")
    return broker


def _publish(topic: str, payload: bytes) -> bytes:
    name = topic.encode()
    return b"\x30" + _length(2 + len(name) + len(payload)) + struct.pack("!H", len(name)) + name + payload


def _length(n: int) -> bytes:
    made = bytearray()
    while True:
        n, part = divmod(n, 128)
        made.append(part | 128 * (n > 0))
        if not n:
            return bytes(made)


def _drop_answers(broker: socket.socket) -> None:
    if select.select([broker], [], [], 0)[0] and not broker.recv(4096):
        raise SystemExit("the broker closed the load's connection")


def _ended() -> bool:
    try:
        return not os.read(0, 1)
    except BlockingIOError:
        return False


if __name__ == "__main__":
    main()
