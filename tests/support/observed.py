"""Stores since when and until when a city is observed, without any known device."""

from runtime import db

_STAY = """
INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from)
SELECT 0, min(id), $1, $1, 0, 0, 1, 'short', false, $1 FROM cells
"""
# On the other side of the earth, so that the silence after it hides nothing.
_RUN = """
INSERT INTO runs SELECT 0, $1, -23, -66, $2, -23, -66, false
ON CONFLICT (device, t_first) DO UPDATE SET t_last = excluded.t_last
"""


async def observed(conn: db.Connection, since: int, heard: int | None = None) -> None:
    """Let the city be observed since `since`, and heard last at `heard` (ms; None: at that moment)."""
    await conn.execute("DELETE FROM stays WHERE device = 0")
    await conn.execute("DELETE FROM runs WHERE device = 0")
    await conn.execute(_STAY, db.moment(since))
    await conn.execute(_RUN, db.moment(since), db.moment(since if heard is None else heard))


async def heard(conn: db.Connection, t: int) -> None:
    """Let the city have been heard at `t` (ms)."""
    await conn.execute("UPDATE runs SET t_last = $1 WHERE device = 0", db.moment(t))
