"""Left post 离岗 and out of area 越界: surely outside for some time. Pure."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alerts.life import facts
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, NOTHING, Verdict, duration_ms, evidence, ongoing, timestamp
from alerts.officers.situation import FRESH_MS, Member, Subject, Subjects, inside, outside
from alerts.officers.tracks import KEPT_MS, Table
from tracking.presence.fixes import Bool


@dataclass(frozen=True, slots=True)
class AwayDetector:
    """One of the two kinds, which differ in area, margin and times."""

    kind: str
    table: Literal["beat", "team"]
    by_track: bool = True

    def suspects(self, subjects: Subjects) -> Bool:
        """Officers whose newest recent position is not inside."""
        concerned = subjects.columns.has_area if self.table == "team" else subjects.columns.own_beat
        candidates = concerned & subjects.active & ~subjects.on_task
        if not candidates.any():
            return candidates
        lately = subjects.lately(FRESH_MS)
        depth, acc = lately.table(self.table), lately.table("acc")
        gone = lately.newest(outside(depth, acc, self._margin(None))) > lately.newest(inside(depth, acc))
        return np.asarray(candidates & subjects.by_member(gone, absent=False))

    def judge(self, subject: Subject) -> Verdict:
        """Outside for long enough by enough fixes; ends when inside again for long enough."""
        if not self._concerns(subject.member):
            return CLEAR
        if not subject.fresh:
            return NOTHING
        shift, rule, margin = subject.member.shift, subject.rule, self._margin(subject.member)
        trail = subject.trail if shift is None else subject.trail.since(shift.starts - rule.early_s * 1000)
        depth: Table = trail.beat if self.table == "beat" else trail.team
        within, without = inside(depth, trail.acc, margin), outside(depth, trail.acc, margin)
        if shift is not None:
            if shift.starts > subject.now - KEPT_MS and not within.any():
                return NOTHING  # not arrived, which has its own alert
            without &= trail.t >= shift.starts
        back = ongoing(trail, within, ~within)
        if duration_ms(back) >= rule.present_s * 1000:
            return CLEAR
        gone = ongoing(trail, without, within)
        if duration_ms(gone) < self._least_s(subject) * 1000 or len(gone) < rule.outside_fixes:
            return NOTHING
        deep = gone.beat if self.table == "beat" else gone.team
        return Verdict(
            level=self._level(subject, duration_ms(gone)),
            since=int(gone.t[0]),
            facts=facts.Away(
                left=timestamp(int(gone.t[0])),
                away_s=duration_ms(gone) // 1000,
                away_m=round(-float(deep[-1])),
                farthest_m=round(-float(np.nanmin(deep))),
                fixes=len(gone),
            ),
            evidence=evidence(gone),
        )

    def _concerns(self, member: Member) -> bool:
        """If the post is the whole area of the unit, only leaving the area counts."""
        if self.table == "team":
            return member.area is not None
        return member.shift is not None and member.own_beat

    def _margin(self, member: Member | None) -> float:
        if self.table == "team":
            return 0.0
        return 0.0 if member is None else member.rule.buffer_m

    def _least_s(self, subject: Subject) -> int:
        return subject.rule.outside_s if self.table == "team" else subject.rule.away_s

    def _level(self, subject: Subject, away_ms: int) -> Level:
        if away_ms >= subject.rule.away_alarm_s * 1000:
            return Level.RED
        return Level.ORANGE if away_ms >= subject.rule.away_s * 1000 else Level.YELLOW


left_post = AwayDetector("left_post", "beat")
out_of_area = AwayDetector("out_of_area", "team")
