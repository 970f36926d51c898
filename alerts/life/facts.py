"""What an alert says: its numbers, a struct for each kind. Pure.

The kind is the tag of the union and stands in its own column, so it is no field here. What is stored is what is set:
a rule sets all that it decided on, and whatever ends the alert adds `why`, `visit_in` and so on. Unknown fields of
stored facts are passed over; facts that lack what their kind must have are read as `Unknown`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Struct(msgspec.Struct, frozen=True, kw_only=True):
    """What a step adds to the facts of an alert. Times are RFC 3339."""

    def stored(self) -> dict[str, Any]:
        """The JSON object that is stored: what is set."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class Ending(Struct, frozen=True, kw_only=True):
    """How an alert ended."""

    why: str | UnsetType = UNSET
    """over, off_duty, break, gone, cell_ended, late_data or basis_changed."""
    by: str | UnsetType | None = UNSET
    """Name of the device whose data it was."""
    reason: dict[str, Any] | UnsetType | None = UNSET
    """Whose late data it was (`tracking.records.reasons`)."""
    visit_in: str | UnsetType = UNSET
    """Begin of the visit that ends the gap."""
    visit_out: str | UnsetType | None = UNSET
    """Its end; None: it goes on."""
    in_time: bool | UnsetType = UNSET
    """The visit began before the limit."""
    heard_again: str | UnsetType | None = UNSET


class Facts(Ending, frozen=True, kw_only=True):
    """What is stored with an alert: what it was decided on, and how it ended."""


class Unknown(Facts, frozen=True, kw_only=True):
    """Of a kind, or with fields, that this version does not know."""


class Gap(Facts, frozen=True, kw_only=True):
    """A coverage gap; durations in s."""

    name: str
    gap_since: str
    """End of the last valid visit, else since when the cell is observed."""
    visited: bool
    """Whether it is the end of a visit."""
    due: str
    limit_s: int
    cell: str = ""
    """Code, 15 digits."""
    idle_s: int = 0
    dwell_s: int = 0
    officer: str | None = None
    """Device of the nearest free officer; None: nobody is free."""
    arrival_s: int | None = None
    slack_s: int | None = None
    chance: float = 0.0
    """Probability that it is missed if nobody is sent."""
    rule: int = 0
    """Version of the rule that decided."""


class Understaffed(Facts, frozen=True, kw_only=True):
    """A street short of officers."""

    street: str
    name: str
    cells: int
    need_min: int
    officers: int
    have_min: int
    due_cells: list[str] | UnsetType = UNSET
    """Codes of the cells it stands for, the most urgent first."""
    rule: int | UnsetType = UNSET


class Personal(Facts, frozen=True, kw_only=True):
    """About an officer, or the device carried."""

    who: str = ""
    """Badge, else name of the device: names whom the alert is about."""
    name: str = ""
    badge: str | None = None
    device: str | None = None
    unit: str | None = None
    since: str = ""
    """When it began."""
    evidence: list[str] = msgspec.field(default_factory=list)
    """Times of the fixes it was decided on."""
    rule: int = 0


class NotArrived(Personal, frozen=True, kw_only=True):
    """Not present in the area of the shift."""

    shift_starts: str
    late_s: int
    away_m: int | None = None
    """From the area, by the newest place; None: no place is known."""
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
    """In one place for long."""

    stood_since: str
    stood_s: int
    radius_m: int
    fixes: int = 0


class LostContact(Personal, frozen=True, kw_only=True):
    """No position comes in."""

    cause: str
    """link_lost, gnss_lost, battery_flat, signed_off or app_stopped."""
    silent_s: int
    last_fix: str | None = None
    last_heard: str | None = None
    battery: float | None = None


class LowBattery(Personal, frozen=True, kw_only=True):
    """Not enough for the rest of the shift."""

    battery: int
    shift_ends: str | None = None
    left_s: int | None = None


class PoorAccuracy(Personal, frozen=True, kw_only=True):
    """The receiver knows no better."""

    median_m: int
    limit_m: int
    over_s: int


class Riding(Personal, frozen=True, kw_only=True):
    """Faster than anybody walks."""

    share: float
    limit_kmh: float
    observed_s: int = 0
    began: str


class Found(Personal, frozen=True, kw_only=True):
    """Follows from a finding."""

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
    """The device seems to send another datum than it is set to."""


class AtEvent(Personal, frozen=True, kw_only=True):
    """Follows from one event."""

    at: str
    event: str = ""
    type: str = ""


class Sos(AtEvent, frozen=True, kw_only=True):
    """A call for help."""


class SingleOfficer(AtEvent, frozen=True, kw_only=True):
    """Alone at an enforcement step."""

    case: str
    nearest_m: int | None = None
    """Nearest other officer; None: nobody."""


class RecorderOff(AtEvent, frozen=True, kw_only=True):
    """The camera did not record."""

    case: str | None = None


class Crowding(Personal, frozen=True, kw_only=True):
    """Officers of different beats keep together; `who` is the first of them."""

    members: list[str] = msgspec.field(default_factory=list)
    """Who they are, as in `who`."""
    names: list[str]
    together_s: int
    within_m: int


class DoubleSignIn(Personal, frozen=True, kw_only=True):
    """Signed in on two devices at once."""

    devices: list[str]
    signed_in: str


class Deaf(Facts, frozen=True, kw_only=True):
    """Nothing comes in, or not from many."""

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


def of(kind: str, stored: Mapping[str, Any]) -> Facts:
    """The facts of a stored alert of this kind."""
    try:
        return msgspec.convert(stored, BY_KIND.get(kind, Unknown))
    except msgspec.ValidationError:
        return Unknown()
