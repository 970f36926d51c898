"""How long each class of data is kept. Pure; times are ms since 1970-01-01 UTC.

A class has a *floor*: what is older is not taken any more. What is dropped is older still, by `GRACE_MS`, so that the
runs of late fixes that are taken are whole.
"""

from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000
GRACE_MS = 2 * DAY_MS
NEVER = 0
"""Floor of a class of which nothing was ever dropped."""
LONGEST_BEHIND_MS = 366 * DAY_MS
"""Nothing is taken that comes so late, though all be kept for ever: nobody carries it so long, a clock is wrong."""


class DataClass(StrEnum):
    """What is kept for the same time."""

    FIXES = "fixes"
    VISITS = "visits"
    HISTORY = "history"
    EVENTS = "events"
    MEDIA = "media"
    ALERTS = "alerts"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTerms:
    """What a class is, and the least that may be set."""

    zh: str
    en: str
    least_days: int
    why: str
    """Reason of the default and of the least, in both languages."""


TERMS: dict[DataClass, ClassTerms] = {
    DataClass.FIXES: ClassTerms(
        zh="原始轨迹", en="raw fixes", least_days=30,
        why="行踪轨迹为敏感个人信息，仅保存必要时间 sensitive personal data: half a year, for complaints and reviews",
    ),
    DataClass.VISITS: ClassTerms(
        zh="巡查与停留", en="stays, visits, runs, findings", least_days=30,
        why="考核与复议 assessment and its review: three years; never shorter than fixes",
    ),
    DataClass.HISTORY: ClassTerms(
        zh="历史版本", en="earlier states, refusals", least_days=1,
        why="当时所见 what a screen showed at any moment: a quarter of a year",
    ),
    DataClass.EVENTS: ClassTerms(
        zh="执法事件", en="enforcement events", least_days=183,
        why="行政处罚法第三十六条最长追溯五年 the longest limitation of administrative penalties: five years",
    ),
    DataClass.MEDIA: ClassTerms(
        zh="音视频", en="media without a case", least_days=183,
        why="执法全过程记录至少六个月；涉案的随事件保存 at least six months; those of a case stay with their event",
    ),
    DataClass.ALERTS: ClassTerms(
        zh="告警与处置", en="alerts, steps, tasks, notifications", least_days=183,
        why="责任追溯 who was warned and what was done: three years",
    ),
    DataClass.AUDIT: ClassTerms(
        zh="审计记录", en="audit record", least_days=1096,
        why="个人信息保护法第五十六条至少三年；链式记录整体保存 at least three years by law; the chain is kept whole",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How old may be what is taken of a class."""

    floor: int = NEVER
    """Nothing older is taken any more: what belongs to it was dropped."""
    back_ms: int = LONGEST_BEHIND_MS
    """Nor what is older than this when it comes."""

    def since(self, received: int) -> int:
        """The oldest that is taken of what comes at `received` (ms)."""
        return max(self.floor, received - self.back_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizons:
    """Of what ingest takes."""

    fixes: Horizon = Horizon()
    events: Horizon = Horizon()


UNSET = Horizons()
"""For a city whose settings nobody read."""


def floor(days: int | None, now: int, before: int = NEVER) -> int:
    """Floor of a class kept for `days` (None: for ever); it never goes back behind the one `before`."""
    return before if days is None else max(before, now - days * DAY_MS)


def horizon(days: int | None, dropped: int) -> Horizon:
    """Of a class that is kept for `days` (None: for ever) and whose floor is `dropped`."""
    return Horizon(floor=dropped, back_ms=LONGEST_BEHIND_MS if days is None else days * DAY_MS)


def dropped_before(floor: int) -> int:
    """What is older than this is gone where nothing holds it; `NEVER` when nothing is."""
    return max(NEVER, floor - GRACE_MS)


def fault(wanted: dict[DataClass, int | None], cls: DataClass) -> str | None:
    """Why a class cannot be kept for what is `wanted` of it; None when it can."""
    days, terms = wanted[cls], TERMS[cls]
    if cls is DataClass.AUDIT and days is not None:
        return "The audit record is one chain and is kept for ever; leave it unset. 审计记录整链保存，不可设期限。"
    if days is not None and days < terms.least_days:
        return f"{terms.en} ({terms.zh}): {terms.least_days} days at least 至少 {terms.least_days} 天 ({terms.why})."
    fixes, visits = (wanted[cls] or 1 << 31 for cls in (DataClass.FIXES, DataClass.VISITS))
    if cls in (DataClass.FIXES, DataClass.VISITS) and visits < fixes:
        return "Visits must be kept at least as long as fixes. 巡查记录的保存期不得短于轨迹。"
    return None
