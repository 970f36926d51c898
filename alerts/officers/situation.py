"""The state of officers at one moment, as columns for all and singly. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alerts.officers.thresholds import OfficerRule
from alerts.officers.tracks import BUCKET_MS, BUCKETS, KEPT_MS, NONE, NOWHERE, SubjectTrail, Table, Tracks
from schemas import wire
from tracking.city.people import Officer, Shift
from tracking.geometry.depth import SIGMA_OF_68, SURE_SIGMAS
from tracking.presence.fixes import Bool, Float, Int
from tracking.presence.silence import UNHEARD_MS
from tracking.quality.model import Finding

FRESH_MS = UNHEARD_MS
"""Silence after which rules that need a position do not apply."""
DUTY, TASK, BREAK = (wire.DUTY_CODE[duty] for duty in (wire.Duty.DUTY, wire.Duty.TASK, wire.Duty.BREAK))


class Member(Struct, frozen=True, kw_only=True, gc=False):
    """An officer with a device, a device without a known carrier, or an officer without a device."""

    device: int | None
    """Number in the store."""
    device_name: str | None
    unit: str
    area: str | None
    """Code of the area of the unit."""
    officer: Officer | None
    shift: Shift | None
    """The present shift, or the next one."""
    own_beat: bool
    """The shift has an area other than the unit's."""
    rule: OfficerRule

    @property
    def key(self) -> str:
        """Subject of an alert: an officer keeps it with any device."""
        if self.officer is not None:
            return self.officer.badge
        return self.device_name or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberColumns:
    """Data that is constant until the roster is read again, as columns by member."""

    device: Int
    """Number in the store; NONE without."""
    officer: Int
    """Number in the store; NONE: the carrier is unknown."""
    starts: Int
    """Beginning of the shift, ms; NONE without one."""
    own_beat: Bool
    """The shift has an area other than the unit's."""
    posted: Bool
    """The shift is at a post, where standing still is allowed."""
    has_area: Bool
    """The unit has an area."""
    rules: Sequence[OfficerRule]
    rule: NDArray[np.intp]
    """Index of the member's rule among them."""
    by_key: Mapping[str, int]
    """`Member.key` → index of the member."""
    by_device: Mapping[int, int]
    """Number of the device in the store → index of the member."""

    @classmethod
    def of(cls, members: Sequence[Member]) -> "MemberColumns":
        """Columns of these members."""
        # By identity: units share rules, and hashing all thresholds would be slow.
        rules = {id(member.rule): member.rule for member in members}
        place = {number: at for at, number in enumerate(rules)}
        shifts = [member.shift for member in members]
        device = [NONE if member.device is None else member.device for member in members]
        return cls(
            device=np.array(device, dtype=np.int64),
            officer=np.array(
                [NONE if subject.officer is None else subject.officer.id for subject in members], dtype=np.int64
            ),
            starts=np.array([NONE if shift is None else shift.starts for shift in shifts], dtype=np.int64),
            own_beat=np.array([subject.shift is not None and subject.own_beat for subject in members], dtype=np.bool_),
            posted=np.array([shift is not None and shift.kind == "post" for shift in shifts], dtype=np.bool_),
            has_area=np.array([member.area is not None for member in members], dtype=np.bool_),
            rules=list(rules.values()),
            rule=np.array([place[id(member.rule)] for member in members], dtype=np.intp),
            by_key={member.key: at for at, member in enumerate(members)},
            by_device={number: at for at, number in enumerate(device) if number != NONE},
        )

    def threshold(self, name: str) -> Float:
        """One of the thresholds of `OfficerRule`, by member."""
        return np.array([getattr(rule, name) for rule in self.rules], dtype=np.float64)[self.rule]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStatuses:
    """Last messages of the devices, as columns by member; times ms, NONE if never."""

    heard: Int
    """Receipt of the newest message."""
    fix_t: Int
    """Time of the newest fix, measured or not."""
    duty: NDArray[np.int16]
    battery: Float
    """Per cent, NaN unknown."""
    online: NDArray[np.int8]
    """By the status: 1, 0; -1 never reported."""
    status_at: Int
    signed_off: Int
    """Time of the sign-off by the device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One member at one moment."""

    now: int
    member: Member
    trail: SubjectTrail
    heard: int
    fix_t: int
    duty: int
    battery: float | None
    online: int
    status_at: int
    signed_off: int
    events: tuple[int, ...] = ()
    """Times of recent events of the device."""
    findings: Sequence[Finding] = ()
    """Recent findings about the device."""

    @property
    def rule(self) -> OfficerRule:
        """Thresholds for the member."""
        return self.member.rule

    @property
    def newest(self) -> int:
        """Time of the newest measured fix, NONE without any."""
        return int(self.trail.t[-1]) if len(self.trail) else NONE

    @property
    def fresh(self) -> bool:
        """Whether a recent measured position is known."""
        return self.newest > self.now - FRESH_MS

    def at(self, moment: int) -> "Subject":
        """The state at `moment`, by the data known today."""
        events = tuple(t for t in self.events if t <= moment)
        return replace(self, now=moment, trail=self.trail.until(moment), events=events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """Entries of the tracks of a time span up to now; tables of shape (rows, columns of that time).

    With many devices a table of the whole hour has some hundred million bytes, and most rules need only its end.
    """

    tracks: Tracks
    where: tuple[NDArray[np.intp] | slice, NDArray[np.intp]]
    """Rows and columns of the tracks."""
    t: Int
    known: Bool
    """Entries within that time."""

    def table(self, name: str) -> Table:
        """One of `Tracks.tables`."""
        return self.tracks.tables[name][self.where]

    def newest(self, which: Bool) -> Int:
        """Time of the newest entry by row, of those of `which`; NONE without any."""
        return np.asarray(np.where(self.known & which, self.t, NONE).max(axis=1, initial=NONE), dtype=np.int64)

    def count(self, which: Bool) -> Int:
        """Entries of `which` by row."""
        return np.asarray((self.known & which).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """All members at one moment."""

    now: int
    members: Sequence[Member]
    row: NDArray[np.intp]
    """Row of each member in the tracks; NONE without a device."""
    statuses: DeviceStatuses
    tracks: Tracks
    on_shift: Bool
    """The shift is running, or the carrier is unknown and the device reports duty."""
    pausing: Bool
    """On a break as reported by the device."""
    on_task: Bool
    events: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """Device → times of recent events."""
    findings: Mapping[int, Sequence[Finding]] = field(default_factory=dict)
    """Device → recent findings."""
    made: InitVar[MemberColumns | None] = None
    """Columns of the members, if built already."""
    columns: MemberColumns = field(init=False)
    active: Bool = field(init=False)
    """Members with alerts at all."""
    newest: Int = field(init=False)
    """Time of the newest measured fix by member; NONE without any."""

    def __post_init__(self, made: MemberColumns | None) -> None:
        object.__setattr__(self, "columns", made or MemberColumns.of(self.members))
        object.__setattr__(self, "active", self.on_shift & ~self.pausing)
        object.__setattr__(self, "newest", self.by_member(self.tracks.newest(self.now), NONE).astype(np.int64))

    def __len__(self) -> int:
        return len(self.members)

    def by_member(self, of_row: NDArray[Any], absent: float) -> NDArray[Any]:
        """A column by row of the tracks as a column by member."""
        if not len(of_row):
            return np.full(len(self.members), absent)
        return np.asarray(np.where(self.row >= 0, of_row[np.maximum(self.row, 0)], absent))

    def lately(
        self, length_ms: int, rows: NDArray[np.intp] | None = None, *, beginning_ms: int | None = None
    ) -> "Lately":
        """The tracks of a time span up to now, or of its beginning, for all devices or some rows."""
        first = self.now - min(length_ms, KEPT_MS) + 1
        last = self.now if beginning_ms is None else min(self.now, self.now - length_ms + beginning_ms)
        columns = np.arange(first // BUCKET_MS, last // BUCKET_MS + 1) % BUCKETS
        # In one step: selecting rows first would copy an hour of them.
        where = (slice(len(self.tracks.rows)) if rows is None else rows[:, np.newaxis], columns)
        t = self.tracks.t[where]
        return Lately(tracks=self.tracks, where=where, t=t, known=(t >= first) & (t <= last))

    def subject(self, number: int) -> Subject:
        """One member by its index."""
        statuses, row, member = self.statuses, int(self.row[number]), self.members[number]
        battery = float(statuses.battery[number])
        return Subject(
            now=self.now,
            member=member,
            trail=NOWHERE if row < 0 else self.tracks.trail(row, self.now),
            heard=int(statuses.heard[number]),
            fix_t=int(statuses.fix_t[number]),
            duty=int(statuses.duty[number]),
            battery=None if np.isnan(battery) else battery,
            online=int(statuses.online[number]),
            status_at=int(statuses.status_at[number]),
            signed_off=int(statuses.signed_off[number]),
            events=tuple(self.events.get(member.device or NONE, ())),
            findings=self.findings.get(member.device or NONE, ()),
        )


def inside(depth: NDArray[np.float32], acc: NDArray[np.float32], margin_m: float = 0.0) -> Bool:
    """Positions inside their area widened by `margin_m`, with P > 0.8."""
    return np.asarray(depth + margin_m >= SURE_SIGMAS * _sigma(acc))


def outside(depth: NDArray[np.float32], acc: NDArray[np.float32], margin_m: float = 0.0) -> Bool:
    """Positions outside their area widened by `margin_m`: P of being inside < 0.2."""
    return np.asarray(depth + margin_m <= -SURE_SIGMAS * _sigma(acc))


def _sigma(acc: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.maximum(acc, np.float32(3.0)) * np.float32(SIGMA_OF_68)
