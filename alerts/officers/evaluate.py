"""All alerts about officers at one moment. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from alerts.life.model import OPENING, Change, OpenAlert
from alerts.officers import (
    accuracy,
    arrival,
    away,
    battery,
    contact,
    crowding,
    deaf,
    doubles,
    riding,
    standing,
    state_machine,
    steps,
    suspicion,
)
from alerts.officers.detector import Detector
from alerts.officers.situation import Subjects
from tracking.city.people import Sign

DETECTORS: tuple[Detector, ...] = (
    arrival, away.left_post, away.out_of_area, standing, contact,
    battery, accuracy, riding,
    suspicion.clock_skew, suspicion.fake_track, suspicion.wrong_datum,
)  # fmt: skip
KINDS = frozenset(
    {detector.kind for detector in DETECTORS} | set(steps.KINDS) | {doubles.KIND, crowding.KIND, deaf.KIND}
)
"""All kinds decided here."""
_NEED_PLACES = frozenset({arrival.kind, contact.kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """Alerts, events and sign-ins from the database."""

    happenings: Sequence[steps.AlertEvent]
    signs: Sequence[Sign]
    opened: Sequence[OpenAlert]
    """Open alerts of any kind."""
    closed: Sequence[state_machine.Closed]
    known: Collection[str]
    """Keys of all alerts of single events ever opened."""
    deaf_ended: int | None = None
    """End of the last alert of no data, ms."""


def evaluate(subjects: Subjects, seen: StoredState) -> list[Change]:
    """Decide what changes."""
    opened = [alert for alert in seen.opened if alert.kind in KINDS]
    changes, nobody_is_lost = deaf.judge(subjects, opened)
    if seen.deaf_ended is not None and subjects.now - seen.deaf_ended < deaf.AFTER_MS:
        nobody_is_lost = True
    known = state_machine.by_subject(opened, seen.closed)
    closed = {kind: {who: at for (of, who), at in known.closed.items() if of == kind} for kind in KINDS}
    judged = state_machine.run(subjects, DETECTORS, known, quiet=_NEED_PLACES if nobody_is_lost else frozenset())
    changes += [change for change in judged if not _covered_by_absence(change, known)]
    changes += steps.judge(subjects, seen.happenings, opened, seen.known)
    changes += doubles.judge(subjects.now, seen.signs, subjects.members, opened, closed[doubles.KIND])
    return changes + crowding.judge(subjects, opened, closed[crowding.KIND])


def _covered_by_absence(change: Change, known: state_machine.Standing) -> bool:
    """An officer who has not arrived has not left the post, too."""
    away_from = change.kind in (away.left_post.kind, away.out_of_area.kind)
    return away_from and change.step in OPENING and (arrival.kind, state_machine.who_of(change)) in known.held
