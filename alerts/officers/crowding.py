"""Crowding 扎堆: several officers of different beats stay together without a task. Pure."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from alerts.life.facts import Crowding, Ending
from alerts.life.model import Change, Level, OpenAlert, Step
from alerts.officers import state_machine
from alerts.officers.detector import Verdict
from alerts.officers.situation import FRESH_MS, Member, Subjects
from alerts.officers.thresholds import OfficerRule
from alerts.officers.tracks import BUCKET_MS, BUCKETS, KEPT_MS
from tracking.presence.fixes import Bool, Float

KIND = "crowding"
_MOSTLY = 0.8
"""Share of the time in which each must be seen near the others."""
_APART = 2.0
"""Multiple of the distance within which too few must remain for the alert to end."""
_STEP = 3
"""A minute of columns."""


def judge(subjects: Subjects, opened: Sequence[OpenAlert], closed: dict[str, int]) -> list[Change]:
    """Open one alert for each group, end those of dissolved groups. `closed`: first member → time of closing."""
    held = [alert for alert in opened if alert.kind == KIND]
    changes = [
        state_machine.ended(alert, Step.RESOLVED, subjects.now, Ending(why="over"))
        for alert in held
        if not _still(subjects, alert)
    ]
    named = {who for alert in held for who in _members(alert)}
    for group in _groups(subjects):
        since = _since(subjects, group)
        if since is None:
            continue
        keys = sorted(subjects.members[at].key for at in group)
        if len(named & set(keys)) < 2 and since > closed.get(keys[0], 0):
            changes.append(_opened(subjects, group, since))
    return changes


def _groups(subjects: Subjects) -> list[list[int]]:
    """Groups of enough members near each other, of different beats, each seen for most of the time."""
    if not len(subjects):
        return []
    at, places = _newest(subjects)
    rule = subjects.members[0].rule
    if len(at) < rule.crowd_officers:
        return []
    pairs = scipy.spatial.cKDTree(places).query_pairs(rule.crowd_m, output_type="ndarray")
    graph = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(at), len(at)))
    _, label = scipy.sparse.csgraph.connected_components(graph, directed=False)
    grouped = np.flatnonzero(np.bincount(label)[label] >= rule.crowd_officers)
    _, first = np.unique(label, return_index=True)
    hidden = grouped[~_mostly_seen(subjects, at[grouped], subjects.columns.rule[at[first[label[grouped]]]])]
    kept = grouped[~np.isin(label[grouped], label[hidden])]
    order = kept[np.argsort(label[kept], kind="stable")]
    parts = np.split(at[order], np.flatnonzero(np.diff(label[order])) + 1)
    groups = [part.tolist() for part in parts if len(part)]
    return [group for group in groups if _beats(subjects.members, group) >= rule.crowd_officers]


def _mostly_seen(subjects: Subjects, members: NDArray[np.intp], rule: NDArray[np.intp]) -> Bool:
    """Members seen in most minutes of the time in the rule of their group, given by its index."""
    mostly = np.zeros(len(members), np.bool_)
    for number in np.unique(rule).tolist():
        of_rule = np.flatnonzero(rule == number)
        _, _, seen = _minutes(subjects, members[of_rule], subjects.columns.rules[number])
        mostly[of_rule] = seen.mean(axis=1) >= _MOSTLY
    return mostly


def _newest(subjects: Subjects) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Members with a recent position and without a task, and the positions."""
    newest = subjects.newest
    at = np.flatnonzero(subjects.active & ~subjects.on_task & (newest > subjects.now - FRESH_MS))
    rows, columns = subjects.row[at], newest[at] // BUCKET_MS % BUCKETS
    tables = subjects.tracks.tables
    return at, np.column_stack([tables["x"][rows, columns], tables["y"][rows, columns]]).astype(np.float64)


def _beats(members: Sequence[Member], group: Sequence[int]) -> int:
    """Different beats; a member without a known beat has its own."""
    return len({_beat(members[at]) for at in group})


def _beat(member: Member) -> str:
    if member.shift is not None and member.own_beat:
        return f"area {member.shift.area}"
    return f"member {member.key}"


def _since(subjects: Subjects, group: Sequence[int]) -> int | None:
    """Start of being together; None: not for long enough."""
    rule = subjects.members[group[0]].rule
    rows, columns, seen = _minutes(subjects, np.array(group, dtype=np.intp), rule)
    places = (subjects.tracks.tables[axis][rows, columns].astype(np.float64) for axis in ("x", "y"))
    x, y = (np.where(seen, axis, np.nan) for axis in places)
    # Without fixes the centre is NaN, and nobody is near it.
    near = np.hypot(x - _middle(x, seen), y - _middle(y, seen)) <= rule.crowd_m
    if (near.mean(axis=1) < _MOSTLY).any():
        return None
    return int(subjects.tracks.t[rows, columns][seen].min())


def _minutes(
    subjects: Subjects, members: NDArray[np.intp], rule: OfficerRule
) -> tuple[NDArray[np.intp], NDArray[np.intp], Bool]:
    """Rows (n, 1) and columns (n, minutes) of the first fix of each minute, and whether it exists."""
    minutes = -(-rule.crowd_s // 60)
    rows = subjects.row[members][:, None]
    end = subjects.now // BUCKET_MS
    columns = np.arange(end - _STEP * minutes + 1, end + 1) % BUCKETS
    t = subjects.tracks.t[rows, columns]
    known = ((t > subjects.now - KEPT_MS) & (t <= subjects.now)).reshape(len(members), minutes, _STEP)
    first = np.argmax(known, axis=2)
    return rows, columns[_STEP * np.arange(minutes) + first], np.asarray(known.any(axis=2))


def _middle(values: Float, seen: Bool) -> Float:
    """Median of each column, ignoring NaN."""
    n = seen.sum(axis=0)
    # NaN is sorted last. np.nanmedian does the same with masked arrays, fifty times slower.
    ordered, column = np.sort(values, axis=0), np.arange(values.shape[1])
    return np.asarray((ordered[(n - 1) // 2, column] + ordered[n // 2, column]) / 2)


def _members(alert: OpenAlert) -> set[str]:
    return set(alert.facts.members) if isinstance(alert.facts, Crowding) else set()


def _still(subjects: Subjects, alert: OpenAlert) -> bool:
    """Whether enough of the group are still near each other."""
    wanted = _members(alert)
    at, places = _newest(subjects)
    mine = np.array([subjects.members[index].key in wanted for index in at.tolist()], dtype=np.bool_)
    if mine.sum() < 3 or not len(subjects):
        return False
    off = places[mine] - np.median(places[mine], axis=0)
    rule = subjects.members[0].rule
    return bool((np.hypot(off[:, 0], off[:, 1]) <= _APART * rule.crowd_m).sum() >= rule.crowd_officers)


def _opened(subjects: Subjects, group: Sequence[int], since: int) -> Change:
    members = sorted((subjects.members[at] for at in group), key=lambda member: member.key)
    first = members[0]
    verdict = Verdict(
        level=Level.YELLOW,
        since=since,
        facts=Crowding(
            members=[member.key for member in members],
            names=[state_machine.name_of(member) for member in members],
            together_s=(subjects.now - since) // 1000,
            within_m=round(first.rule.crowd_m),
        ),
    )
    return state_machine.opening(KIND, first, verdict, subjects.now)
