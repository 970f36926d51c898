"""Why an alert is: one sentence in Chinese and one in English, with the numbers it was decided on. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.life.model import ENDED, GAP, UNDERSTAFFED
from alerts.officers import texts as officers
from tracking.presence import reasons

Facts = Mapping[str, Any]
Pair = tuple[str, str]
Clock = Callable[[str], str]
"""RFC 3339 to the city's wall clock; with the day where it is not the day of the alert."""

_WITHDRAWN: dict[str, Pair] = {
    "cell_ended": ("该单元网格已不再有效", "the cell is no longer in force"),
    "basis_changed": ("所依据的记录已被后到的数据更正", "late data corrected the record it was based on"),
}


def explain(kind: str, state: str, level: str, facts: Facts, *, at: datetime, zone: ZoneInfo) -> Pair:
    """Say why.

    Args:
        kind: kind of the alert.
        state: open, resolved, withdrawn or closed.
        level: blue, yellow, orange or red.
        facts: as stored with the alert.
        at: when the alert last changed.
        zone: the city's time zone.

    Returns:
        The Chinese and the English sentence.
    """

    def clock(text: str) -> str:
        local = datetime.fromisoformat(text).astimezone(zone)
        return local.strftime("%H:%M" if local.date() == at.astimezone(zone).date() else "%m-%d %H:%M")

    if kind in officers.KINDS:
        return officers.explain(kind, state, facts, clock)
    if kind == UNDERSTAFFED:
        return _understaffed(state, facts)
    if kind != GAP:
        return kind, kind
    if state == "withdrawn":
        return _withdrawn(facts, clock)
    if state == "resolved":
        return _resolved(facts, clock)
    return _gap(level, facts, clock)


def _gap(level: str, facts: Facts, clock: Clock) -> Pair:
    """An open gap: 小金口-07 最后有效巡查 13:05，限 90 分钟；最近空闲队员 9 分钟可达，余量 −4 分钟."""
    name, limit = facts["name"], _minutes(facts["limit_s"])
    since, due = clock(facts["gap_since"]), clock(facts["due"])
    if facts["visited"]:
        zh, en = f"{name} 最后有效巡查 {since}，", f"{name} was last validly visited at {since}, "
    else:
        zh, en = (
            f"{name} 自 {since} 有数据以来无有效巡查，",
            f"{name} has had no valid visit since data began at {since}, ",
        )
    zh, en = f"{zh}限 {limit} 分钟", f"{en}limit {limit} min"
    if level == "red":
        zh, en = f"{zh}，{due} 起超期", f"{en}, overdue since {due}"
    officer_zh, officer_en = _officer(level, facts)
    return f"{zh}；{officer_zh}", f"{en}; {officer_en}"


def _officer(level: str, facts: Facts) -> Pair:
    if facts["arrival_s"] is None:
        return "目前无空闲队员可派", "no free officer can be sent now"
    arrival = _minutes(facts["arrival_s"])
    zh, en = f"最近空闲队员 {arrival} 分钟可达", f"the nearest free officer is {arrival} min away"
    if level == "red":
        return zh, en
    slack = _minutes(facts["slack_s"])
    return f"{zh}，余量 {slack} 分钟", f"{en}, slack {slack} min"


def _resolved(facts: Facts, clock: Clock) -> Pair:
    name, visit = facts["name"], clock(facts["visit_in"])
    if facts["in_time"]:
        return f"{name} {visit} 开始有效巡查，未超期", f"{name} was validly visited from {visit}, within its limit"
    due = clock(facts["due"])
    return (
        f"{name} {visit} 开始有效巡查，应于 {due} 前，已超期",
        f"{name} was validly visited from {visit}, after its limit at {due}",
    )


def _withdrawn(facts: Facts, clock: Clock) -> Pair:
    name = facts["name"]
    reason = None if facts.get("reason") is None else reasons.told(facts["reason"], clock)
    if facts["why"] in _WITHDRAWN:
        zh, en = _WITHDRAWN[facts["why"]]
        zh, en = (zh, en) if reason is None else (f"{zh}：{reason[0]}", f"{en}: {reason[1]}")
    else:
        visit, (by_zh, by_en) = clock(facts["visit_in"]), reason or ("后到的数据", "late data")
        zh, en = f"{by_zh}表明 {visit} 已开始有效巡查", f"{by_en} shows a valid visit from {visit}"
    return f"{name} 预警撤回：{zh}", f"{name}: withdrawn, {en}"


def _understaffed(state: str, facts: Facts) -> Pair:
    name, cells, officers = facts["name"], facts["cells"], facts["officers"]
    zh = f"{name} 一小时内 {cells} 个单元网格到期，约需 {facts['need_min']} 分钟"
    en = f"in {name}, {cells} cells fall due within the hour and take about {facts['need_min']} min"
    if state in ENDED:
        return f"{name} 人手缺口已解除：{zh}", f"no longer short of officers: {en}"
    have = facts["have_min"]
    return (
        f"{zh}，可用队员 {officers} 名共 {have} 分钟：人手不足",
        f"{en}; {officers} free officers have {have} min: too few",
    )


def _minutes(seconds: int) -> str:
    """Whole minutes, towards the worse: less is promised and more is asked than there is. A true minus sign."""
    return str(seconds // 60).replace("-", "−")
