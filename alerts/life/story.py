"""The life of an alert as sentences: who did what, when and why, in Chinese and English. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.life.model import SYSTEM

Facts = Mapping[str, Any]
Pair = tuple[str, str]

_LEVELS: dict[str, Pair] = {
    "blue": ("蓝色", "blue"),
    "yellow": ("黄色", "yellow"),
    "orange": ("橙色", "orange"),
    "red": ("红色", "red"),
}
_PLAIN: dict[str, Pair] = {
    "opened": ("{level}告警产生", "opened ({level})"),
    "reopened": ("结束依据不再成立，告警重新打开（{level}）", "what had ended it does not hold: open again ({level})"),
    "raised": ("升为{level}", "raised to {level}"),
    "lowered": ("降为{level}", "lowered to {level}"),
    "resolved": ("事实已解除告警", "the facts ended it"),
    "withdrawn": ("后到的数据表明无需告警，已撤回", "withdrawn: late data showed there was nothing to tell"),
    "acknowledged": ("{actor} 已确认", "{actor} acknowledged it"),
    "noted": ("{actor} 备注：{text}", "{actor} noted: {text}"),
    "closed": ("{actor} 手动关闭：{reason}", "{actor} closed it: {reason}"),
    "woken": ("暂缓到期，重新提醒", "the snooze is over"),
    "assigned": ("{actor} 派 {device} 前往", "{actor} sent {device}"),
    "snoozed": ("{actor} 暂缓至 {until}：{reason}", "{actor} snoozed it until {until}: {reason}"),
    "accepted": ("{device} 已接受任务", "{device} accepted the order"),
    "arrived": ("{device} 已到达", "{device} arrived"),
    "done": ("{device} 报告完成", "{device} reported it done"),
}


def tell(step: str, level: str, actor: str, facts: Facts, *, at: datetime, zone: ZoneInfo) -> Pair:
    """Say what a step was.

    Args:
        step: what happened.
        level: level of the alert after it.
        actor: who took it.
        facts: of the step.
        at: when.
        zone: the city's time zone.

    Returns:
        The Chinese and the English sentence, each beginning with the time on the city's wall clock.
    """
    zh, en = _TOLD.get(step, _plain)(step, level, actor, facts, zone)
    clock = at.astimezone(zone).strftime("%m-%d %H:%M:%S")
    return f"{clock} {zh}", f"{clock} {en}"


def _plain(step: str, level: str, actor: str, facts: Facts, zone: ZoneInfo) -> Pair:
    zh, en = _PLAIN.get(step, (step, step))
    until = facts.get("until")
    values = {
        "actor": actor,
        "device": facts.get("device", actor),
        "reason": facts.get("reason", ""),
        "text": facts.get("text", ""),
        "until": datetime.fromisoformat(until).astimezone(zone).strftime("%m-%d %H:%M") if until else "",
    }
    zh_level, en_level = _LEVELS[level]
    return zh.format(level=zh_level, **values), en.format(level=en_level, **values)


def _escalated(_step: str, _level: str, actor: str, facts: Facts, _zone: ZoneInfo) -> Pair:
    to = facts.get("to") or []
    zh = f"转给第 {facts['escalation'] + 1} 级 {'、'.join(to)}" if to else "升级，但值班表上无人"
    en = f"went on to {', '.join(to)} (level {facts['escalation'] + 1})" if to else "escalated, but nobody is on duty"
    if actor == SYSTEM:
        return f"无人处理，{zh}", f"nobody acted in time: {en}"
    return f"{actor} {zh}：{facts.get('reason', '')}", f"{actor}: {en}: {facts.get('reason', '')}"


def _given_back(step: str, _level: str, actor: str, facts: Facts, _zone: ZoneInfo) -> Pair:
    device, why = facts.get("device", actor), facts.get("reason")
    if step == "refused":
        zh, en = f"{device} 拒绝任务", f"{device} refused the order"
        return (f"{zh}：{why}", f"{en}: {why}") if why else (zh, en)
    late = {
        "answer": ("未在时限内答复", "did not answer in time"),
        "arrive": ("未在时限内到达", "did not arrive in time"),
        "visit": ("到达后未形成有效巡查", "was there without a valid visit"),
    }
    zh, en = late.get(str(why), ("未完成任务", "did not finish the order"))
    return f"{device} {zh}，重新待派", f"{device} {en}: open again"


_TOLD: dict[str, Callable[[str, str, str, Facts, ZoneInfo], Pair]] = {
    "escalated": _escalated,
    "refused": _given_back,
    "expired": _given_back,
}
