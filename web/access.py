"""What somebody who came in may do and see: permissions of the roles, and the part of the city in sight.

`web/policy.py` says which permission a route asks for. A route whose answer depends on the part of the city takes
`Annotated[Sight, Depends(access.sight)]` and hands it to its queries.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import HTTPConnection

from tracking import belonging, db
from web.database import Database


class Permission(StrEnum):
    """What a route can ask for."""

    SELF = "self"
    """One's own session, password and second factor; the page and the documentation."""
    POSITIONS = "positions"
    """Devices and where they are now."""
    TRACKS = "tracks"
    """Where a device was."""
    COVERAGE = "coverage"
    """Cells, areas, coverage, visits; the live map (its positions need POSITIONS)."""
    EVENTS = "events"
    """Enforcement events and their media."""
    ALERTS = "alerts"
    """Alerts, assignments and tasks."""
    ALERT_STEPS = "alert_steps"
    """Acknowledge, assign, snooze, escalate, close."""
    PEOPLE = "people"
    """Officers, shifts, units, bindings."""
    PEOPLE_EDIT = "people_edit"
    RULES = "rules"
    """Plans, rules and calendars."""
    RULES_EDIT = "rules_edit"
    REPORTS = "reports"
    """Indicators and figures."""
    DEVICES_EDIT = "devices_edit"
    """Enrol and revoke devices."""
    BROKER = "broker"
    """Ask which devices may come in: for a token of the broker with this scope alone."""
    OPERATIONS = "operations"
    """Refused messages, metrics, deliveries."""
    ACCOUNTS = "accounts"
    """Accounts and API tokens."""
    AUDIT = "audit"
    """The record of who looked and did what."""
    HOLDS = "holds"
    """Legal holds, and how long data is kept."""
    RETENTION_EDIT = "retention_edit"
    OWN_RECORD = "own_record"
    """All that is stored about oneself."""


class Role(StrEnum):
    """What somebody is in the system."""

    ADMINISTRATOR = "administrator"
    COMMANDER = "commander"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    """Sees cells and figures, never who was there."""
    OFFICER = "officer"
    """Sees nothing but the own record."""
    AUDITOR = "auditor"
    """Sees who looked, not what they saw."""


