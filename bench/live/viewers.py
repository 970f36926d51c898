"""A thousand viewers in one cheap process: each watches its own part of the town, moves at times, and reads.

A process of its own: `python -m bench.live.viewers` reads its plan as a line of JSON, then lines "begin", "end",
"stick N" and "stop", and writes a line of JSON after each.
"""

import contextlib
import json
import os
import random
import select
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.live import probe
from bench.live.line import GoneError, Line
from bench.live.motion import Motion

KINDS: dict[str, tuple[float, float]] = {
    "city": (0.05, 11.0), "district": (0.25, 13.0), "street": (0.45, 15.0), "block": (0.25, 17.0),
}  # fmt: skip
"""Part of the viewers and zoom of their map."""
SCREEN = (1366, 768)
PANS_EVERY_S = 30.0
"""Each viewer moves its map as often."""
BUFFER = 1 << 18
STUCK_BUFFER = 16_384


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who watches what."""

    port: int
    token: str
    viewers: int
    keeps: int
    """Viewers whose frames are kept and read to the last record."""
    slots: list[int]
    places: list[tuple[float, float]]
    began: float


def main() -> None:
    """Watch until told to stop."""
    Viewers(Plan(**json.loads(sys.stdin.readline()))).run()


class Viewers:
    """All viewers of a bench."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._chance = random.Random(11)  # noqa: S311 - nothing is secret here
        self._motion = Motion.make(plan.places, len(plan.slots), plan.began)
        self._index_of = np.full(max(plan.slots) + 1, -1, dtype=np.int64)
        self._index_of[np.array(plan.slots)] = np.arange(len(plan.slots))
        self._poll = select.epoll()
        self._buffer = bytearray(BUFFER)
        self._lines: dict[int, Line] = {}
        self._stuck: dict[int, Line] = {}
        self._kind: dict[Line, str] = {}
        self._gone = self._let_go = self._pans = 0
        self._pan_at = time.monotonic()
        self._began = self._cpu = 0.0
        self._heard = b""

    def run(self) -> None:
        """Connect all, then obey."""
        for number in range(self._plan.viewers):
            self._connect(number < self._plan.keeps)
            self._serve(0.0)
        os.set_blocking(0, False)
        self._poll.register(0, select.EPOLLIN)
        self._say({"connected": len(self._lines)})
        while self._serve(0.05):
            self._pan()

    def _connect(self, keeps: bool, buffer_bytes: int | None = None) -> Line:  # noqa: FBT001 - one place calls it
        line = Line(self._plan.port, self._plan.token, keeps, buffer_bytes)
        number = len(self._kind)
        shares = np.cumsum([share for share, _ in KINDS.values()])
        # Evenly mixed in every stretch of numbers, so that those whose frames are kept are like all.
        kind = list(KINDS)[int(np.searchsorted(shares, (number * 0.6180339887) % 1.0, side="right"))]
        self._kind[line] = kind
        line.open(self._look(kind))
        if buffer_bytes is None:
            self._lines[line.peer.fileno()] = line
            self._poll.register(line.peer, select.EPOLLIN)
        return line

    def _look(self, kind: str) -> dict[str, Any]:
        lat, lon = self._chance.choice(self._plan.places)
        zoom = KINDS[kind][1]
        per_px = 360 / (512 * 2**zoom)
        wide, high = (size * per_px / 2 for size in SCREEN)
        return {"bbox": [lon - wide, lat - high * 0.92, lon + wide, lat + high * 0.92], "zoom": zoom}

    def _serve(self, wait: float) -> bool:
        for fd, _ in self._poll.poll(wait, 2_000):
            if fd == 0:
                if not self._obey():
                    return False
            elif fd in self._lines:
                self._read(fd)
            else:
                self._let_go_of(fd)
        return True

    def _read(self, fd: int) -> None:
        line = self._lines[fd]
        try:
            line.take(self._buffer)
        except GoneError as gone:
            print(f"a viewer was let go: {gone}", file=sys.stderr)
            self._gone += 1
            del self._lines[fd]
            line.peer.close()
            self._connect(line.keeps)

    def _let_go_of(self, fd: int) -> None:
        """A viewer that does not read was cut off: it comes again, as a page would."""
        self._poll.unregister(fd)
        self._stuck.pop(fd).peer.close()
        self._let_go += 1
        self._stick(1)

    def _stick(self, count: int) -> None:
        for _ in range(count):
            line = self._connect(keeps=False, buffer_bytes=STUCK_BUFFER)
            self._stuck[line.peer.fileno()] = line
            self._poll.register(line.peer, 0)  # errors and hang-ups only

    def _pan(self) -> None:
        every = PANS_EVERY_S / len(self._lines)
        now = time.monotonic()
        while self._pan_at + every < now:
            self._pan_at += every
            line = self._chance.choice(list(self._lines.values()))
            with contextlib.suppress(OSError):  # let go: the next reading of the line tells
                line.say({"type": "view", **self._look(self._kind[line])})
                self._pans += 1

    def _obey(self) -> bool:
        data = os.read(0, 1 << 12)
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            word, _, number = line.decode().partition(" ")
            if word == "stop":
                return False
            if word == "stick":
                self._replace(int(number))
                self._say({"stuck": len(self._stuck)})
            elif word == "begin":
                self._begin()
                self._say({})
            elif word == "end":
                self._say(self._end())
        return bool(data)

    def _replace(self, count: int) -> None:
        """Let so many of those that read go, and as many come that do not."""
        for fd in [fd for fd, line in self._lines.items() if not line.keeps][:count]:
            self._lines.pop(fd).peer.close()
        self._stick(count)

    def _begin(self) -> None:
        for line in self._lines.values():
            line.lags.clear()
            line.frames.clear()
            line.bytes_read = 0
        self._gone = self._let_go = self._pans = 0
        self._began, self._cpu = time.monotonic(), time.process_time()

    def _end(self) -> dict[str, Any]:
        seconds, cpu = time.monotonic() - self._began, time.process_time() - self._cpu
        lines = list(self._lines.values())
        lags = np.concatenate([np.array(line.lags) for line in lines])
        kept = [line for line in lines if line.keeps]
        late = {kind: [np.empty(0)] for kind in KINDS}
        for line in kept:
            late[self._kind[line]].append(probe.delays(line.frames, self._motion, self._index_of))
        all_late = np.concatenate([part for parts in late.values() for part in parts])
        return {
            "seconds": seconds,
            "cpu_s": cpu,
            "frames_per_s": len(lags) / seconds,
            "mib_per_s": sum(line.bytes_read for line in lines) / seconds / 2**20,
            "places_per_s": sum(probe.records(line.frames) for line in kept) / seconds * len(lines) / max(len(kept), 1),
            "tick_ms": percentiles(lags),
            "fix_ms": percentiles(all_late),
            "fix_ms_by_view": {kind: percentiles(np.concatenate(parts)) for kind, parts in late.items()},
            "pans": self._pans,
            "lost": self._gone,
            "let_go": self._let_go,
        }

    def _say(self, what: dict[str, Any]) -> None:
        print(json.dumps(what), flush=True)


def percentiles(seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> dict[str, float]:
    """Count, percentiles and most, in ms."""
    if not len(seconds):
        return {"n": 0}
    made = {f"p{q}": float(1000 * np.percentile(seconds, q)) for q in (50, 95, 99)}
    return {"n": len(seconds), **made, "most": float(1000 * seconds.max())}


if __name__ == "__main__":
    main()
