"""The facts of an alert: its numbers, a struct for each kind. Pure.

The kind is the tag of the union and has its own column, so it is not a field here. Only fields that are set are stored:
a rule sets the data it decided on, and the end of an alert adds `why`, `visit_in` and so on. Unknown fields of stored
facts are ignored; facts without the required fields of their kind are read as `Unknown`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """Facts added by a step. Times are RFC 3339."""

    def stored(self) -> dict[str, Any]:
        """The stored JSON object: fields that are set."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class Ending(Struct, frozen=True, kw_only=True):
    """How an alert ended."""

    why: str | UnsetType = UNSET
    """over, off_duty, break, gone, cell_ended, late_data or basis_changed."""
    by: str | UnsetType | None = UNSET
    """Name of the device of the data."""
    reason: dict[str, Any] | UnsetType | None = UNSET
    """Origin of the late data (`tracking.records.reasons`)."""
    visit_in: str | UnsetType = UNSET
    """Beginning of the visit that ends the gap."""
    visit_out: str | UnsetType | None = UNSET
    """Its end; None: ongoing."""
    in_time: bool | UnsetType = UNSET
    """The visit began before the limit."""
    heard_again: str | UnsetType | None = UNSET


class Facts(Ending, frozen=True, kw_only=True):
    """The stored facts of an alert: the data it was decided on, and how it ended."""


class Unknown(Facts, frozen=True, kw_only=True):
    """Facts of a kind, or with fields, that this version does not know."""


class Gap(Facts, frozen=True, kw_only=True):
    """A coverage gap; durations in s."""

    name: str
    gap_since: str
    """End of the last valid visit, else the start of observation."""
    visited: bool
    """Whether `gap_since` is the end of a visit."""
    due: str
    limit_s: int
    cell: str = ""
    """Code, 15 digits."""
    idle_s: int = 0
    dwell_s: int = 0
    officer: str | None = None
    """Device of the nearest free officer; None: no officer is free."""
    arrival_s: int | None = None
    slack_s: int | None = None
    chance: float = 0.0
    """Probability of a breach if nobody is sent."""
    rule: int = 0
    """Version of the deciding rule."""


class Understaffed(Facts, frozen=True, kw_only=True):
    """A street with too few officers."""

    street: str
    name: str
    cells: int
    need_min: int
    officers: int
    have_min: int
    due_cells: list[str] | UnsetType = UNSET
    """Codes of its cells, the most urgent first."""
    rule: int | UnsetType = UNSET


class Personal(Facts, frozen=True, kw_only=True):
    """An alert about an officer or the device carried."""

    who: str = ""
    """Badge, else name of the device: the subject of the alert."""
    name: str = ""
    badge: str | None = None
    device: str | None = None
    unit: str | None = None
    since: str = ""
    """When it began."""
    evidence: list[str] = msgspec.field(default_factory=list)
    """Times of the deciding fixes."""
    rule: int = 0


class NotArrived(Personal, frozen=True, kw_only=True):
    """Not present in the area of the shift."""

    shift_starts: str
    late_s: int
    away_m: int | None = None
    """Distance from the area, by the newest position; None: unknown."""
    seen: str | None = None
    """Newest fix."""


class Away(Personal, frozen=True, kw_only=True):
    """Outside the post, or the area."""

    left: str
    away_s: int
    away_m: int
    farthest_m: int = 0
    fixes: int


class OverlongStay(Personal, frozen=True, kw_only=True):
    """In one place for too long."""

    stood_since: str
    stood_s: int
    radius_m: int
    fixes: int = 0


class LostContact(Personal, frozen=True, kw_only=True):
    """No positions received."""

    cause: str
    """link_lost, gnss_lost, battery_flat, signed_off or app_stopped."""
    silent_s: int
    last_fix: str | None = None
    last_heard: str | None = None
    battery: float | None = None


class LowBattery(Personal, frozen=True, kw_only=True):
    """The battery does not last for the rest of the shift."""

    battery: int
    shift_ends: str | None = None
    left_s: int | None = None


class PoorAccuracy(Personal, frozen=True, kw_only=True):
    """The receiver reports a poor accuracy."""

    median_m: int
    limit_m: int
    over_s: int


class Riding(Personal, frozen=True, kw_only=True):
    """Faster than walking."""

    share: float
    limit_kmh: float
    observed_s: int = 0
    began: str


class Found(Personal, frozen=True, kw_only=True):
    """An alert from a finding."""

    finding: str | UnsetType = UNSET
    """Kind of the finding."""
    until: str = ""
    found: dict[str, Any]
    """The numbers of the finding (`tracking.quality`)."""


class ClockSkew(Found, frozen=True, kw_only=True):
    """The clock of the device is wrong."""


class FakeTrack(Found, frozen=True, kw_only=True):
    """The track may be faked."""


class WrongDatum(Found, frozen=True, kw_only=True):
    """The device seems to send another datum than the configured one."""


class AtEvent(Personal, frozen=True, kw_only=True):
    """An alert from one event."""

    at: str
    event: str = ""
    type: str = ""


class Sos(AtEvent, frozen=True, kw_only=True):
    """An SOS."""


class SingleOfficer(AtEvent, frozen=True, kw_only=True):
    """Alone at an enforcement step."""

    case: str
    nearest_m: int | None = None
    """Nearest other officer; None: none."""


class RecorderOff(AtEvent, frozen=True, kw_only=True):
    """The camera did not record."""

    case: str | None = None


class Crowding(Personal, frozen=True, kw_only=True):
    """Officers of different beats stay together; `who` is the first of them."""

    members: list[str] = msgspec.field(default_factory=list)
    """All of them, as in `who`."""
    names: list[str]
    together_s: int
    within_m: int


class DoubleSignIn(Personal, frozen=True, kw_only=True):
    """Signed in on two devices at once."""

    devices: list[str]
    signed_in: str


class Deaf(Facts, frozen=True, kw_only=True):
    """No data received from anybody, or from many."""

    everybody: bool
    heard: str | None = None
    officers: int
    silent: int
    rule: int = 0


BY_KIND: dict[str, type[Facts]] = {
    "coverage_gap": Gap,
    "understaffed": Understaffed,
    "not_arrived": NotArrived,
    "left_post": Away,
    "out_of_area": Away,
    "overlong_stay": OverlongStay,
    "lost_contact": LostContact,
    "low_battery": LowBattery,
    "poor_accuracy": PoorAccuracy,
    "clock_skew": ClockSkew,
    "fake_track": FakeTrack,
    "single_officer": SingleOfficer,
    "recorder_off": RecorderOff,
    "wrong_datum": WrongDatum,
    "riding": Riding,
    "crowding": Crowding,
    "double_sign_in": DoubleSignIn,
    "deaf": Deaf,
    "sos": Sos,
}
"""The facts of each kind of alert."""


def facts_of(kind: str, stored: Mapping[str, Any]) -> Facts:
    """The facts of a stored alert of this kind."""
    try:
        return msgspec.convert(stored, BY_KIND.get(kind, Unknown))
    except msgspec.ValidationError:
        return Unknown()
