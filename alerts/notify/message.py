"""A message to a channel: one notice, or several as a digest, as text for people and JSON for systems. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alerts.life.model import KINDS

MOST_LINES = 20
"""Notices that a digest writes in full; the others are counted."""

_LEVELS = {"blue": "蓝", "yellow": "黄", "orange": "橙", "red": "红"}


class NotSentError(Exception):
    """The channel did not accept the message; the text says why, without address or secret."""

    def __init__(self, why: str, *, gone: bool = False) -> None:
        super().__init__(why)
        self.gone = gone
        """The channel will never accept messages and must be disabled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One step of one alert."""

    step: str
    n: int
    alert: dict[str, Any]
    """The alert as REST shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message to send; `id` stays the same in all retries."""

    id: str
    notices: Sequence[Notice]
    """Empty: a test."""

    @property
    def kind(self) -> str:
        """alert, digest or test."""
        return ("test", "alert")[len(self.notices)] if len(self.notices) < 2 else "digest"

    @property
    def title(self) -> str:
        """One line."""
        if not self.notices:
            return "patrolgrid 测试消息 / test message"
        if len(self.notices) > 1:
            return f"patrolgrid：{len(self.notices)} 条告警 / {len(self.notices)} alerts"
        alert = self.notices[0].alert
        kind = KINDS.get(alert["kind"])
        names = (kind.zh, kind.en) if kind else (alert["kind"], alert["kind"])
        return f"[{_LEVELS[alert['level']]}] {names[0]} / {names[1]}"

    @property
    def text(self) -> str:
        """The sentences."""
        if not self.notices:
            return "此渠道可以收到告警。\nThis channel receives alerts."
        lines = [f"{notice.alert['text_zh']}\n{notice.alert['text_en']}" for notice in self.notices[:MOST_LINES]]
        more = len(self.notices) - MOST_LINES
        return "\n\n".join(lines + ([f"另有 {more} 条 / and {more} more"] if more > 0 else []))

    def body(self) -> dict[str, Any]:
        """The body for systems."""
        notices = [{"step": notice.step, "n": notice.n, "alert": notice.alert} for notice in self.notices]
        return {"id": self.id, "kind": self.kind, "notices": notices}
