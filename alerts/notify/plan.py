"""Decides which deliveries of a channel are sent now, later or never. Pure; times are ms since 1970-01-01 UTC."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from runtime import times

HOUR = 3_600_000
BACKOFF_MS = (5_000, 15_000, 60_000, 300_000, 900_000, 1_800_000, HOUR)
"""Waits before the second, third, … attempt; after the last one the message has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTerms:
    """Settings of a channel."""

    id: int
    repeatable: bool
    """Messages carry their id, so duplicates are recognised: a message with an unknown result may be sent again."""
    quiet: tuple[time, time] | None
    """Local times between which only urgent messages are sent."""
    per_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery that is due, or was being sent by a lost worker."""

    id: int
    key: str
    urgent: bool
    needed: bool
    """Still needs an action."""
    sending: bool
    """Its result is unknown."""
    message: str | None = None
    """Earlier message with it."""


@dataclass(slots=True, kw_only=True)
class DeliveryPlan:
    """What to do with each row, by id."""

    send: list[int] = field(default_factory=list)
    message: str = ""
    """Id of their message."""
    later: list[int] = field(default_factory=list)
    due: int = 0
    """When they are due again."""
    why: str = ""
    needless: list[int] = field(default_factory=list)
    unsure: list[int] = field(default_factory=list)


def plan(
    channel: ChannelTerms, rows: Sequence[Delivery], sent: Sequence[int], now: int, zone: ZoneInfo
) -> DeliveryPlan:
    """Decide; rows not named wait for the next pass.

    Args:
        channel: its settings.
        rows: due deliveries, the oldest first.
        sent: times of the messages of the last hour to the same person, the oldest first.
        now: the moment.
        zone: the city's time zone.
    """
    plan = DeliveryPlan()
    fresh = [row for row in rows if row.message is None and not row.sending]
    again = [row for row in rows if row.message is not None or row.sending]
    if not channel.repeatable:
        plan.unsure = [row.id for row in again if row.sending]
        again = [row for row in again if not row.sending]
    plan.needless = [row.id for row in fresh if not row.needed]
    fresh = [row for row in fresh if row.needed]
    first = [row for row in fresh if row.urgent]
    if first:
        return _send(plan, first)
    if again:
        # Unchanged, with the same id and content.
        message = again[0].message or again[0].key
        plan.send, plan.message = [row.id for row in again if (row.message or row.key) == message], message
        return plan
    due, why = _wait(channel, sent, now, zone)
    if fresh and due is not None:
        plan.later, plan.due, plan.why = [row.id for row in fresh], due, why
        return plan
    return _send(plan, fresh)


def _send(plan: DeliveryPlan, rows: Sequence[Delivery]) -> DeliveryPlan:
    plan.send, plan.message = [row.id for row in rows], rows[0].key if rows else ""
    return plan


def _wait(channel: ChannelTerms, sent: Sequence[int], now: int, zone: ZoneInfo) -> tuple[int | None, str]:
    """End of the quiet hours, if it is quiet now; else None."""
    until = quiet_until(channel.quiet, now, zone)
    if until is not None:
        return until, "quiet hours"
    if len(sent) >= channel.per_hour:
        return sent[len(sent) - channel.per_hour] + HOUR, "limit of messages an hour"
    return None, ""


def quiet_until(quiet: tuple[time, time] | None, now: int, zone: ZoneInfo) -> int | None:
    """End of the quiet hours that contain `now`; they may span midnight."""
    if quiet is None or quiet[0] == quiet[1]:
        return None
    local = times.moment(now).astimezone(zone)
    start, end = quiet
    clock = local.time()
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if start > end and clock >= start else 0)
    return times.millis(datetime.combine(day, end, zone))


def digest_due(at: int, minutes: int) -> int:
    """Time of sending for an arrival at `at`: the end of its digest window, or at once without one."""
    return at if minutes <= 0 else -(-at // (minutes * 60_000)) * minutes * 60_000


def next_try(tries: int, now: int) -> int | None:
    """Time of the next attempt after `tries`; None: failed."""
    return now + BACKOFF_MS[tries - 1] if tries <= len(BACKOFF_MS) else None
