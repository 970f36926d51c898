"""Settled numbers of a boot: those of stored fixes, and notes of those that no stored fix shows."""

from collections.abc import Mapping, Sequence

from runtime import db

KEPT_MS = 30 * 86_400_000
"""A boot without messages for this long is forgotten."""

Span = tuple[int, int]
"""First and last of numbers without a gap."""
Settled = tuple[int, str, int, int]
"""Device, boot, first and last number of messages that need not be sent again."""

_MOST_SPANS = 2_500
"""Most spans stored and read of a boot, the lowest ones: it is acknowledged up to the first gap only."""

# Numbers without a gap keep their distance to the row number.
_STORED = """
SELECT min(seq) AS lo, max(seq) AS hi FROM (
  SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island
  FROM (SELECT DISTINCT seq FROM fixes WHERE device = $1 AND boot = $2 AND t >= $3 AND seq > $4) AS of_boot
) AS islands GROUP BY island ORDER BY lo LIMIT $5
"""
# In one order everywhere, so that two workers cannot wait for each other.
_NOTE = """
INSERT INTO boots AS b (device, boot, settled, at)
SELECT device, boot, range_agg(int8range(lo, hi, '[]')), $5
FROM unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[]) AS s(device, boot, lo, hi)
GROUP BY device, boot ORDER BY device, boot
ON CONFLICT (device, boot) DO UPDATE SET at = greatest(b.at, excluded.at), settled = (
  SELECT range_agg(span) FROM (
    SELECT span FROM unnest(b.settled + excluded.settled) AS span ORDER BY span LIMIT $6) AS lowest)
"""
_NOTED = """
SELECT device, boot, at, lower(span) AS lo, upper(span) - 1 AS hi
FROM unnest($1::int[], $2::text[]) AS asked(device, boot) JOIN boots USING (device, boot)
CROSS JOIN unnest(settled) AS span
"""
_RENUMBERED = """
SELECT s.device, s.boot, s.seq FROM unnest($1::int[], $2::bigint[], $3::text[], $4::bigint[]) AS s(device, t, boot, seq)
JOIN fixes f ON f.device = s.device AND f.t = 'epoch'::timestamptz + s.t * interval '1 ms'
WHERE (f.boot, f.seq) IS DISTINCT FROM (s.boot, s.seq)
"""
_DROP = "DELETE FROM boots WHERE at < $1"


async def stored(conn: db.Connection, device: int, boot: str, *, since: int, above: int) -> list[Span]:
    """Numbers above `above` of the boot's stored fixes with times of `since`, ms, or later."""
    rows = await conn.fetch(_STORED, device, boot, db.moment(since), above, _MOST_SPANS)
    return [(row["lo"], row["hi"]) for row in rows]


async def noted(
    conn: db.Connection, boots: Sequence[tuple[int, str]]
) -> Mapping[tuple[int, str], tuple[int, list[Span]]]:
    """Time of the last note, ms, and its spans, of those boots (device, name) that have notes."""
    by_boot: dict[tuple[int, str], tuple[int, list[Span]]] = {}
    for row in await conn.fetch(_NOTED, [device for device, _ in boots], [boot for _, boot in boots]):
        _, spans = by_boot.setdefault((row["device"], row["boot"]), (db.millis(row["at"]), []))
        spans.append((row["lo"], row["hi"]))
    return by_boot


async def note(conn: db.Connection, settled: Sequence[Settled], now: int) -> None:
    """Note numbers that are settled although no stored fix may show it, at `now`, ms."""
    if settled:
        device, boot, lo, hi = zip(*settled, strict=True)
        await conn.execute(_NOTE, device, boot, lo, hi, db.moment(now), _MOST_SPANS)


async def renumbered(conn: db.Connection, fixes: Sequence[tuple[int, int, str, int]]) -> list[tuple[int, str, int]]:
    """Of fixes (device, t in ms, boot, number), those whose key is stored under another number."""
    if not fixes:
        return []
    device, t, boot, seq = zip(*fixes, strict=True)
    return [(row["device"], row["boot"], row["seq"]) for row in await conn.fetch(_RENUMBERED, device, t, boot, seq)]


async def drop(conn: db.Connection, now: int) -> None:
    """Forget boots without messages for long before `now`, ms."""
    await conn.execute(_DROP, db.moment(now - KEPT_MS))
