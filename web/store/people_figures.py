"""Indicators of officers and devices for REST, by name."""

from collections.abc import Sequence
from dataclasses import asdict

from runtime import db
from schemas import figures
from tracking.coverage import patrols
from tracking.geometry.lookup import CityGrid
from tracking.store.presence import patrol_store
from tracking.store.presence.patrol_store import Level

_OFFICERS = "SELECT id, badge AS code, name, unit FROM officers WHERE id = ANY ($1::int[])"
_DEVICES = "SELECT id, name AS code, label AS name, unit FROM devices WHERE id = ANY ($1::int[])"


async def read(
    conn: db.Connection,
    grid: CityGrid,
    period: tuple[int, int],
    level: Level,
    interval_s: float,
    *,
    devices: Sequence[int] | None,
) -> list[figures.Person]:
    """Figures of a period (ms) by officer or device, in order of code; of `devices` only (None: all)."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        parts = await patrol_store.read(conn, grid, period, level, devices=devices)
        sums = patrols.add_up(parts, interval_s)
        named = await conn.fetch(_OFFICERS if level == "officer" else _DEVICES, list(sums))
    return sorted((_person(level, dict(row), sums[row["id"]]) for row in named), key=lambda person: person.code)


def _person(level: Level, who: dict[str, object], sums: patrols.PersonFigures) -> figures.Person:
    who.pop("id")
    return figures.Person.model_validate({"level": level, **who, **asdict(sums)})