_P = Permission
_SEES = frozenset({_P.SELF, _P.COVERAGE, _P.EVENTS, _P.ALERTS, _P.RULES, _P.REPORTS})
_SUPERVISES = _SEES | {_P.POSITIONS, _P.TRACKS, _P.ALERT_STEPS, _P.PEOPLE, _P.PEOPLE_EDIT}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.COMMANDER: _SUPERVISES | {_P.RULES_EDIT, _P.HOLDS},
    Role.SUPERVISOR: _SUPERVISES,
    Role.ANALYST: _SEES,
    Role.OFFICER: frozenset({_P.SELF, _P.OWN_RECORD}),
    Role.AUDITOR: frozenset({_P.SELF, _P.AUDIT}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The part of the city that somebody sees; None: all of it.

    Coverage, visits, events and alerts of cells belong to the area of their cell; positions, tracks and alerts of
    persons to the area of the unit of their device. In SQL: `($5::int[] IS NULL OR c.id = ANY ($5))` with `cell_ids`.
    """

    areas: frozenset[str] | None
    """Codes of districts, streets and grids, all below them included."""
    units: frozenset[str] | None
    """Units that answer for a part of these areas."""
    cells: frozenset[int] | None
    """Numbers of cells, those that are no longer in force included."""
    devices: frozenset[int] | None
    """Slots of devices."""

    @property
    def seen(self) -> belonging.Seen:
        """The same for stores below this layer."""
        return belonging.Seen(cells=self.cell_ids, devices=self.device_ids, areas=self.area_codes)

    @property
    def cell_ids(self) -> list[int] | None:
        """The cells as a parameter of SQL."""
        return None if self.cells is None else list(self.cells)

    @property
    def device_ids(self) -> list[int] | None:
        """The devices as a parameter of SQL."""
        return None if self.devices is None else list(self.devices)

    @property
    def area_codes(self) -> list[str] | None:
        """The areas as a parameter of SQL."""
        return None if self.areas is None else list(self.areas)

    @property
    def unit_codes(self) -> list[str] | None:
        """The units as a parameter of SQL."""
        return None if self.units is None else list(self.units)

    def sees_area(self, code: str | None) -> bool:
        """Tell whether an area is in sight; what belongs to none is for those who see the whole city."""
        return self.areas is None or code in self.areas

    def sees_unit(self, code: str | None) -> bool:
        """Tell whether a unit is in sight."""
        return self.units is None or code in self.units

    def sees_cell(self, number: int | None) -> bool:
        """Tell whether a cell is in sight."""
        return self.cells is None or number in self.cells

    def sees_device(self, slot: int | None) -> bool:
        """Tell whether a device is in sight."""
        return self.devices is None or slot in self.devices


WHOLE_CITY = Sight(areas=None, units=None, cells=None, devices=None)
NOTHING = Sight(areas=frozenset(), units=frozenset(), cells=frozenset(), devices=frozenset())

_SIGHT = """
WITH RECURSIVE seen AS (
  SELECT code FROM areas WHERE $1::text[] IS NULL OR code = ANY ($1)
  UNION SELECT a.code FROM areas a JOIN seen s ON a.parent = s.code),
teams AS (SELECT u.code FROM units u JOIN seen s ON s.code = u.area)
SELECT (SELECT array_agg(code) FROM seen) AS areas,
       (SELECT array_agg(code) FROM teams) AS units,
       (SELECT array_agg(c.id) FROM cells c JOIN seen s ON s.code = c.grid) AS cells,
       (SELECT array_agg(d.id) FROM devices d JOIN teams t ON t.code = d.unit) AS devices
"""


_HIDDEN = """
SELECT unnest(ARRAY[d.name, d.label]) AS name FROM devices d WHERE NOT d.unit = ANY ($1::text[])
UNION SELECT unnest(ARRAY[o.badge, o.name]) FROM officers o WHERE NOT o.unit = ANY ($1)
"""


async def load(conn: db.Connection, areas: Collection[str], *, devices: bool = True) -> Sight:
    """Read what lies in `areas`; `devices` False: no device and no unit."""
    row = await conn.fetchrow(_SIGHT, list(areas))
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    return Sight(
        areas=frozenset(row["areas"] or ()),
        cells=frozenset(row["cells"] or ()),
        units=frozenset(row["units"] or ()) if devices else frozenset(),
        devices=frozenset(row["devices"] or ()) if devices else frozenset(),
    )


@dataclass(frozen=True, slots=True)
class Grant:
    """What decides on a sight; equal grants see alike, so that viewers of a kind share their frames."""

    areas: frozenset[str] | None
    devices: bool


class Sights:
    """Sights by grant, read again after a second: a device that changes its unit is gone from the map at once."""

    HELD_S = 1.0
    MOST = 1_000

    def __init__(self, database: Database) -> None:
        self._database = database
        self._made: dict[Grant, tuple[float, Sight]] = {}
        self._hidden: dict[Sight, tuple[float, frozenset[str]]] = {}

    async def get(self, grant: Grant) -> Sight:
        """Give the sight of a grant.

        Raises:
            NotReadyError: the database was not reached yet.
        """
        if grant.areas is None:
            return WHOLE_CITY if grant.devices else _WITHOUT_DEVICES
        now = time.monotonic()
        at, made = self._made.get(grant, (float("-inf"), NOTHING))
        if now - at < self.HELD_S:
            return made
        async with self._database.pool.acquire() as conn:
            read = await load(conn, grant.areas, devices=grant.devices)
        if read == made:
            read = made  # the same object, so that what was made for it is found again
        if len(self._made) >= self.MOST:
            self._made.clear()
        self._made[grant] = (now, read)
        return read

    async def hidden(self, see: Sight) -> frozenset[str]:
        """Names of devices and officers that are not in sight: what `web.redaction` takes out."""
        if see.units is None:
            return frozenset()
        now = time.monotonic()
        at, made = self._hidden.get(see, (float("-inf"), frozenset()))
        if now - at < self.HELD_S:
            return made
        async with self._database.pool.acquire() as conn:
            rows = await conn.fetch(_HIDDEN, list(see.units))
        made = frozenset(row["name"] for row in rows if row["name"])
        if len(self._hidden) >= self.MOST:
            self._hidden.clear()
        self._hidden[see] = (now, made)
        return made


_WITHOUT_DEVICES = Sight(areas=None, units=frozenset(), cells=None, devices=frozenset())


async def sight(connection: HTTPConnection) -> Sight:
    """The part of the city that the caller sees; as a dependency of routes whose reach is `Reach.AREA`."""
    return await _sights(connection).get(connection.scope["principal"].grant)


async def hidden(connection: HTTPConnection) -> frozenset[str]:
    """Names that the caller must not see; for `web.redaction`."""
    return await _sights(connection).hidden(await sight(connection))


def _sights(connection: HTTPConnection) -> Sights:
    sights = connection.app.state.sights
    assert isinstance(sights, Sights)  # noqa: S101 - create_app put it there
    return sights
