"""How far each boot of a device is settled without a gap: by stored fixes, and by what was noted of refused ones."""

from collections.abc import Sequence

from tracking import db

KEPT_MS = 7 * 86_400_000
"""A boot is looked back on for so long when its acknowledgement is taken up again."""

# Numbers without a gap keep their distance to the row number; the first such island is what is safely stored. It begins
# after what was noted, else with the first number that is stored.
_LAST = """
WITH noted AS (SELECT upto FROM boots WHERE device = $1 AND boot = $3)
SELECT coalesce(
  (SELECT max(seq) FROM (
     SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island,
            coalesce((SELECT upto FROM noted), min(seq) OVER () - 1) AS first
     FROM (SELECT DISTINCT seq FROM fixes
           WHERE device = $1 AND t >= $2 AND boot = $3 AND seq > coalesce((SELECT upto FROM noted), -1)) AS of_boot
   ) AS islands WHERE island = first),
  (SELECT upto FROM noted))
"""
_NOTE = """
INSERT INTO boots AS b SELECT *, $4 FROM unnest($1::int[], $2::text[], $3::bigint[])
ON CONFLICT (device, boot) DO UPDATE SET upto = greatest(b.upto, excluded.upto), at = excluded.at
"""
_DROP = "DELETE FROM boots WHERE at < $1"


async def last_seq(conn: db.Connection, device: int, boot: str, now: int) -> int | None:
    """Last number of a boot before the first gap, at `now` (ms); None when nothing is known of it."""
    seq: int | None = await conn.fetchval(_LAST, device, db.moment(now - KEPT_MS), boot)
    return seq


async def note(conn: db.Connection, settled: Sequence[tuple[int, str, int]], now: int) -> None:
    """Note (device, boot, number): every number of the boot up to it is settled. Forgets boots of long ago.

    Args:
        conn: a connection.
        settled: each boot once.
        now: the moment, ms.
    """
    async with conn.transaction():
        columns = [[each[n] for each in sorted(settled)] for n in range(3)]
        await conn.execute(_NOTE, *columns, db.moment(now))
        await conn.execute(_DROP, db.moment(now - KEPT_MS))
