"""Access of devices and their passwords, which are derived from a key and not stored."""

from typing import TYPE_CHECKING

from runtime import db
from schemas import topics
from tracking.city.device_grant import DeviceGrant
from tracking.store.city import people_store
from tracking.store.records import event_log
from tracking.store.tracks import device_store

if TYPE_CHECKING:
    import asyncpg


_COLUMNS = (
    "name, unit, key_generation, revoked_at IS NOT NULL AS revoked, "
    "lower(name) IN (SELECT lower(a.name) FROM server_accounts a) AS reserved"
)
_ONE = f"SELECT {_COLUMNS} FROM devices WHERE name = $1"  # noqa: S608 - built from a constant of this file
_SINCE = f"""
SELECT {_COLUMNS}, access_seq FROM devices WHERE access_seq > $1 ORDER BY access_seq LIMIT 5000
"""  # noqa: S608 - as above
_ENROL = """
INSERT INTO devices (name, unit, label, datum) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING RETURNING id
"""
_RENEW = f"""
UPDATE devices SET key_generation = key_generation + 1 WHERE name = $1 RETURNING {_COLUMNS}
"""  # noqa: S608 - as above
_REVOKE = "UPDATE devices SET revoked_at = coalesce(revoked_at, now()) WHERE name = $1 RETURNING id"
_NOTE_SERVER = "INSERT INTO server_accounts (name) VALUES ($1) ON CONFLICT DO NOTHING"
_IS_SERVER = "SELECT EXISTS (SELECT FROM server_accounts WHERE lower(name) = lower($1))"
_RESTORE = "UPDATE devices SET revoked_at = NULL WHERE name = $1 RETURNING id"


class ExistsError(Exception):
    """A device with this name is enrolled already: make a new password for it, or use another name."""


class ReservedError(Exception):
    """The name is reserved for the server at the broker: use another one."""


class UnknownError(Exception):
    """No device with this name is enrolled."""


async def add(
    conn: db.Connection, name: str, unit: str, *, label: str | None, datum: str
) -> tuple[DeviceGrant, list[event_log.Item]]:
    """Enrol a device with its first password; also returns items for the event log.

    Raises:
        ExistsError: the name is taken.
        ReservedError: the name or the unit is reserved for the server.
    """
    if topics.is_reserved(name) or await conn.fetchval(_IS_SERVER, name):
        raise ReservedError(f"device {name}")
    if topics.is_reserved(unit):
        raise ReservedError(f"unit {unit}")
    await people_store.ensure_units(conn, [unit])
    device = await conn.fetchval(_ENROL, name, unit, label, datum)
    if device is None:
        raise ExistsError(name)
    grant = await renew(conn, name)
    return grant, await device_store.items(conn, [device])


async def renew(conn: db.Connection, name: str) -> DeviceGrant:
    """Make the next password of a device; the previous one stops working.

    Raises:
        UnknownError: it is not enrolled.
    """
    row = await conn.fetchrow(_RENEW, name)
    if row is None:
        raise UnknownError(name)
    return _grant(row)


async def revoke(conn: db.Connection, name: str) -> None:
    """Revoke a device, at the broker and in ingest; idempotent.

    Raises:
        UnknownError: it is not enrolled.
    """
    if await conn.fetchval(_REVOKE, name) is None:
        raise UnknownError(name)


async def restore(conn: db.Connection, name: str) -> None:
    """Restore a revoked device, with its previous password.

    Raises:
        UnknownError: it is not enrolled.
    """
    if await conn.fetchval(_RESTORE, name) is None:
        raise UnknownError(name)


async def note_server(conn: db.Connection, account: str | None) -> None:
    """Store an account of the server at the broker: no device with this name can be enrolled or connect."""
    if account is not None:
        await conn.execute(_NOTE_SERVER, account)


async def grant_of(conn: db.Connection, name: str) -> DeviceGrant | None:
    """Grant of a device; None: it is not enrolled."""
    row = await conn.fetchrow(_ONE, name)
    return None if row is None else _grant(row)


async def since(conn: db.Connection, seq: int) -> tuple[list[DeviceGrant], int]:
    """Grants that changed after number `seq`, at most 5,000, and the number reached."""
    rows = await conn.fetch(_SINCE, seq)
    return [_grant(row) for row in rows], int(rows[-1]["access_seq"]) if rows else seq


async def everything(conn: db.Connection) -> tuple[dict[str, DeviceGrant], int]:
    """Every grant by name, and the number reached."""
    grants: dict[str, DeviceGrant] = {}
    seq = 0
    while True:
        changed, reached = await since(conn, seq)
        if reached == seq:
            return grants, seq
        grants |= {grant.name: grant for grant in changed}
        seq = reached


def _grant(row: "asyncpg.Record") -> DeviceGrant:
    return DeviceGrant(
        name=row["name"], unit=row["unit"], generation=row["key_generation"], revoked=row["revoked"],
        reserved=row["reserved"] or topics.is_reserved(row["name"]),
    )  # fmt: skip
