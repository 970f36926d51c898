"""`patrol hold`: legal holds."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pydantic
from rich.table import Table

from patrol.cli import errors, tables
from patrol.cli.accounts import as_operator
from patrol.cli.database import rebuild
from patrol.settings.settings import Settings
from runtime import db
from schemas import holds as models
from schemas import rest
from tracking.store.records import settings_store
from web.store import holds


def add(settings: Settings, **options: str | None) -> None:
    """Place a hold and show it."""

    async def place(conn: db.Connection) -> models.Hold:
        zone = await settings_store.time_zone(conn)
        fields = {name: value for name, value in options.items() if name not in ("start", "end", "until")}
        times = {
            "from": _moment(options["start"], zone),
            "to": _moment(options["end"], zone, end=True),
            "until": _moment(options["until"], zone, end=True),
        }
        wanted = models.HoldGiven.model_validate(fields | times)
        return await holds.place(conn, wanted, as_operator.actor(), datetime.now(UTC))

    try:
        _show([as_operator.run(settings, place)])
    except pydantic.ValidationError as fault:
        raise errors.SetupError(as_operator.fault_text(fault)) from fault


def listed(settings: Settings, *, ended: bool) -> None:
    """Show the holds."""
    _show(as_operator.run(settings, lambda conn: holds.listed(conn, datetime.now(UTC), ended=ended)))


def release(settings: Settings, *, number: int, why: str) -> None:
    """End a hold and show it."""
    actor = as_operator.actor()
    ended = as_operator.run(settings, lambda conn: holds.release(conn, number, why, actor, datetime.now(UTC)))
    _show([ended])


def _moment(text: str | None, zone: ZoneInfo, *, end: bool = False) -> datetime | None:
    return None if text is None else db.moment(rebuild.moment(text, zone, end=end))


def _show(items: list[models.Hold]) -> None:
    table = Table(title="Legal holds 证据保全", title_justify="left")
    for name in ("no. 编号", "what 对象", "from 起", "to 止", "why 事由", "by 经办", "until 至"):
        table.add_column(name, overflow="fold")
    for hold in items:
        table.add_row(
            str(hold.id), _what(hold), _time(hold.t_from), _time(hold.t_to), hold.why, hold.made_by, _until(hold)
        )
    if items:
        tables.show(table)
    else:
        tables.say("No hold. 无保全。")


def _what(hold: models.Hold) -> str:
    for name, value in (("device", hold.device), ("officer", hold.officer), ("area", hold.area), ("case", hold.case)):
        if value is not None:
            return f"{name} {value}"
    return "everything 全部"


def _until(hold: models.Hold) -> str:
    if hold.released_at is not None:
        return f"released 已解除 {rest.rfc3339(hold.released_at)} ({hold.released_by}: {hold.released_why})"
    return _time(hold.until) if hold.holds else f"ended 已到期 {_time(hold.until)}"


def _time(moment: datetime | None) -> str:
    return "-" if moment is None else rest.rfc3339(moment)
