"""Runs and sign-offs in the database, and the silences between them. Times are ms since 1970-01-01 UTC."""

from collections.abc import Sequence

from runtime import db
from tracking.presence.silence import Silences
from tracking.presence.stays import Run, RunChange
from tracking.store.presence import versions
from tracking.store.records import packed
from tracking.store.records.packed import ColumnType

SHIFT_MS = 8 * 3_600_000
"""Longest silence that counts, one shift: after that the device is not on patrol."""
LEAST_SILENCE_MS = 120_000
LOOK_BACK_MS = 24 * 3_600_000
"""Silences that ended longer ago do not matter, since every limit is shorter."""

_STORED = "SELECT * FROM runs WHERE device = $1 AND t_first >= $2 AND t_first <= $3 ORDER BY t_first"
# The previous state goes into the history, unless nobody can have seen it.
_REMEMBER = """
INSERT INTO run_history
SELECT r.device, r.t_first, r.lat_first, r.lon_first, r.t_last, r.lat_last, r.lon_last, r.open, r.known_from, $3
FROM unnest($1::int[], $2::bigint[]) AS k(device, t)
JOIN runs r ON r.device = k.device AND r.t_first = 'epoch'::timestamptz + k.t * interval '1 ms'
WHERE coalesce(r.known_from, '-infinity') < $3
"""
_REMOVE = """
DELETE FROM runs r USING unnest($1::int[], $2::timestamptz[]) AS k(device, t_first)
WHERE r.device = k.device AND r.t_first = k.t_first
"""
_PUT = """
INSERT INTO runs
SELECT device, 'epoch'::timestamptz + t_first * interval '1 ms', lat_first, lon_first,
       'epoch'::timestamptz + t_last * interval '1 ms', lat_last, lon_last, open, $9
FROM unnest($1::int[], $2::bigint[], $3::float8[], $4::float8[], $5::bigint[], $6::float8[], $7::float8[], $8::bool[])
     AS r(device, t_first, lat_first, lon_first, t_last, lat_last, lon_last, open)
ON CONFLICT (device, t_first) DO UPDATE SET lat_first = excluded.lat_first, lon_first = excluded.lon_first,
  t_last = excluded.t_last, lat_last = excluded.lat_last, lon_last = excluded.lon_last, open = excluded.open,
  known_from = greatest(runs.known_from, excluded.known_from)
"""
_COLUMNS = "device", "t_first", "lat_first", "lon_first", "t_last", "lat_last", "lon_last", "open"
_OPEN = """
SELECT r.device, r.t_last FROM runs r JOIN devices d ON d.id = r.device
WHERE r.open AND ($1::text[] IS NULL OR d.unit = ANY($1)) AND ($2::int[] IS NULL OR d.id = ANY($2))
"""
_SIGN_OFF = """
INSERT INTO sign_offs (device, t, known_from)
SELECT device, t, $3 FROM unnest($1::int[], $2::timestamptz[]) AS s(device, t) ON CONFLICT DO NOTHING
"""
# A minute is allowed for: a device says goodbye a little before its last buffered fix is written.
_SILENCES = """
SELECT t_last AS t_from, lat_last AS lat_from, lon_last AS lon_from,
       least(t_first_next, signed.t, t_last + $3, $1) AS t_to,
       CASE WHEN t_first_next <= $1 AND signed.t IS NULL AND t_first_next <= t_last + $3 THEN lat_next END AS lat_to,
       CASE WHEN t_first_next <= $1 AND signed.t IS NULL AND t_first_next <= t_last + $3 THEN lon_next END AS lon_to
FROM ({runs}) r LEFT JOIN LATERAL (
  SELECT s.t FROM sign_offs s WHERE s.device = r.device AND s.t >= r.t_last - interval '1 minute'
  AND (r.t_first_next IS NULL OR s.t < r.t_first_next) AND {signed} ORDER BY s.t LIMIT 1
) signed ON true
WHERE least(t_first_next, signed.t, t_last + $3, $1) - t_last > $4
"""
# A run that goes on is followed by no silence yet: of a fleet that is heard, hardly any is read.
_NOW = """
SELECT r.device, r.t_last, r.lat_last, r.lon_last,
       n.t_first AS t_first_next, n.lat_first AS lat_next, n.lon_first AS lon_next
FROM runs r LEFT JOIN LATERAL (
  SELECT t_first, lat_first, lon_first FROM runs
  WHERE device = r.device AND t_first > r.t_first AND t_first <= $1 ORDER BY t_first LIMIT 1
) n ON true
WHERE r.t_last >= $2 AND r.t_last < $1 - $4::interval AND r.t_first <= $1
"""
_THEN = f"""
SELECT device, least(t_last, $1) AS t_last, lat_last, lon_last, lead(t_first) OVER run AS t_first_next,
       lead(lat_first) OVER run AS lat_next, lead(lon_first) OVER run AS lon_next
FROM (
  SELECT device, t_first, lat_first, lon_first, t_last, lat_last, lon_last FROM runs
  WHERE coalesce(known_from, '-infinity') <= $5
  UNION ALL
  SELECT device, t_first, lat_first, lon_first, t_last, lat_last, lon_last FROM run_history
  WHERE {versions.row_at("$5")}
) known
WHERE t_last >= $2 AND t_first <= $1 WINDOW run AS (PARTITION BY device ORDER BY t_first)
"""  # noqa: S608 - our own texts
_SILENT: packed.Columns = {
    "t_from": ColumnType.TIME,
    "t_to": ColumnType.TIME,
    "lat_from": ColumnType.FLOAT8,
    "lon_from": ColumnType.FLOAT8,
    "lat_to": ColumnType.FLOAT8,
    "lon_to": ColumnType.FLOAT8,
}
_SILENCES_NOW = packed.select(_SILENT, _SILENCES.format(runs=_NOW, signed="true"))
_SILENCES_THEN = packed.select(
    _SILENT, _SILENCES.format(runs=_THEN, signed="coalesce(s.known_from, '-infinity') <= $5")
)


