"""Clock skew 时钟偏差, suspected fake track 轨迹疑似造假, wrong datum 坐标系疑似有误: from findings. Pure."""

from dataclasses import dataclass

import numpy as np

from alerts.life.facts import ClockSkew, FakeTrack, Found, WrongDatum
from alerts.life.model import Level
from alerts.officers.detector import CLEAR, NOTHING, Verdict, timestamp
from alerts.officers.situation import Subject, Subjects
from tracking.presence.fixes import Bool
from tracking.quality.model import FAKE, Finding, FindingKind

RECENT_MS = 3_600_000
"""A finding that ended longer ago opens no alert."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An alert based on findings of these kinds."""

    kind: str
    facts: type[Found]
    of: frozenset[FindingKind]
    level: Level
    passes: bool
    """Ends by itself when there are no further findings; else a person ends it."""
    by_track: bool = False

    def suspects(self, subjects: Subjects) -> Bool:
        """Members with a finding about their device."""
        suspects = {
            device
            for device, findings in subjects.findings.items()
            if any(finding.kind in self.of for finding in findings)
        }
        return np.asarray(subjects.active & np.isin(subjects.columns.device, list(suspects)))

    def judge(self, subject: Subject) -> Verdict:
        """The newest finding decides; without any left, the alert ends or is withdrawn."""
        findings = [finding for finding in subject.findings if finding.kind in self.of]
        if not findings:
            return CLEAR if self.passes else Verdict(refuted=True)
        newest = max(findings, key=lambda finding: (finding.until, finding.kind))
        if newest.until <= subject.now - RECENT_MS:
            return CLEAR if self.passes else NOTHING
        return Verdict(
            level=self.level,
            since=min(finding.since for finding in findings if finding.until > subject.now - RECENT_MS),
            facts=self.facts(finding=newest.kind.value, found=dict(newest.evidence), until=timestamp(newest.until)),
            evidence=_ends(newest),
        )


def _ends(finding: Finding) -> tuple[int, ...]:
    return tuple(sorted({finding.since, finding.until}))


clock_skew = Suspicion("clock_skew", ClockSkew, frozenset({FindingKind.CLOCK_SKEW}), Level.YELLOW, passes=True)
fake_track = Suspicion("fake_track", FakeTrack, FAKE, Level.ORANGE, passes=False)
wrong_datum = Suspicion("wrong_datum", WrongDatum, frozenset({FindingKind.WRONG_DATUM}), Level.YELLOW, passes=False)
