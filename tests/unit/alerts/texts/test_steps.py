"""The life of an alert as sentences, in both languages."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alerts.life import step_facts
from alerts.life.model import SYSTEM, Step
from alerts.texts import steps
from alerts.texts.catalogue import Pair

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 2, 2, 0, 30, 5, tzinfo=UTC)
FACTS = {
    "reason": "巡逻车坏了", "text": "see the log", "device": "cam-1", "until": "2026-02-02T01:00:00Z", "escalation": 1,
    "to": ["li"],
}  # fmt: skip


def tell(step: str, actor: str = "zhang", level: str = "orange", facts: Mapping[str, object] | None = None) -> Pair:
    """What is told of a step."""
    return steps.step_sentences(step, level, actor, step_facts.of_step(facts or {}), at=AT, zone=ZONE)


@pytest.mark.parametrize("step", list(Step))
def test_every_step_is_a_sentence_in_both_languages(step: Step) -> None:
    """It begins with the time on the city's clock and leaves no place open."""
    zh, en = tell(step.value, facts=FACTS)
    assert zh.startswith("02-02 08:30:05 ")
    assert en.startswith("02-02 08:30:05 ")
    assert any("一" <= sign <= "鿿" for sign in zh.replace("巡逻车坏了", ""))
    assert step.value not in zh
    assert "{" not in zh + en


@pytest.mark.parametrize(
    ("step", "actor", "facts", "zh", "en"),
    [
        ("raised", SYSTEM, {}, "升为橙色", "raised to orange"),
        ("snoozed", "zhang", {"until": "2026-02-02T01:00:00Z", "reason": "x"},
         "zhang 暂缓至 02-02 09:00：x", "zhang snoozed it until 02-02 09:00: x"),
        ("escalated", SYSTEM, {"escalation": 1, "to": ["li", "wu"]},
         "逾期无人处理，升级至第 2 级 li、wu", "no action in time: escalated to li, wu (level 2)"),
        ("escalated", SYSTEM, {"escalation": 0, "to": None},
         "逾期无人处理，升级，但无人值班", "no action in time: escalated, but nobody is on duty"),
        ("escalated", "zhang", {"escalation": 0, "to": ["li"], "reason": "x"},
         "zhang 升级至第 1 级 li：x", "zhang: escalated to li (level 1): x"),
        ("refused", "cam-1", {"reason": "x"}, "cam-1 拒绝任务：x", "cam-1 refused the order: x"),
        ("refused", "cam-1", {}, "cam-1 拒绝任务", "cam-1 refused the order"),
        ("expired", SYSTEM, {"device": "cam-1", "reason": "arrive"},
         "cam-1 未在时限内到达，重新待派", "cam-1 did not arrive in time: open again"),
        ("expired", SYSTEM, {"device": "cam-1"},
         "cam-1 未完成任务，重新待派", "cam-1 did not finish the order: open again"),
    ],
)  # fmt: skip
def test_who_did_what_and_why(step: str, actor: str, facts: dict[str, object], zh: str, en: str) -> None:
    """People, devices and reasons stand where they belong."""
    assert tell(step, actor, facts=facts) == (f"02-02 08:30:05 {zh}", f"02-02 08:30:05 {en}")
