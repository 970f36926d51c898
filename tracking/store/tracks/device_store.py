"""Devices in the database: master data, enrolment by first contact, and status."""

from collections.abc import Sequence
from sys import intern

import asyncpg

from runtime import db
from schemas import rest, topics
from schemas.wire import Datum
from tracking.city.enrolment import Device, StatusReport
from tracking.store.city import people_store
from tracking.store.records import event_log

_DATUMS = {datum.value: datum for datum in Datum}
_COLUMNS = "id, name, unit, datum, revoked_at IS NOT NULL AS revoked"
_ALL = f"SELECT {_COLUMNS} FROM devices"  # noqa: S608 - built from a constant of this file
# A sum of hashes does not depend on the order; status and battery, which change all the time, are not in it.
_VERSION = """
SELECT concat_ws('/', count(*), sum(hashtextextended(
  name, hashtextextended(unit, hashtextextended(datum, 2 * id::bigint + (revoked_at IS NOT NULL)::int))))) FROM devices
"""
_ENROL = """
INSERT INTO devices (name, unit)
SELECT name, unit FROM unnest($1::text[], $2::text[]) AS d(name, unit)
WHERE lower(name) NOT IN (SELECT lower(a.name) FROM server_accounts a)
ON CONFLICT (name) DO NOTHING RETURNING id
"""
_SAY = """
WITH said AS (
  SELECT * FROM unnest($1::int[], $2::bool[], $3::timestamptz[], $4::real[]) AS s(device, online, at, battery)
), old AS (
  SELECT d.id, d.online FROM devices d JOIN said s ON s.device = d.id
  WHERE d.status_at IS NULL OR d.status_at <= s.at FOR UPDATE OF d
)
UPDATE devices d SET online = s.online, status_at = s.at, battery = coalesce(s.battery, d.battery)
FROM said s JOIN old o ON o.id = s.device
WHERE d.id = s.device RETURNING d.id, o.online IS DISTINCT FROM s.online AS turned
"""
_SHOWN = """
SELECT name AS id, id AS slot, unit, label, datum, online, battery, enrolled_at, revoked_at IS NOT NULL AS revoked
FROM devices
WHERE id = ANY($1::int[]) ORDER BY id
"""


async def all_devices(conn: db.Connection) -> list[Device]:
    """Every enrolled device."""
    return [_device(row) for row in await conn.fetch(_ALL)]


async def version(conn: db.Connection) -> str:
    """Version that changes with the result of `all_devices`; much faster to read."""
    return str(await conn.fetchval(_VERSION))


async def named(conn: db.Connection, names: Sequence[str]) -> list[Device]:
    """Those of `names` that are enrolled."""
    return [_device(row) for row in await conn.fetch(_ALL + " WHERE name = ANY($1::text[])", names)]


async def name_of(conn: db.Connection, device: int) -> str | None:
    """Name of the device of that number."""
    name: str | None = await conn.fetchval("SELECT name FROM devices WHERE id = $1", device)
    return name


async def names_of(conn: db.Connection, devices: Sequence[int]) -> dict[int, str]:
    """Names of the devices of these numbers."""
    rows = await conn.fetch("SELECT id, name FROM devices WHERE id = ANY ($1::int[])", devices)
    return {row["id"]: row["name"] for row in rows}


async def enrol(conn: db.Connection, units: dict[str, str]) -> list[event_log.Item]:
    """Enrol devices, name to unit, with the standard datum; those enrolled already are left as they are.

    Missing units are created. Names that are reserved for the server are left out.
    """
    units = {name: unit for name, unit in units.items() if not (topics.is_reserved(name) or topics.is_reserved(unit))}
    await people_store.ensure_units(conn, units.values())
    rows = await conn.fetch(_ENROL, list(units), list(units.values()))
    return await items(conn, [row["id"] for row in rows])


async def store_statuses(conn: db.Connection, reports: Sequence[StatusReport]) -> list[event_log.Item]:
    """Store the newest status of each device; returns event log items of those that went online or offline."""
    newest = {status.device: status for status in reports}
    if not newest:
        return []
    rows = await conn.fetch(
        _SAY,
        list(newest),
        [status.online for status in newest.values()],
        [db.moment(status.at) for status in newest.values()],
        [status.battery for status in newest.values()],
    )
    return await items(conn, [row["id"] for row in rows if row["turned"]])


async def items(conn: db.Connection, ids: Sequence[int]) -> list[event_log.Item]:
    """Event log items with the present state of the devices."""
    if not ids:
        return []
    rows = await conn.fetch(_SHOWN, ids)
    return [("device", rest.Device(**dict(row), last=None).model_dump(mode="json")) for row in rows]


def _device(row: "asyncpg.Record") -> Device:
    return Device(
        id=row["id"], name=intern(row["name"]), unit=intern(row["unit"]), datum=_DATUMS[row["datum"]],
        revoked=row["revoked"],
    )  # fmt: skip
