"""Messages of the live websocket, version 1: what docs/live-protocol.md says in words.

tests/contract/test_live_page.py holds the two equal. Bodies of event log items are models of `schemas.rest`.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

PROTOCOL = 1
"""Grows when a client of the page could no longer read what is sent."""
MAX_SELECTED = 64

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339, UTC, with a Z."""
_Longitude = Annotated[float, Meta(ge=-720, le=720)]
_Latitude = Annotated[float, Meta(ge=-90, le=90)]
_Device = Annotated[int, Meta(ge=0, le=2**31)] | Annotated[str, Meta(max_length=64)]


class Look(Struct, kw_only=True, forbid_unknown_fields=True, tag="view", tag_field="type"):
    """Where the viewer looks."""

    bbox: tuple[_Longitude, _Latitude, _Longitude, _Latitude]
    """West, south, east, north, degrees."""
    zoom: Annotated[float, Meta(ge=0, le=24)]
    """Of the map, whose world is 512 · 2^zoom px wide."""
    selected: Annotated[list[_Device], Meta(max_length=MAX_SELECTED)] = []
    """Slots or names of devices that are always sent."""


class Subscribe(Look, kw_only=True, forbid_unknown_fields=True, tag="subscribe", tag_field="type"):
    """First message: where it looks and from where it resumes."""

    epoch: Annotated[str, Meta(max_length=64)] | None = None
    """Of the last connection."""
    offset: Annotated[int, Meta(ge=0, le=2**62)] | None = None
    """Number of the last event log item it took."""


class Hello(Struct, kw_only=True, frozen=True, tag="hello", tag_field="type"):
    """First answer."""

    protocol: int
    """PROTOCOL."""
    epoch: str
    """Of the database: numbers of another epoch mean nothing."""
    offset: int
    """Event log items after it follow; where a state comes, its own offset counts instead."""
    now: Time
    """Server's clock."""
    recovered: bool
    """The event log goes on behind the offset that was asked for, and no state comes."""
    time_zone: str | None
    """IANA name of the city's zone; null: not read yet."""


CellState = Literal["fresh", "due_soon", "will_breach", "overdue", "unknown"]
CellRow = tuple[int, CellState, int | None, int | None, Literal[0, 1]]
"""Id of the cell, state, when it is due and when its last visit ended (ms since 1970, null unknown), somebody is in."""


class State(Struct, kw_only=True, frozen=True, tag="state", tag_field="type"):
    """All that is known, in place of all that was."""

    epoch: str
    """As in hello."""
    offset: int
    """Event log items after it follow."""
    alerts: list[dict[str, Any]]
    """Alerts that stand."""
    events: list[dict[str, Any]]
    """Events of the last hour, newest first."""
    city: str | None
    """Version of the city that is in sight; null: not read yet."""
    cells: list[CellRow]
    """Every cell in sight."""


class LogItem(Struct, kw_only=True, frozen=True):
    """Something that happened once."""

    seq: int
    """Number, growing, with gaps."""
    at: Time
    """When it was stored."""
    kind: str
    """alert, event, stay, device or grid."""
    body: Raw
    """By kind."""


class LogItems(Struct, kw_only=True, frozen=True, tag="lane", tag_field="type"):
    """What happened, in order, each once."""

    items: list[LogItem]
    """In order of their numbers."""


class Cells(Struct, kw_only=True, frozen=True, tag="cells", tag_field="type"):
    """Cells that changed."""

    at: Time
    """Moment of the evaluation."""
    city: str
    """Version of the city that is in sight."""
    changes: list[CellRow]
    """Those that changed since the last one that was sent."""


class DeviceName(Struct, frozen=True):
    """What people call a device."""

    slot: int
    """Its number in frames."""
    id: str
    """Name, unique in the city."""
    label: str | None
    """What is written on it; null: nothing."""
    unit: str
    """Team that has it."""


class Devices(Struct, kw_only=True, frozen=True, tag="devices", tag_field="type"):
    """Names of devices, before the first frame with their slots."""

    items: list[DeviceName]
    """Those that were not named on this connection."""


class Counts(Struct, kw_only=True, frozen=True, tag="counts", tag_field="type"):
    """Devices in sight by what they do, and what the view shows of them; the heartbeat."""

    at: Time
    """Server's clock."""
    total: int
    """With a position."""
    moving: int
    """Of them."""
    still: int
    """Of them."""
    silent: int
    """Of them."""
    unknown: int
    """Of them: only one fix so far, without speed."""
    shown: int
    """Records in the view."""
    band: Literal["dots", "sampled", "grid"]
    """Detail of the view."""


class Bye(Struct, kw_only=True, frozen=True, tag="bye", tag_field="type"):
    """Last message before the server closes."""

    reason: str
    """One of ENDS."""


ENDS: dict[str, int] = {
    "signed_out": 1008,
    "rights_changed": 1012,
    "shutting_down": 1012,
    "too_slow": 1013,
    "not_ready": 1013,
    "too_many_viewers": 1013,
}
"""Reason of a bye → close code."""
AGAINST_PROTOCOL = 1008
"""Close code, without a bye, for what is not a message of the page."""

TO_SERVER = (Subscribe, Look)
FROM_SERVER = (Hello, State, LogItems, Cells, Devices, Counts, Bye)
