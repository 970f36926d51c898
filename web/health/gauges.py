"""Metrics read from the database when Prometheus asks: queues and their age, workers, stored data.

They describe the whole system and are the same in every web process: aggregate them by max, never by sum.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from alerts.life.model import Level
from runtime import db
from web.health.store import operation

_WAITING: Mapping[str, tuple[str, str]] = {
    "windows": (
        "Windows of late data that wait to be worked in.",
        "Since the receipt of the late data that waits longest.",
    ),
    "deliveries": (
        "Messages to channels that are due or being sent.",
        "Since the message that waits longest was due.",
    ),
    "commands": (
        "Orders to devices that the broker does not have yet.",
        "Since the order that waits longest was given.",
    ),
}


async def stored(conn: db.Connection) -> bytes:
    """The figures in Prometheus' text format.

    Raises:
        asyncpg.PostgresError: tables are missing, or the account lacks rights.
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
        "Time since the last heartbeat of each worker that was not stopped, within a day.",
        labels=["worker"],
    )
    for worker, age in (await operation.heartbeat_ages(conn)).items():
        ages.add_metric([worker], age)
    levels = await operation.alerts_by_level(conn)
    alerts = GaugeMetricFamily("patrol_alerts_open", "Open alerts by level.", labels=["level"])
    for level in Level:
        alerts.add_metric([level.wire], levels.get(level.wire, 0))
    unserved = await operation.unserved_units(conn)
    return [ages, alerts, _one("patrol_units_unserved", "Units with devices that no running worker serves.", unserved)]


async def _waiting(conn: db.Connection) -> list[GaugeMetricFamily]:
    gauges: list[GaugeMetricFamily] = []
    for name, (what, since) in _WAITING.items():
        waiting = await operation.waiting(conn, name)
        gauges += [
            _one(f"patrol_{name}_waiting", what, waiting.count),
            _one(f"patrol_{name}_oldest_seconds", since, waiting.oldest_s),
        ]
    return gauges


async def _keeping(conn: db.Connection) -> list[GaugeMetricFamily]:
    gauges = [
        _one("patrol_retention_age_seconds", "Time since the last retention pass over the class that waits longest.",
             await operation.retention_age_s(conn)),
        _one("patrol_database_bytes", "Size of the database on its disk.", await operation.database_bytes(conn)),
    ]  # fmt: skip
    row = await operation.archiver(conn)
    if row is not None:
        failing = "1: the newest attempt to archive WAL failed; nothing where archive_mode is off."
        gauges.append(_one("patrol_wal_archive_failing", failing, row["failing"]))
    if row is not None and row["age"] is not None:
        gauges.append(_one("patrol_wal_archive_age_seconds", "Age of the newest archived WAL segment.", row["age"]))
    return gauges


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
