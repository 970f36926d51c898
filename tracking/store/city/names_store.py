"""Names of people and their devices that a caller may read, by the units in sight."""

from runtime import db
from tracking.city.names import ALL_SHOWN, Names
from tracking.store.city.sight import Sight

# A device is an officer's own if the officer ever carried it; the own record names the accounts that looked.
_NAMES = """
SELECT n.name, n.label, coalesce(n.own, false) OR coalesce(n.unit = ANY ($1::text[]), false) AS seen FROM (
  SELECT v.name, v.label, d.unit, d.id IN (SELECT device FROM bindings WHERE officer = $2::int) AS own
  FROM devices d LEFT JOIN former_names f ON f.device = d.id
  CROSS JOIN LATERAL (VALUES (d.name, false), (d.label, true), (f.name, true)) AS v (name, label)
  UNION ALL
  SELECT v.name, v.label, o.unit, o.id = $2
  FROM officers o LEFT JOIN former_names f ON f.officer = o.id
  CROSS JOIN LATERAL (VALUES (o.badge, false), (o.name, false), (f.name, true)) AS v (name, label)
  UNION ALL
  SELECT name, true, NULL, true FROM accounts WHERE $2 IS NOT NULL
) n WHERE n.name <> ''
"""


async def load(conn: db.Connection, see: Sight, officer: int | None = None) -> Names:
    """Read the names for a caller with the sight `see`; `officer` is the caller, if known, and is never hidden."""
    if see.units is None:
        return ALL_SHOWN
    rows = await conn.fetch(_NAMES, list(see.units), officer)
    seen = frozenset(row["name"] for row in rows if row["seen"])
    return Names(
        hidden=frozenset(row["name"] for row in rows) - seen,
        # A label may be any text, also the name of another: it protects only itself.
        shown=frozenset(row["name"] for row in rows if row["seen"] and not row["label"]),
    )
