"""Double sign-in 重复签到: one officer signed in on two devices at once. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.life.facts import DoubleSignIn, Ending
from alerts.life.model import Change, Level, OpenAlert, Step
from alerts.officers import state_machine
from alerts.officers.detector import Verdict, timestamp
from alerts.officers.situation import Member
from tracking.city.people import Sign

KIND = "double_sign_in"
GRACE_MS = 60_000
"""Longest overlap during a hand-over of devices."""
LONGEST_MS = 16 * 3_600_000
"""Longest session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPeriod:
    """An officer signed in on a device."""

    device: int
    badge: str
    start: int
    end: int
    """ms, not included."""


def sessions(signs: Iterable[Sign]) -> list[SignedInPeriod]:
    """Sessions from sign-ins in any order: each ends with the next sign-in or sign-out on its device."""
    closed: list[SignedInPeriod] = []
    ordered = sorted(set(signs), key=lambda sign: (sign.device, sign.t, sign.badge or ""))
    for at, sign in enumerate(ordered):
        if sign.badge is None:
            continue
        end = sign.t + LONGEST_MS
        if at + 1 < len(ordered) and ordered[at + 1].device == sign.device:
            end = min(end, ordered[at + 1].t)
        closed.append(SignedInPeriod(device=sign.device, badge=sign.badge, start=sign.t, end=end))
    return closed


def overlap(periods: Sequence[SignedInPeriod], now: int) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Badge → start and devices of a multiple sign-in at `now`."""
    going_on: dict[str, list[SignedInPeriod]] = {}
    for session in periods:
        if session.start <= now < session.end:
            going_on.setdefault(session.badge, []).append(session)
    doubles = {}
    for badge, of_badge in going_on.items():
        devices = sorted({session.device for session in of_badge})
        since = sorted(session.start for session in of_badge)[1] if len(devices) > 1 else now
        if len(devices) > 1 and now - since >= GRACE_MS:
            doubles[badge] = (since, tuple(devices))
    return doubles


def judge(
    now: int, signs: Iterable[Sign], members: Sequence[Member], opened: Sequence[OpenAlert], closed: dict[str, int]
) -> list[Change]:
    """Open on an overlap, end without one, withdraw if by all known data there was none.

    Args:
        now: the moment.
        signs: sign-ins and sign-outs of the last day.
        members: possible subjects.
        opened: open alerts.
        closed: badge → time at which a person closed its last alert.
    """
    periods = sessions(signs)
    doubles = overlap(periods, now)
    held = {state_machine.who_of(alert): alert for alert in opened if alert.kind == KIND}
    changes = []
    for who, alert in sorted(held.items()):
        if who not in doubles:
            stood = who in overlap(periods, alert.opened_at)
            step, why = (Step.RESOLVED, "over") if stood else (Step.WITHDRAWN, "late_data")
            changes.append(state_machine.ended(alert, step, now, Ending(why=why)))
    if not doubles:
        return changes
    names = {member.device: member.device_name for member in members if member.device is not None}
    of = {member.officer.badge: member for member in members if member.officer is not None}
    for badge, (since, devices) in sorted(doubles.items()):
        if badge in of and badge not in held and since > closed.get(badge, 0):
            changes.append(_opened(now, of[badge], since, [names.get(device) or str(device) for device in devices]))
    return changes


def _opened(now: int, member: Member, since: int, devices: list[str]) -> Change:
    verdict = Verdict(level=Level.ORANGE, since=since, facts=DoubleSignIn(devices=devices, signed_in=timestamp(since)))
    return state_machine.opening(KIND, member, verdict, now)
