"""Messages of an officer's device and their times, from walks, tracks and faults."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from device_sim.city import geodesy
from device_sim.faults import faults
from device_sim.fleet import mix, officer, track, truth, uplink, visits, ways
from schemas import topics, wire

APP = "device-sim/1"
BUFFERED_MS = 60_000
"""Fixes that are all older than this when they leave were kept in the buffer."""
MOST_FIXES = 500
"""Fixes in one message of buffered data."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_json = msgspec.json.Encoder()
_msgpack = msgspec.msgpack.Encoder()

SOS_PER_SHIFT = 0.002
"""Chance of a call for help: about one in a shift of 600 officers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostShift:
    """Everything about one shift of one officer."""

    number: int
    way: ways.Way
    taken: track.Track
    deliveries: faults.Deliveries
    events: tuple[tuple[int, wire.Event], ...]
    """(When it leaves, event), in the order in which they leave."""


class SimulatedDevice:
    """The device of an officer: yields its messages in the order in which they leave it.

    Args:
        seed: Of the town and of all that happens.
        who: The officer.
        plan: What goes wrong; the officer's habit is the officer's own.
        packed: Send MessagePack instead of JSON.
        routes: Shared store of shortest ways.
    """

    def __init__(
        self,
        seed: int,
        who: officer.Officer,
        *,
        plan: mix.Mix = mix.NONE,
        packed: bool = False,
        routes: dict[tuple[int, int], list[int]] | None = None,
    ) -> None:
        self.who = who
        self._seed, self._plan, self._routes = seed, plan, {} if routes is None else routes
        self._encode = _msgpack.encode if packed else _json.encode
        self._shift: PostShift | None = None
        self._next = self._next_event = 0
        self.since = 0
        """When it was switched on, ms."""
        self._finished: list[truth.Presence] = []
        self._stays: list[visits.TrueStay] = []
        self.gaps: list[faults.RadioGap] = []
        """Planned times without radio in the shifts since the start, in order."""

    def topic(self, kind: topics.TopicKind) -> str:
        """Topic of this device."""
        return str(topics.Topic(self.who.unit, self.who.name, kind))

    def start(self, t: int) -> None:
        """Be switched on: send nothing that was measured before `t`, ms."""
        self.since = t
        self._load(self.who.shift_at(t))
        shift = self.shift
        self._next = int(np.searchsorted(shift.deliveries.due, t))
        self._next_event = sum(due < t for due, _ in shift.events)

    @property
    def shift(self) -> PostShift:
        """The shift that is being sent."""
        if self._shift is None:
            raise RuntimeError("the device was not started")
        return self._shift

    @property
    def due(self) -> int:
        """When the next message leaves, ms; at the end of a shift, when the next shift begins."""
        shift, times = self.shift, [self.who.shift_start(self.shift.number + 1)]
        if self._next < len(shift.deliveries.due):
            times.append(int(shift.deliveries.due[self._next]))
        if self._next_event < len(shift.events):
            times.append(shift.events[self._next_event][0])
        return min(times)

    def messages(self, now: int, *, join: bool = False) -> Iterator[uplink.Message]:
        """Messages that leave up to `now`, ms; with `join` the fixes come in arrays, as from an emptied buffer."""
        waiting: list[wire.Fix] = []
        while (due := self.due) <= now:
            shift = self.shift
            if self._next_event < len(shift.events) and shift.events[self._next_event][0] == due:
                yield self._message(topics.TopicKind.EVENT, self._encode(shift.events[self._next_event][1]))
                self._next_event += 1
            elif self._next < len(shift.deliveries.due) and shift.deliveries.due[self._next] == due:
                waiting += self._fixes(shift)
                while waiting and (not join or len(waiting) >= MOST_FIXES):
                    yield self._array(waiting[:MOST_FIXES], due)
                    del waiting[:MOST_FIXES]
            else:
                self._finished += truth.presences(shift.way)
                self._stays += self._stays_until(int(shift.way.t[-1]))
                self._load(shift.number + 1)
        if waiting:
            yield self._array(waiting, now)

    def status(self, t: int, *, online: bool) -> uplink.Message:
        """The retained state of the device at `t`, ms."""
        taken = self.shift.taken
        at = min(int(np.searchsorted(taken.at, t)), len(taken) - 1)
        battery = float(taken.bat[at]) if len(taken) else 0.0
        status = wire.Status(online=online, t=t, bat=battery, app=APP)
        return uplink.Message(topic=self.topic(topics.TopicKind.STATUS), payload=self._encode(status), retain=True)

    def gone(self) -> uplink.Message:
        """What the broker says for the device when the connection is lost."""
        return uplink.Message(
            topic=self.topic(topics.TopicKind.STATUS), payload=_json.encode(wire.Status(online=False)), retain=True
        )

    def truth(self, now: int) -> tuple[list[truth.Presence], truth.Presence | None]:
        """All true presences since the start that ended by `now`, ms, and the one going on.

        The last of the shift at hand may go on into the next: it has not ended while that shift is not begun.
        """
        ended, going_on = [], None
        shift_ends = int(self.shift.way.t[-1])
        for presence in truth.joined([*self._finished, *truth.presences(self.shift.way)]):
            if presence.t_out <= self.since or presence.t_in > now:
                continue
            clipped = truth.Presence(
                cell=presence.cell, t_in=max(presence.t_in, self.since), t_out=min(presence.t_out, now)
            )
            if presence.t_out <= now and presence.t_out < shift_ends:
                ended.append(clipped)
            else:
                going_on = clipped
        return ended, going_on

    def stays(self, now: int) -> list[visits.TrueStay]:
        """All true stays since the start, those that go on as they are at `now`, ms."""
        return visits.joined([*self._stays, *self._stays_until(now)])

    def _stays_until(self, now: int) -> list[visits.TrueStay]:
        return visits.stays(self.shift.way, [(self.since, now)], visits.Reading.COVERED)

    def _load(self, number: int) -> None:
        planned = mix.shift(self._seed, self._plan, self.who, number, self._routes)
        way, taken, deliveries = planned.way, planned.taken, planned.deliveries
        events = sorted(
            ((deliveries.radio_back(event.t), event) for event in _events(self._seed, self.who, number, way)),
            key=lambda pair: pair[0],
        )
        self.gaps += [gap for gap in deliveries.gaps if gap.t_to > self.since]
        self._shift = PostShift(number=number, way=way, taken=taken, deliveries=deliveries, events=tuple(events))
        self._next = self._next_event = 0

    def _fixes(self, shift: PostShift) -> list[wire.Fix]:
        start, stop = int(shift.deliveries.start[self._next]), int(shift.deliveries.stop[self._next])
        self._next += 1
        start = max(start, int(np.searchsorted(shift.taken.at, self.since)))
        return shift.taken.fixes(start, stop) if start < stop else []

    def _array(self, fixes: list[wire.Fix], now: int) -> uplink.Message:
        payload = self._encode(fixes[0] if len(fixes) == 1 else fixes)
        last = fixes[-1]
        kind = topics.TopicKind.BUFFER if last.t < now - BUFFERED_MS else topics.TopicKind.FIX
        return uplink.Message(
            topic=self.topic(kind), payload=payload, points=len(fixes), boot=last.boot, seq=last.seq or 0
        )

    def _message(self, kind: topics.TopicKind, payload: bytes) -> uplink.Message:
        return uplink.Message(topic=self.topic(kind), payload=payload)


def ulid(t: int, rng: np.random.Generator) -> str:
    """An identifier of 26 characters that sorts by its time, ms."""
    value = (t << 80) | int.from_bytes(rng.bytes(10), "big")
    return "".join(_CROCKFORD[(value >> (5 * k)) & 31] for k in range(25, -1, -1))


def _sos(seed: int, who: officer.Officer, number: int, way: ways.Way) -> list[ways.Happening]:
    """A call for help, in few shifts; drawn apart, so that it changes no way."""
    rng = np.random.default_rng([seed, 0x505, who.number, number])
    if rng.random() >= SOS_PER_SHIFT:
        return []
    t = int(rng.uniform(way.t[0], way.t[-1]))
    x, y = (float(np.interp(t, way.t, axis)) for axis in (way.x, way.y))
    return [ways.Happening(t=t, x=x, y=y, code=wire.Signal.SOS.value, text="请求支援", subject=None)]


def _events(seed: int, who: officer.Officer, number: int, way: ways.Way) -> list[wire.Event]:
    rng = np.random.default_rng([seed, 0xE7E27, who.number, number])
    events = []
    for happening in sorted((*way.happenings, *_sos(seed, who, number, way)), key=lambda happening: happening.t):
        lat, lon = geodesy.degrees(happening.x + rng.normal(0, who.sigma_m), happening.y + rng.normal(0, who.sigma_m))
        events.append(
            wire.Event(
                id=ulid(happening.t, rng),
                t=happening.t,
                lat=round(float(lat), 7),
                lon=round(float(lon), 7),
                acc=round(who.sigma_m * track.RADIUS_68, 1),
                type=happening.code,
                text=happening.text,
                subject=happening.subject,
            )
        )
    return events
