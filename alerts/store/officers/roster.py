"""Data for judging officers: devices, carriers, shifts, areas and thresholds."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from alerts.officers import thresholds
from alerts.officers.situation import Member, MemberColumns
from alerts.officers.thresholds import OfficerRule
from runtime import db
from tracking.city.people import Binding, Officer, Shift, Unit
from tracking.geometry.zones import Zones
from tracking.store.city import city, people_store, rule_store
from tracking.store.tracks import device_store

_AREAS = "SELECT code, parent FROM areas"
_DEVICES = "SELECT id, name, unit FROM devices ORDER BY id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Members, and the area codes of each device."""

    at: int
    """When it was read, ms."""
    members: Sequence[Member]
    columns: MemberColumns
    """Of the members."""
    areas: Mapping[int, tuple[str | None, str | None]]
    """Device → code of the area of the shift, and of that of the unit."""
    made_of: "_Sources"


async def load(conn: db.Connection, now: int, known: Roster | None = None) -> Roster:
    """Read the officers on duty at `now` with their devices; unchanged columns and areas are those of `known`."""
    rules = thresholds.by_unit(
        (version.id, version.scope, version.body or {})
        for version in await rule_store.current(conn, thresholds.RULE_KIND, now)
    )
    bound = await people_store.bindings(conn, now)
    shifts: dict[int, Shift] = {}
    for shift in await people_store.shifts(conn, now, now + 1):
        shifts.setdefault(shift.officer, shift)
    book = _Book(await people_store.officers(conn), shifts, await people_store.units(conn), rules)
    sources = _Sources(book=book, bound=bound, devices=await device_store.version(conn))
    if known is not None and known.made_of == sources:
        return replace(known, at=now)
    devices = [(row["id"], row["name"], row["unit"]) for row in await conn.fetch(_DEVICES)]
    # In a thread: for a large fleet this would block other tasks of the process for too long.
    return await asyncio.to_thread(_made, now, sources, devices)


def _made(now: int, sources: "_Sources", devices: Sequence[tuple[int, str, str]]) -> Roster:
    """Compute the members; `devices` as (number, name, unit)."""
    book, bound = sources.book, sources.bound
    carried = {binding.officer for binding in bound.values()}
    members = book.members(devices, bound)
    members += [
        book.without_device(officer) for officer in book.shifts if officer not in carried and officer in book.officers
    ]
    areas = {member.device: _areas(member) for member in members if member.device is not None}
    return Roster(at=now, members=members, columns=MemberColumns.of(members), areas=areas, made_of=sources)


async def zones(conn: db.Connection, where: city.City, codes: set[str]) -> Zones:
    """Shapes of the areas with these codes, whatever their level."""
    parent = {row["code"]: row["parent"] for row in await conn.fetch(_AREAS)}
    cells: dict[str, list[int]] = {code: [] for code in sorted(codes)}
    for at, cell in enumerate(where.cells):
        code: str | None = cell.grid
        while code is not None:
            if code in cells:
                cells[code].append(at)
            code = parent.get(code)
    return Zones(where.grid, {code: numbers for code, numbers in cells.items() if numbers})


@dataclass(frozen=True, slots=True)
class _Book:
    officers: Mapping[int, Officer]
    shifts: Mapping[int, Shift]
    units: Mapping[str, Unit]
    rules: Mapping[str, OfficerRule]

    def members(self, devices: Sequence[tuple[int, str, str]], bound: Mapping[int, Binding]) -> list[Member]:
        """Members with a device, given as (number, name, unit)."""
        return [self.member(device, name, unit, bound.get(device)) for device, name, unit in devices]

    def member(self, device: int, name: str, unit: str, binding: Binding | None) -> Member:
        officer = None if binding is None else self.officers.get(binding.officer)
        return self._made(device, name, unit, officer)

    def without_device(self, officer: int) -> Member:
        return self._made(None, None, self.officers[officer].unit, self.officers[officer])

    def _made(self, device: int | None, name: str | None, unit: str, officer: Officer | None) -> Member:
        shift = None if officer is None else self.shifts.get(officer.id)
        team = self.units.get(unit)
        area = None if team is None else team.area
        return Member(
            device=device,
            device_name=name,
            unit=unit,
            area=area,
            officer=officer,
            shift=shift,
            own_beat=shift is not None and shift.area is not None and shift.area != area,
            rule=self.rules.get(unit, self.rules[thresholds.CITY]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """Data for a roster."""

    book: _Book
    bound: Mapping[int, Binding]
    devices: str
    """Version of the devices (device_store.version)."""


def _areas(member: Member) -> tuple[str | None, str | None]:
    beat = member.shift.area if member.shift is not None and member.shift.area is not None else member.area
    return beat, member.area
