"""Targets of retention: tables of each class, their time column, and conditions of holds. Pure.

In conditions `r` is the row and `$1` the time before which rows are old. Tables of a class are processed in this order,
so that referring rows are dropped first.
"""

from dataclasses import dataclass

from ingest.store import held
from tracking.records.retention import DataClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A table of a class."""

    table: str
    time: str
    """Indexed column by which rows are read, oldest first."""
    held: str
    """Condition: a hold holds the row."""
    ended: str = "true"
    """Further condition: the row has ended."""
    by_device: bool = False
    """The index begins with the device: rows are read device by device."""
    key: str = "id"
    children: tuple[tuple[str, str], ...] = ()
    """Tables with dependent rows, and their key column."""


def _either(*conditions: str) -> str:
    return f"({' OR '.join(conditions)})"


_STAY_DEVICE = "(SELECT s.device FROM stays s WHERE s.id = r.stay)"

EVENT_HELD = _either(
    held.device_held("r.device", "r.t"),
    held.place_held("r.t"),
    held.of("held_cells", "cell", "r.cell", "r.t"),
    "EXISTS (SELECT FROM held_cases c WHERE c.case_id = r.case_id)",
)
"""Condition: a hold holds the event `r`."""

TARGETS: dict[DataClass, tuple[Target, ...]] = {
    DataClass.FIXES: (
        Target(
            table="fixes", time="t", by_device=True,
            held=_either(held.device_held("r.device", "r.t"), held.place_held("r.t")),
        ),
    ),
    DataClass.HISTORY: (
        Target(
            table="stay_growth", time="known_to",
            held=_either(
                held.of("held_cells", "cell", "r.cell", "r.t_in", "r.t_out"),
                held.device_held(_STAY_DEVICE, "r.t_in", "r.t_out"),
            ),
        ),
        Target(table="run_history", time="known_to", held=held.device_held("r.device", "r.t_first", "r.t_last")),
        Target(table="refusals", time="at", held="false"),
    ),
    DataClass.VISITS: (
        Target(
            table="stays", time="t_in", ended="r.t_out < $1",
            held=_either(
                held.device_held("r.device", "r.t_in", "r.t_out"),
                held.of("held_cells", "cell", "r.cell", "r.t_in", "r.t_out"),
            ),
        ),
        Target(table="runs", time="t_last", held=held.device_held("r.device", "r.t_first", "r.t_last")),
        Target(table="device_findings", time="until", held=held.device_held("r.device", "r.since", "r.until")),
        Target(
            table="sightings", time="t_to",
            held=_either(
                held.device_held("r.device", "r.t_from", "r.t_to"),
                held.of("held_cells", "cell", "r.cell", "r.t_from", "r.t_to"),
            ),
        ),
        Target(
            table="device_hours", time="hour", by_device=True,
            held=held.device_held("r.device", "r.hour", "r.hour + interval '1 h'"),
        ),
        Target(
            table="beat_hours", time="hour", by_device=True,
            held=held.device_held("r.device", "r.hour", "r.hour + interval '1 h'"),
        ),
        # Held hours refer to the roads and checkpoints of their time.
        Target(table="road_pieces", time="valid_to", held=held.before_held("r.valid_to")),
        Target(table="checkpoints", time="valid_to", held=held.before_held("r.valid_to")),
        Target(table="sign_offs", time="t", by_device=True, held=held.device_held("r.device", "r.t")),
    ),
    DataClass.EVENTS: (
        Target(table="events", time="t", held=EVENT_HELD),
    ),
    DataClass.ALERTS: (
        Target(
            table="alerts", time="opened_at", ended="r.ended_at < $1",
            children=(("deliveries", "alert"), ("tasks", "alert"), ("alert_steps", "alert")),
            held=_either(
                held.device_held("r.device", "r.opened_at", "r.ended_at"),
                held.device_held("r.assignee", "r.opened_at", "r.ended_at"),
                held.of("held_cells", "cell", "r.cell", "r.opened_at", "r.ended_at"),
                held.of("held_areas", "area", "r.area", "r.opened_at", "r.ended_at"),
                held.of("held_officers", "officer", "r.officer", "r.opened_at", "r.ended_at"),
            ),
        ),
        Target(
            table="commands", time="made_at", children=(("replies", "command"),),
            ended="r.expires < $1 AND NOT EXISTS (SELECT FROM tasks k WHERE k.id = r.id)",
            held=held.device_held("r.device", "r.made_at"),
        ),
        Target(table="deliveries", time="made_at", ended="r.alert IS NULL AND r.ended_at < $1", held="false"),
    ),
}  # fmt: skip
"""Media also have files, see `ingest.store.media`; the audit record is never dropped."""


def old(target: Target) -> str:
    """Condition: the row is old, has ended, and is not held."""
    return f"r.{target.time} < $1 AND {target.ended} AND NOT {target.held}"
