"""The sentence that explains an alert."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.life import facts as kept
from alerts.texts import explain

LAST = "小金口-07 had its last valid visit at"
ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 2, 2, 6, 30, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "cell": "441302010001007",
    "name": "小金口-07",
    "gap_since": "2026-02-02T05:05:00.000Z",
    "visited": True,
    "due": "2026-02-02T06:35:00.000Z",
    "idle_s": 5100,
    "limit_s": 5400,
    "dwell_s": 180,
    "officer": "xjk-03",
    "arrival_s": 540,
    "slack_s": -240,
    "rule": 1,
}


def _said(state: str = "open", level: str = "orange", kind: str = "coverage_gap", **facts: object) -> tuple[str, str]:
    return explain.explain(kind, state, level, kept.facts_of(kind, {**FACTS, **facts}), at=AT, zone=ZONE)


def test_explain_gives_the_numbers_of_a_warning() -> None:
    """The example of the specification, in both languages and the city's time."""
    assert _said() == (
        "小金口-07 最后有效巡查 13:05，限 90 分钟；最近空闲队员 9 分钟可达，余量 −4 分钟",
        f"{LAST} 13:05, limit 90 min; the nearest free officer is 9 min away, slack −4 min",
    )


CORRECTED = "小金口-07: withdrawn, late data corrected the record it was based on"
LATE = {"kind": "late", "device": "cam-7", "received": "2026-02-02T06:32:00.000Z"}


@pytest.mark.parametrize(
    ("facts", "zh", "en"),
    [
        (
            {"visited": False, "arrival_s": None, "slack_s": None},
            "小金口-07 自 13:05 有数据以来没有有效巡查，限 90 分钟；目前没有空闲队员",
            "小金口-07 has had no valid visit since data began at 13:05, limit 90 min; no officer is free now",
        ),
        (
            {"level": "red"},
            "小金口-07 最后有效巡查 13:05，限 90 分钟，14:35 起超时；最近空闲队员 9 分钟可达",
            f"{LAST} 13:05, limit 90 min, overdue since 14:35; the nearest free officer is 9 min away",
        ),
        (
            {"gap_since": "2026-02-01T09:05:00.000Z"},
            "小金口-07 最后有效巡查 02-01 17:05，限 90 分钟；最近空闲队员 9 分钟可达，余量 −4 分钟",
            f"{LAST} 02-01 17:05, limit 90 min; the nearest free officer is 9 min away, slack −4 min",
        ),
        (
            {"state": "resolved", "in_time": True, "visit_in": "2026-02-02T06:20:00.000Z"},
            "小金口-07 14:20 开始有效巡查，未超时",
            "小金口-07 had a valid visit from 14:20, within its limit",
        ),
        (
            {"state": "resolved", "in_time": False, "visit_in": "2026-02-02T06:50:00.000Z"},
            "小金口-07 14:50 开始有效巡查，应于 14:35 前，已超时",
            "小金口-07 had a valid visit from 14:50, after its limit at 14:35",
        ),
        (
            {"state": "withdrawn", "why": "late_data", "visit_in": "2026-02-02T06:20:00.000Z"},
            "小金口-07 告警撤回：后到的数据表明 14:20 已开始有效巡查",
            "小金口-07: withdrawn, late data shows a valid visit from 14:20",
        ),
        (
            {"state": "withdrawn", "why": "late_data", "visit_in": "2026-02-02T06:20:00.000Z", "reason": LATE},
            "小金口-07 告警撤回：14:32 收到的终端 cam-7 的补传数据表明 14:20 已开始有效巡查",
            "小金口-07: withdrawn, buffered data of device cam-7 received 14:32 shows a valid visit from 14:20",
        ),
        (
            {"state": "withdrawn", "why": "basis_changed", "reason": LATE},
            "小金口-07 告警撤回：所依据的记录已被后到的数据更正：14:32 收到的终端 cam-7 的补传数据",
            f"{CORRECTED}: buffered data of device cam-7 received 14:32",
        ),
        (
            {"state": "withdrawn", "why": "cell_ended"},
            "小金口-07 告警撤回：该单元网格已不再有效",
            "小金口-07: withdrawn, the cell is no longer in force",
        ),
        (
            {"state": "withdrawn", "why": "basis_changed"},
            "小金口-07 告警撤回：所依据的记录已被后到的数据更正",
            CORRECTED,
        ),
    ],
)
def test_explain_says_why_in_each_state(facts: dict[str, Any], zh: str, en: str) -> None:
    """Overdue, never visited, on another day, ended and withdrawn each have their sentence."""
    assert _said(**facts) == (zh, en)


STREET = kept.Understaffed(street="441302010", name="水口街道", cells=40, need_min=320, officers=3, have_min=180)


def test_explain_speaks_of_a_street_short_of_officers() -> None:
    """Need and means are both said."""
    assert explain.explain("understaffed", "open", "orange", STREET, at=AT, zone=ZONE) == (
        "水口街道 一小时内 40 个单元网格到期，约需 320 分钟，可用队员 3 名共 180 分钟：人手不足",
        (
            "in 水口街道, 40 cells fall due within the hour and take about 320 min; "
            "3 free officers have 180 min: too few officers"
        ),
    )
    zh, en = explain.explain("understaffed", "resolved", "orange", STREET, at=AT, zone=ZONE)
    assert zh.startswith("水口街道 人手缺口已解除")
    assert en.startswith("enough officers again in 水口街道")
