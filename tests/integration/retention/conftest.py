"""A city of two streets with something of every class of data, and the count of what is stored of each."""

import pytest

from runtime import db
from tests.integration.web import matrix_city, matrix_street
from tests.integration.web.matrix_street import Street

TABLES = ("fixes", "stays", "runs", "device_hours", "events", "alerts", "alert_steps", "deliveries", "sign_offs",
          "device_findings", "sightings", "stay_growth", "run_history", "commands", "replies", "tasks",
          "refusals", "beat_hours", "road_pieces", "checkpoints")  # fmt: skip
YEARS = 3_650 * 86_400_000
"""So much later everything is old."""


@pytest.fixture
async def streets(conn: db.Connection) -> tuple[Street, Street]:
    """The two streets, with the same things in both; every alert has ended."""
    both = matrix_street.streets()
    await matrix_city.build(conn, *both)
    for street in both:
        await _more(conn, street)
    await conn.execute("UPDATE alerts SET state = 'closed', ended_at = opened_at + interval '1 h'")
    return both


async def _more(conn: db.Connection, street: Street) -> None:
    device = street.ids["device"]
    for statement in (
        "INSERT INTO runs VALUES ($1, now() - interval '3 h', 1, 1, now(), 1, 1, false)",
        "INSERT INTO run_history VALUES ($1, now() - interval '3 h', 1, 1, now(), 1, 1, true, NULL, now())",
        """INSERT INTO stay_growth (stay, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, known_from, known_to)
        SELECT id, cell, t_in, t_out, 1, 1, 1, 'visit', true, t_in, now() FROM stays WHERE device = $1""",
        "INSERT INTO device_hours VALUES ($1, date_trunc('hour', now()), 9, 0, 0, 0) ON CONFLICT DO NOTHING",
        "INSERT INTO beat_hours VALUES ($1, date_trunc('hour', now()), 9, false, '', '', '')",
        """INSERT INTO road_pieces (key, lat, lon, length_m, valid_from, valid_to)
        VALUES ('', 1, 1, 20, 'epoch', now() - interval '1 min')""",
        """INSERT INTO checkpoints (code, lat, lon, valid_from, valid_to)
        VALUES ('P$1', 1, 1, 'epoch', now() - interval '1 min')""",
        "INSERT INTO sign_offs VALUES ($1, now() - interval '1 min')",
        """INSERT INTO device_findings (device, kind, slot, since, until, evidence, known_from)
        VALUES ($1, 'frozen', now(), now() - interval '1 h', now(), '{}', now())""",
        """INSERT INTO sightings (device, cell, why, slot, t_from, t_to, known_from)
        SELECT device, cell, 'ahead', t_in, t_in, t_out, now() FROM stays WHERE device = $1 LIMIT 1""",
        """INSERT INTO commands (id, device, type, body, made_at, expires, next_at)
        VALUES ('told-' || $1, $1, 'notify', '{}', now(), now(), now())""",
        """INSERT INTO commands (id, device, type, body, made_at, expires, next_at)
        VALUES ('go-' || $1, $1, 'goto', '{}', now(), now(), now())""",
        "INSERT INTO replies VALUES ('told-' || $1, 'accepted', now(), now())",
    ):
        await conn.execute(statement.replace("$1", str(device)))
    await conn.execute(
        """INSERT INTO tasks (id, alert, device, state, made_at, made_by, updated_at)
        VALUES ('go-' || $1::int::text, $2, $1, 'done', now(), 'someone', now()) ON CONFLICT DO NOTHING""",
        device, street.ids["alert"],
    )  # fmt: skip
    await conn.execute(
        """INSERT INTO deliveries (key, channel, alert, step, reason, urgent, state, made_at, due_at, ended_at)
        VALUES ('retention-' || $1::int::text, $2, $3, 1, 'opened', true, 'sent', now(), now(), now())""",
        device, street.ids["channel"], street.ids["alert"],
    )  # fmt: skip


async def counts(conn: db.Connection) -> dict[str, int]:
    """Rows of each table that retention knows."""
    return {table: await conn.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608 - ours