async def load(conn: db.Connection, device: int, t_from: int, t_to: int) -> list[Run]:
    """Runs of the device that began from `t_from` to `t_to`, ends included, in order."""
    rows = await conn.fetch(_STORED, device, db.moment(t_from), db.moment(t_to))
    return [
        Run(
            device=row["device"], t_first=db.millis(row["t_first"]), lat_first=row["lat_first"],
            lon_first=row["lon_first"], t_last=db.millis(row["t_last"]), lat_last=row["lat_last"],
            lon_last=row["lon_last"], open=row["open"],
        )
        for row in rows
    ]  # fmt: skip


async def apply(conn: db.Connection, changes: Sequence[RunChange], now: int) -> None:
    """Store `changes`, known from `now` (ms), inside the caller's transaction; of one key the last one counts.

    The state that a run had before goes into its history.
    """
    newest = {(change.device, change.t_first): change.run for change in changes}
    if not newest:
        return
    # Sorted, so that two writers take the rows in one order.
    keys, known = sorted(newest), db.moment(now)
    await conn.execute(_REMEMBER, [device for device, _ in keys], [t for _, t in keys], known)
    gone = [key for key in keys if newest[key] is None]
    if gone:
        await conn.execute(_REMOVE, [device for device, _ in gone], [db.moment(t) for _, t in gone])
    put = [run for key in keys if (run := newest[key]) is not None]
    if put:
        await conn.execute(_PUT, *([getattr(run, name) for run in put] for name in _COLUMNS), known)


async def goes_through(conn: db.Connection, device: int, t: int) -> bool:
    """Whether a run of the device began before `t` (ms) and reaches it."""
    query = "SELECT EXISTS (SELECT FROM runs WHERE device = $1 AND t_first < $2 AND t_last >= $2)"
    return bool(await conn.fetchval(query, device, db.moment(t)))


async def going_on(
    conn: db.Connection, units: Sequence[str] | None, devices: Sequence[int] | None = None
) -> list[tuple[int, int]]:
    """Runs that nothing has ended yet, of devices of `units` (None for all), as (device, ms up to which they go).

    With `devices`, of those only.
    """
    rows = await conn.fetch(_OPEN, units, devices)
    return [(row["device"], db.millis(row["t_last"])) for row in rows]


async def sign_off(conn: db.Connection, signed_off: Sequence[tuple[int, int]], now: int) -> None:
    """Store the ends of patrols, as (device, ms); known from `now` (ms)."""
    if signed_off:
        devices, moments = [device for device, _ in signed_off], [db.moment(t) for _, t in signed_off]
        await conn.execute(_SIGN_OFF, devices, moments, db.moment(now))


async def silences_before(
    conn: db.Connection, now: int, known: int | None = None, *, back_ms: int = LOOK_BACK_MS
) -> Silences:
    """Silences of all devices in the time before `now` that may hide a visit.

    Args:
        conn: a connection.
        now: the moment, ms.
        known: as known then, ms; None: as known now.
        back_ms: those that began before are left out.
    """
    arguments = [db.moment(now), db.moment(now - back_ms), db.span(SHIFT_MS), db.span(LEAST_SILENCE_MS)]
    if known is None:
        return Silences(**await packed.fetch(conn, _SILENT, _SILENCES_NOW, *arguments))
    return Silences(**await packed.fetch(conn, _SILENT, _SILENCES_THEN, *arguments, db.moment(known)))
