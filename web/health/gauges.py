"""Figures that lie in the database, read when Prometheus asks: what waits and how long, who works, what is kept.

They are of the whole system and the same in every web process: put them together by max, never by sum.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from alerts.life.model import Level
from runtime import db

_WORKERS = """
SELECT id, extract(epoch FROM now() - heartbeat)::float8 AS age FROM workers
WHERE stopped_at IS NULL AND heartbeat > now() - interval '1 day' ORDER BY heartbeat DESC LIMIT 100
"""
_UNSERVED = """
SELECT count(DISTINCT d.unit) FROM devices d
WHERE NOT EXISTS (SELECT FROM workers w WHERE w.stopped_at IS NULL AND w.heartbeat > now() - interval '20 s'
                  AND ('+' = ANY (w.units) OR d.unit = ANY (w.units)))
"""
_ALERTS = "SELECT level, count(*) AS n FROM alerts WHERE ended_at IS NULL GROUP BY level"
_WAITING: Mapping[str, tuple[str, str, str]] = {
    "windows": (
        "Windows of late data that wait to be worked in.",
        "Since the receipt of the late data that waits longest.",
        "SELECT count(*) AS n, min(received) AS since FROM dirty_windows",
    ),
    "deliveries": (
        "Messages to channels that are due or being sent.",
        "Since the message that waits longest was due.",
        (
            "SELECT count(*) AS n, min(due_at) AS since FROM deliveries "
            "WHERE state IN ('waiting', 'sending') AND due_at <= now()"
        ),
    ),
    "commands": (
        "Orders to devices that the broker does not have yet.",
        "Since the order that waits longest was given.",
        (
            "SELECT count(*) AS n, min(made_at) AS since FROM commands "
            "WHERE closed_at IS NULL AND sent_at IS NULL AND expires > now()"
        ),
    ),
}
_RETENTION = "SELECT extract(epoch FROM now() - min(ran_at))::float8 FROM retention"
_SIZE = "SELECT pg_database_size(current_database())"
_ARCHIVER = """
SELECT extract(epoch FROM now() - last_archived_time)::float8 AS age,
       coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failing
FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off'
"""


async def stored(conn: db.Connection) -> bytes:
    """The figures in Prometheus' text format.

    Raises:
        asyncpg.PostgresError: tables are missing, or the account may not look.
    """
    return _text([*await _work(conn), *await _waiting(conn), *await _keeping(conn)])


def devices(total: int, silent: int) -> bytes:
    """Devices on the live map, in the same format."""
    family = GaugeMetricFamily("patrol_live_devices", "Devices with a position, by state.", labels=["state"])
    family.add_metric(["heard"], total - silent)
    family.add_metric(["silent"], silent)
    return _text([family])


async def _work(conn: db.Connection) -> list[GaugeMetricFamily]:
    ages = GaugeMetricFamily(
        "patrol_worker_heartbeat_age_seconds",
        "Since a worker that was not stopped was last heard, within a day.",
        labels=["worker"],
    )
    for row in await conn.fetch(_WORKERS):
        ages.add_metric([row["id"]], row["age"])
    levels = {row["level"]: row["n"] for row in await conn.fetch(_ALERTS)}
    alerts = GaugeMetricFamily("patrol_alerts_open", "Standing alerts by level.", labels=["level"])
    for level in Level:
        alerts.add_metric([level.wire], levels.get(level.wire, 0))
    unserved = await conn.fetchval(_UNSERVED)
    return [ages, alerts, _one("patrol_units_unserved", "Units with devices that no living worker serves.", unserved)]


async def _waiting(conn: db.Connection) -> list[GaugeMetricFamily]:
    made: list[GaugeMetricFamily] = []
    for name, (what, since, query) in _WAITING.items():
        row = await conn.fetchrow(
            f"SELECT n, coalesce(extract(epoch FROM now() - since), 0)::float8 AS age FROM ({query}) AS w"  # noqa: S608 - a constant of this file
        )
        assert row is not None  # noqa: S101 - an aggregate gives one row
        made += [
            _one(f"patrol_{name}_waiting", what, row["n"]),
            _one(f"patrol_{name}_oldest_seconds", since, max(0.0, row["age"])),
        ]
    return made


async def _keeping(conn: db.Connection) -> list[GaugeMetricFamily]:
    made = [
        _one("patrol_retention_age_seconds", "Since retention last went over the class of data that waits longest.",
             await conn.fetchval(_RETENTION)),
        _one("patrol_database_bytes", "Size of the database on its disk.", await conn.fetchval(_SIZE)),
    ]  # fmt: skip
    row = await conn.fetchrow(_ARCHIVER)
    if row is not None:
        failing = "1: the newest attempt to archive WAL failed; nothing where archive_mode is off."
        made.append(_one("patrol_wal_archive_failing", failing, row["failing"]))
    if row is not None and row["age"] is not None:
        made.append(_one("patrol_wal_archive_age_seconds", "Since the newest WAL segment was archived.", row["age"]))
    return made


def _one(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=float(value))


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """What was read, as the collector that prometheus_client asks."""

    families: Sequence[GaugeMetricFamily]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self.families


def _text(families: Sequence[GaugeMetricFamily]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Given(families))
    return generate_latest(registry)
