"""Messages of the live websocket, version 1, as described in docs/live-protocol.md.

tests/contract/test_live_page.py compares the two. Bodies of event log items are models of `schemas.rest`.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

PROTOCOL = 1
"""Incremented when older clients could no longer read the messages."""
MAX_SELECTED = 64

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339, UTC, with a Z."""
_Longitude = Annotated[float, Meta(ge=-720, le=720)]
_Latitude = Annotated[float, Meta(ge=-90, le=90)]
_Device = Annotated[int, Meta(ge=0, le=2**31)] | Annotated[str, Meta(max_length=64)]


class Look(Struct, kw_only=True, forbid_unknown_fields=True, tag="view", tag_field="type"):
    """The view of a viewer."""

    bbox: tuple[_Longitude, _Latitude, _Longitude, _Latitude]
    """West, south, east, north, degrees."""
    zoom: Annotated[float, Meta(ge=0, le=24)]
    """Zoom of the map, whose world is 512 · 2^zoom px wide."""
    selected: Annotated[list[_Device], Meta(max_length=MAX_SELECTED)] = []
    """Slots or names of devices that are always sent."""


class Subscribe(Look, kw_only=True, forbid_unknown_fields=True, tag="subscribe", tag_field="type"):
    """First message: the view, and where to resume."""

    epoch: Annotated[str, Meta(max_length=64)] | None = None
    """Epoch of the last connection."""
    offset: Annotated[int, Meta(ge=0, le=2**62)] | None = None
    """Number of the last received event log item."""


class Hello(Struct, kw_only=True, frozen=True, tag="hello", tag_field="type"):
    """First answer."""

    protocol: int
    """PROTOCOL."""
    epoch: str
    """Identifies the database: numbers of another epoch are meaningless."""
    offset: int
    """Event log items after it follow; if a state follows, its offset counts instead."""
    now: Time
    """Server's clock."""
    recovered: bool
    """The event log continues after the requested offset, without a state."""
    time_zone: str | None
    """IANA name of the time zone; null: not read yet."""


CellState = Literal["fresh", "due_soon", "will_breach", "overdue", "unknown"]
CellRow = tuple[int, CellState, int | None, int | None, Literal[0, 1]]
"""Id of the cell, state, due time and end of the last visit (ms since 1970, null unknown), ongoing visit."""


class State(Struct, kw_only=True, frozen=True, tag="state", tag_field="type"):
    """The full state, replacing the earlier one."""

    epoch: str
    """As in hello."""
    offset: int
    """Event log items after it follow."""
    alerts: list[dict[str, Any]]
    """Open alerts."""
    events: list[dict[str, Any]]
    """Events of the last hour, newest first."""
    city: str | None
    """Version of the city in sight; null: not read yet."""
    cells: list[CellRow]
    """Every cell in sight."""


class LogItem(Struct, kw_only=True, frozen=True):
    """An entry of the event log."""

    seq: int
    """Number, increasing, with gaps."""
    at: Time
    """When it was stored."""
    kind: str
    """alert, event, stay, device or grid."""
    body: Raw
    """By kind."""


class LogItems(Struct, kw_only=True, frozen=True, tag="lane", tag_field="type"):
    """Entries in order, each once."""

    items: list[LogItem]
    """In order of their numbers."""


class Cells(Struct, kw_only=True, frozen=True, tag="cells", tag_field="type"):
    """Cells that changed."""

    at: Time
    """Moment of the evaluation."""
    city: str
    """Version of the city in sight."""
    changes: list[CellRow]
    """Changes since the last message."""


class DeviceName(Struct, frozen=True):
    """Names of a device."""

    slot: int
    """Its number in frames."""
    id: str
    """Name, unique in the city."""
    label: str | None
    """Label; null: none."""
    unit: str
    """Unit that owns it."""


class Devices(Struct, kw_only=True, frozen=True, tag="devices", tag_field="type"):
    """Names of devices, before the first frame with their slots."""

    items: list[DeviceName]
    """Devices not yet named on this connection."""


class Counts(Struct, kw_only=True, frozen=True, tag="counts", tag_field="type"):
    """Counts of devices in sight and in the view; the heartbeat."""

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
    """Of them: a single fix so far, without speed."""
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
"""Close code, without a bye, for invalid messages."""

TO_SERVER = (Subscribe, Look)
FROM_SERVER = (Hello, State, LogItems, Cells, Devices, Counts, Bye)
