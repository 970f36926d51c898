"""Permissions of the roles, and the part of the city in sight.

`web/auth/route_rules.py` lists the permission that each route requires. A route whose answer depends on the part of the
city takes `Annotated[Sight, Depends(access.sight)]` and hands it to its queries.
"""

import time
from dataclasses import dataclass
from enum import StrEnum

from starlette.requests import HTTPConnection

from tracking.city.names import ALL_SHOWN, Names
from tracking.store.city import names_store
from tracking.store.city.sight import NOTHING, WHOLE_CITY, WITHOUT_DEVICES, Sight, load
from web.database import Database

__all__ = [
    "NOTHING",
    "PERMISSIONS",
    "WHOLE_CITY",
    "Names",
    "Permission",
    "Role",
    "Sight",
    "SightGrant",
    "Sights",
    "load",
    "sight",
]


class Permission(StrEnum):
    """Permissions that a route can require."""

    SELF = "self"
    """One's own session, password and second factor; the page and the documentation."""
    POSITIONS = "positions"
    """Devices and their present positions."""
    TRACKS = "tracks"
    """Past positions of devices."""
    COVERAGE = "coverage"
    """Cells, areas, coverage, visits; the live map (its positions need POSITIONS)."""
    EVENTS = "events"
    """Enforcement events."""
    MEDIA = "media"
    """Photographs and recordings of events: faces, voices, plates."""
    MEDIA_SEND = "media_send"
    """Send the files that events name: their devices, and docking stations with a token of this scope."""
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
    """Ask which devices may connect: for a token of the broker with this scope only."""
    OPERATIONS = "operations"
    """Refused messages, metrics, deliveries."""
    ACCOUNTS = "accounts"
    """Accounts and API tokens."""
    AUDIT = "audit"
    """The audit record."""
    HOLDS = "holds"
    """Legal holds and retention."""
    RETENTION_EDIT = "retention_edit"
    OWN_RECORD = "own_record"
    """All data stored about oneself."""


class Role(StrEnum):
    """Roles of accounts and tokens."""

    ADMINISTRATOR = "administrator"
    COMMANDER = "commander"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    """Sees cells and figures, but no persons."""
    OFFICER = "officer"
    """Sees only the own record."""
    AUDITOR = "auditor"
    """Sees accesses, but not the accessed data."""


_P = Permission
_SEES = frozenset({_P.SELF, _P.COVERAGE, _P.EVENTS, _P.ALERTS, _P.RULES, _P.REPORTS})
_SUPERVISES = _SEES | {_P.POSITIONS, _P.TRACKS, _P.ALERT_STEPS, _P.PEOPLE, _P.PEOPLE_EDIT, _P.MEDIA, _P.MEDIA_SEND}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.COMMANDER: _SUPERVISES | {_P.RULES_EDIT, _P.HOLDS},
    Role.SUPERVISOR: _SUPERVISES,
    Role.ANALYST: _SEES,
    Role.OFFICER: frozenset({_P.SELF, _P.OWN_RECORD}),
    Role.AUDITOR: frozenset({_P.SELF, _P.AUDIT}),
}


@dataclass(frozen=True, slots=True)
class SightGrant:
    """Key of a sight; equal grants have the same sight, so that their viewers share frames."""

    areas: frozenset[str] | None
    devices: bool


class Sights:
    """Sights by grant, read again after a second, so that a device that changes its unit leaves the map at once."""

    HELD_S = 1.0
    MOST = 1_000

    def __init__(self, database: Database) -> None:
        self._database = database
        self._made: dict[SightGrant, tuple[float, Sight]] = {}
        self._names: dict[tuple[Sight, int | None], tuple[float, Names]] = {}

    async def get(self, grant: SightGrant) -> Sight:
        """The sight of a grant.

        Raises:
            NotReadyError: the database was not reached yet.
        """
        if grant.areas is None:
            return WHOLE_CITY if grant.devices else WITHOUT_DEVICES
        now = time.monotonic()
        at, known = self._made.get(grant, (float("-inf"), NOTHING))
        if now - at < self.HELD_S:
            return known
        async with self._database.pool.acquire() as conn:
            read = await load(conn, grant.areas, devices=grant.devices)
        if read == known:
            read = known  # the same object, so that data cached for it is found again
        if len(self._made) >= self.MOST:
            self._made.clear()
        self._made[grant] = (now, read)
        return read

    async def names(self, see: Sight, officer: int | None = None) -> Names:
        """Hidden names, for `alerts.privacy.redaction`; `officer` is the caller of the own record."""
        if see.units is None:
            return ALL_SHOWN
        now = time.monotonic()
        at, known = self._names.get((see, officer), (float("-inf"), ALL_SHOWN))
        if now - at < self.HELD_S:
            return known
        async with self._database.pool.acquire() as conn:
            read = await names_store.load(conn, see, officer)
        if read == known:
            read = known  # the same object, so that data cached for it is found again
        if len(self._names) >= self.MOST:
            self._names.clear()
        self._names[see, officer] = (now, read)
        return read


async def sight(connection: HTTPConnection) -> Sight:
    """Sight of the caller, as a dependency of routes whose reach is `Reach.AREA`."""
    return await _sights(connection).get(connection.scope["principal"].grant)


def _sights(connection: HTTPConnection) -> Sights:
    sights = connection.app.state.sights
    assert isinstance(sights, Sights)  # noqa: S101 - create_app put it there
    return sights
