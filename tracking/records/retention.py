"""Retention of each class of data. Pure; times are ms since 1970-01-01 UTC.

A class has a *floor*: older data is refused. Data is deleted only when it is older than the floor by `GRACE_MS`, so
that the runs of accepted late fixes are complete.
"""

from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000
GRACE_MS = 2 * DAY_MS
NEVER = 0
"""Floor of a class from which nothing was ever deleted."""
LONGEST_BEHIND_MS = 366 * DAY_MS
"""Largest delay of accepted data, even if everything is kept for ever: a longer one means a wrong clock."""


class DataClass(StrEnum):
    """Classes of data, each with its own retention."""

    FIXES = "fixes"
    VISITS = "visits"
    HISTORY = "history"
    EVENTS = "events"
    MEDIA = "media"
    ALERTS = "alerts"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTerms:
    """Description of a class, and its shortest retention."""

    zh: str
    en: str
    least_days: int
    why: str
    """Reason of the default and of the minimum, in both languages."""


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
    """Age limits of accepted data of a class."""

    floor: int = NEVER
    """Older data is refused, since the data it belongs to was deleted."""
    back_ms: int = LONGEST_BEHIND_MS
    """Data that is older than this at receipt is refused, too."""

    def since(self, received: int) -> int:
        """Oldest time that is accepted at `received` (ms)."""
        return max(self.floor, received - self.back_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizons:
    """Limits for ingest."""

    fixes: Horizon = Horizon()
    events: Horizon = Horizon()


UNSET = Horizons()
"""For a city whose settings have not been read."""


def floor(days: int | None, now: int, before: int = NEVER) -> int:
    """Floor of a class kept for `days` (None: for ever); it never falls below the one `before`."""
    return before if days is None else max(before, now - days * DAY_MS)


def horizon(days: int | None, dropped: int) -> Horizon:
    """Limits of a class that is kept for `days` (None: for ever) with the floor `dropped`."""
    return Horizon(floor=dropped, back_ms=LONGEST_BEHIND_MS if days is None else days * DAY_MS)


def dropped_before(floor: int) -> int:
    """Data older than this is deleted unless held; `NEVER`: nothing is deleted."""
    return max(NEVER, floor - GRACE_MS)


def fault(wanted: dict[DataClass, int | None], cls: DataClass) -> str | None:
    """Why the retention `wanted` is not possible for a class; None if it is."""
    days, terms = wanted[cls], TERMS[cls]
    if cls is DataClass.AUDIT and days is not None:
        return "The audit record is one chain and is kept for ever; leave it unset. 审计记录整链保存，不可设期限。"
    if days is not None and days < terms.least_days:
        return f"{terms.en} ({terms.zh}): {terms.least_days} days at least 至少 {terms.least_days} 天 ({terms.why})."
    fixes, visits = (wanted[data_class] or 1 << 31 for data_class in (DataClass.FIXES, DataClass.VISITS))
    if cls in (DataClass.FIXES, DataClass.VISITS) and visits < fixes:
        return "Visits must be kept at least as long as fixes. 巡查记录的保存期不得短于轨迹。"
    return None
