"""A database with years of stays and fixes, filled at once or kept from an earlier run."""

import json

from rich.progress import track

from device_sim.city import grid_file
from runtime import db
from tracking.store.city import grid_store, people_store

NOW = 1_790_000_000_000
DAY = 86_400_000
DEVICES = 600
STAYS_A_DAY = 80
SETTINGS = {"max_wal_size": "16GB", "fsync": "off", "maintenance_work_mem": "1GB"}
FILLED = "filled_for_bench"
"""Key in `meta`, the last thing that filling writes."""
_FILL = (
    """
    INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from)
    SELECT n % $2 + 1, cells[1 + abs(hashint8(n)) % array_length(cells, 1)], t, t + interval '5 min', 300000, 200, 30,
           CASE n % 10 WHEN 0 THEN 'drive_through' WHEN 1 THEN 'short' WHEN 2 THEN 'short' ELSE 'visit' END, false, t
    FROM (SELECT array_agg(id) AS cells FROM cells) c, generate_series(0, $3 - 1) AS n,
    LATERAL (SELECT to_timestamp($1 / 1000.0) - (n / $2) * interval '6 min' - (n / $2 / $4) * interval '16 h'
                    - interval '6 min' AS t) x
    """,
    """
    INSERT INTO runs
    SELECT device, min(t_in), 23.1, 114.4, max(t_out), 23.1, 114.4, false FROM stays
    GROUP BY device, date_trunc('hour', t_in)
    """,
    # The key is made when all rows are there: sorting them once is quicker than finding a place for each.
    "ALTER TABLE fixes DROP CONSTRAINT fixes_pkey",
    """
    INSERT INTO fixes (device, t, received, lat, lon, src, duty, flags)
    SELECT n % $2 + 1, to_timestamp($1 / 1000.0) - (n / $2) * interval '10 s', to_timestamp($1 / 1000.0), 23.1, 114.4,
           0, 0, 6
    FROM generate_series(0, $3 - 1) AS n
    """,
    "ALTER TABLE fixes ADD PRIMARY KEY (device, t)",
    """
    INSERT INTO device_hours
    SELECT device, date_trunc('hour', t, 'UTC'), count(*), 0, count(*), count(*) FROM fixes GROUP BY 1, 2
    """,
    """
    INSERT INTO events (id, device, t, received, lat, lon, type, cell)
    SELECT lpad(row_number() OVER ()::text, 26, '0'), device, t_in + interval '1 min', t_in, 23.1, 114.4, '05.01', cell
    FROM stays WHERE id % 97 = 0
    """,
)


async def fill(conn: db.Connection, stays: int, fixes: int) -> None:
    """Put in the town, its devices, stays and fixes."""
    await grid_store.import_file(conn, json.dumps(grid_file.city_geojson(1)).encode())
    names = [f"cam-{n}" for n in range(DEVICES)]
    await conn.execute("INSERT INTO units SELECT code, name, code FROM areas WHERE level = 'street'")
    await conn.execute(
        "INSERT INTO devices (name, unit) SELECT n, (SELECT code FROM units ORDER BY code LIMIT 1) "
        "FROM unnest($1::text[]) AS u(n)",
        names,
    )
    unit = await conn.fetchval("SELECT code FROM units ORDER BY code LIMIT 1")
    officers = await people_store.add_officers(conn, [(name, name, unit) for name in names])
    await people_store.add_shifts(
        conn, [(each, None, NOW - 8 * DAY // 24, NOW, "patrol") for each in officers.values()]
    )
    devices = await conn.fetch("SELECT id, name FROM devices")
    for row in devices:
        await people_store.bind(conn, row["id"], officers[row["name"]], NOW - 90 * DAY, "bench")
    days = stays / DEVICES / STAYS_A_DAY + 1
    arguments: tuple[tuple[float, ...], ...] = (
        (NOW, days), (NOW, DEVICES, stays, STAYS_A_DAY), (), (), (NOW, DEVICES, fixes), (), (), (),
    )  # fmt: skip
    for statement, given in track(list(zip(_FILL, arguments, strict=True)), description="filling"):
        await conn.execute(typed(statement), *given)
    for table in ("fixes", "stays", "runs", "events", "device_hours", "cells"):
        await conn.execute(f"VACUUM ANALYZE {table}")


async def filled(conn: db.Connection, stays: int, fixes: int) -> None:
    """Fill the database unless it holds just that."""
    size = f"{stays} stays, {fixes} fixes"
    held = await conn.fetchval("SELECT value FROM meta WHERE key = $1", FILLED)
    if held is None:
        await fill(conn, stays, fixes)
        await conn.execute("INSERT INTO meta VALUES ($1, $2)", FILLED, size)
        await conn.execute("CHECKPOINT")
    elif held != size:
        raise SystemExit(f"The database in this folder holds {held}: ask for as many, or choose another folder.")


def typed(statement: str) -> str:
    """Say that parameters are whole numbers, which the arithmetic on them leaves open."""
    return (
        statement.replace("$1", "$1::bigint")
        .replace("$2", "$2::bigint")
        .replace("$3", "$3::bigint")
        .replace("$4", "$4::bigint")
    )
