"""Load of a fleet on a broker, as cheap as possible in Python: raw sockets, packet templates, MQTT 3.1.1, QoS 1.

Closed loop: a connection has a bounded number of messages that the broker has not acknowledged, and all together
stay within a given distance of what the server has stored.

Run as a process of its own: `python -m bench.load '{"port": 1883, ...}'`; it reads lines "stored N" and "rate N" and
"stop" from standard input and writes lines of JSON with what was acknowledged.
"""

import json
import math
import os
import select
import socket
import sys
import time
from dataclasses import dataclass, field, replace

LOOP = 1_000
"""Fixes of a round, after which a device walks it again."""
STEP_M = 1.3
"""Way between fixes: a second on foot, when every device sends about once a second."""
SAY_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to send."""

    port: int
    devices: int
    connections: int
    places: list[tuple[float, float]]
    """(lat, lon) of middles of the devices' rounds."""
    together: int = 1
    """Fixes in a message; an array when more than one."""
    window: int = 64
    """Messages on the way on a connection."""
    ahead: int = 30_000
    """Fixes sent that are not stored yet, at most."""
    unit: str = "bench"
    prefix: str = "b"
    root: str = "patrol/v1"
    """Of the topics."""
    messages: int = 0
    """Of each device, then it is silent; 0: no end."""
    every_ms: int = 0
    """Between fixes of a buffer that was kept while the device was cut off, the newest taken now; 0: live."""

    def buffered(self, messages: int, every_ms: int, root: str) -> "Plan":
        """The same devices with so many messages in their buffers."""
        return replace(self, messages=messages, every_ms=every_ms, root=root)


def main() -> None:
    """Send until standard input says stop or ends."""
    given = json.loads(sys.argv[1])
    Load(Plan(**given)).run()


def round_about(lat: float, lon: float) -> list[bytes]:
    """The places of a round, as a fix writes them."""
    radius = LOOP * STEP_M / (2 * math.pi)
    north, east = radius / 111_200, radius / (111_200 * math.cos(math.radians(lat)))
    turns = [2 * math.pi * step / LOOP for step in range(LOOP)]
    return [b'"lat":%.7f,"lon":%.7f,' % (lat + north * math.cos(turn), lon + east * math.sin(turn)) for turn in turns]


@dataclass(eq=False)
class Line:
    """One connection and its devices."""

    socket: socket.socket
    heads: list[bytes]
    """Topic of each device with its length, as a packet has it."""
    rounds: list[list[bytes]]
    sent: int = 0
    acknowledged: int = 0
    rest: bytes = b""
    """What the socket would not take yet."""
    partial: int = 0
    """Bytes of an acknowledgement that have come so far."""
    turn: int = 0
    steps: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    """Time of the newest fix of each device, ms."""


