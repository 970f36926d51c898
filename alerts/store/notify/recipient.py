"""Alerts of which an account may be notified: those in its sight, without hidden names."""

from collections.abc import Collection
from dataclasses import dataclass

from runtime import db
from tracking.city.names import ALL_SHOWN, Names
from tracking.store.city import belonging, names_store, sight
from tracking.store.city.sight import WHOLE_CITY, Sight

MAY_SEE = frozenset({"administrator", "commander", "supervisor", "analyst"})
"""Roles that see alerts; the page's table of permissions says the same, and a test holds both together."""
SEE_PEOPLE = MAY_SEE - {"analyst"}

_ACCOUNT = """
SELECT role, areas FROM accounts WHERE name = $1 AND NOT disabled
  AND (valid_from IS NULL OR valid_from <= $2) AND (valid_to IS NULL OR valid_to > $2)
"""
_SEEN = f"SELECT a.id FROM alerts a WHERE a.id = ANY ($4::bigint[]) AND {belonging.alert('$1', '$2', '$3')}"  # noqa: S608 - our own texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Rights of a recipient."""

    see: Sight
    names: Names
    """Names to remove."""


SYSTEM = Recipient(see=WHOLE_CITY, names=ALL_SHOWN)
"""A channel without account, set up by an administrator."""


async def load(conn: db.Connection, account: str | None, now: int) -> Recipient | None:
    """Rights of an account at `now` (ms); None: it is disabled, has ended, or has no role that sees alerts."""
    if account is None:
        return SYSTEM
    row = await conn.fetchrow(_ACCOUNT, account, db.moment(now))
    if row is None or row["role"] not in MAY_SEE:
        return None
    people = row["role"] in SEE_PEOPLE
    if row["areas"] is not None:
        see = await sight.load(conn, row["areas"], devices=people)
    elif people:
        return SYSTEM
    else:
        see = sight.WITHOUT_DEVICES
    return Recipient(see=see, names=await names_store.load(conn, see))


async def in_sight(conn: db.Connection, who: Recipient, alerts: Collection[int]) -> set[int]:
    """Those of these alerts that are in sight."""
    see = who.see.seen
    return {row["id"] for row in await conn.fetch(_SEEN, see.cells, see.devices, see.areas, list(alerts))}