class Load:
    """The whole load. `Plan` says what."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rounds = [round_about(*place) for place in plan.places]
        self._lines = [self._line(number) for number in range(plan.connections)]
        self._by_fd = {line.socket.fileno(): line for line in self._lines}
        self._poll = select.epoll()
        for fd in self._by_fd:
            self._poll.register(fd, select.EPOLLIN)
        os.set_blocking(0, False)
        self._poll.register(0, select.EPOLLIN)
        self._heard = b""
        self._stored = 0
        self._sent = 0
        self._acknowledged = 0
        self._rate = 0.0
        self._due = 0.0
        self._stop = False

    def run(self) -> None:
        """Send until told to stop."""
        said = last = time.perf_counter()
        while not self._stop:
            now = time.perf_counter()
            if self._rate:
                self._due = min(self._due + (now - last) * self._rate, self._rate)
            last = now
            for line in self._lines:
                self._fill(line)
            for fd, events in self._poll.poll(0.005):
                if fd == 0:
                    self._obey()
                else:
                    self._hear(self._by_fd[fd], events)
            if now - said > SAY_S:
                said = now
                self._say()
        self._say()

    def _say(self) -> None:
        print(json.dumps({"sent": self._sent, "acknowledged": self._acknowledged}), flush=True)

    def _obey(self) -> None:
        try:
            data = os.read(0, 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self._stop = True
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            word, _, number = line.partition(b" ")
            if word == b"stored":
                self._stored = int(number)
            elif word == b"rate":
                self._rate, self._due = float(number), 0.0
            elif word == b"stop":
                self._stop = True

    def _fill(self, line: Line) -> None:
        if line.rest:
            self._write(line, b"")
            return
        room = self._plan.window - (line.sent - line.acknowledged)
        ahead = (self._plan.ahead - (self._sent - self._stored)) // self._plan.together
        if self._plan.messages:
            room = min(room, self._plan.messages * len(line.heads) - line.sent)
            if room <= 0:
                return
            self._write(line, b"".join([self._packet(line) for _ in range(min(room, max(1, ahead)))]))
            return
        room = min(room, ahead if not self._rate else int(self._due) // self._plan.together)
        if room <= 0 or (not self._rate and room < self._plan.window // 4):
            return
        self._due -= room * self._plan.together
        self._write(line, b"".join([self._packet(line) for _ in range(room)]))

    def _packet(self, line: Line) -> bytes:
        at = line.turn
        line.turn = (at + 1) % len(line.heads)
        line.sent += 1
        together = self._plan.together
        self._sent += together
        step = line.steps[at]
        line.steps[at] = step + together
        way = line.rounds[at]
        # Fixes of a message lie evenly between the device's last message and now.
        last, now = line.times[at], time.time_ns() // 1_000_000
        if self._plan.every_ms:
            now = last + together * self._plan.every_ms
        line.times[at] = now = max(now, last + together)
        if together == 1:
            payload = _fix(now, step, way)
        else:
            ahead = (now - last) / together
            fixes = [_fix(last + int(ahead * (n + 1)), step + n, way) for n in range(together)]
            payload = b"[" + b",".join(fixes) + b"]"
        packet = b"%b%b%b" % (line.heads[at], (line.sent % 65_535 + 1).to_bytes(2, "big"), payload)
        return b"\x32" + _length(len(packet)) + packet

    def _write(self, line: Line, data: bytes) -> None:
        data = line.rest + data
        try:
            taken = line.socket.send(data)
        except BlockingIOError:
            taken = 0
        line.rest = data[taken:]

    def _hear(self, line: Line, events: int) -> None:
        if events & (select.EPOLLHUP | select.EPOLLERR):
            raise ConnectionResetError("the broker ended a connection of the load")
        data = line.socket.recv(1 << 16)
        if not data:
            raise ConnectionResetError("the broker ended a connection of the load")
        # An acknowledgement has four bytes, and nothing else comes.
        got, line.partial = divmod(line.partial + len(data), 4)
        line.acknowledged += got
        self._acknowledged += got * self._plan.together

    def _line(self, number: int) -> Line:
        plan = self._plan
        names = [f"{plan.prefix}{each}" for each in range(number, plan.devices, plan.connections)]
        topics = [f"{plan.root}/{plan.unit}/{name}/fix".encode() for name in names]
        made = socket.create_connection(("127.0.0.1", plan.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = f"load-{plan.prefix}-{number}".encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(client).to_bytes(2, "big") + client
        made.sendall(b"\x10" + _length(len(body)) + body)
        if made.recv(4)[3:] != b"\x00":
            raise ConnectionRefusedError("the broker does not let the load in")
        made.setblocking(False)  # noqa: FBT003 - the signature
        kept_ms = plan.messages * plan.together * plan.every_ms
        places = [(number + n * plan.connections) % len(plan.places) for n in range(len(names))]
        return Line(
            socket=made,
            heads=[len(topic).to_bytes(2, "big") + topic for topic in topics],
            rounds=[self._rounds[place] for place in places],
            steps=[37 * (number + n) % LOOP for n in range(len(names))],
            times=[time.time_ns() // 1_000_000 - max(1_000, kept_ms)] * len(names),
        )


def _fix(t: int, step: int, way: list[bytes]) -> bytes:
    return b'{"t":%d,%b"acc":8,"spd":1.3,"hdg":90,"src":"gnss","seq":%d,"bat":80}' % (t, way[step % LOOP], step)


def _length(n: int) -> bytes:
    if n < 128:
        return bytes((n,))
    if n < 16_384:
        return bytes((n & 127 | 128, n >> 7))
    return bytes((n & 127 | 128, n >> 7 & 127 | 128, n >> 14))


if __name__ == "__main__":
    main()
