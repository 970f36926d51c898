"""The sentences of the alerts about officers: for every kind, in both languages, with the numbers."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.life import facts as kept
from alerts.life.model import KINDS
from alerts.officers import evaluate
from alerts.texts import explain

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 2, 2, 9, 0, tzinfo=ZONE)
EIGHT = "2026-02-02T00:00:00.000Z"

WHO = {"who": "B1", "name": "王伟", "badge": "B1", "device": "cam-1", "unit": "team", "since": EIGHT, "rule": 0}
CASES: dict[str, dict[str, Any]] = {
    "not_arrived": {"shift_starts": EIGHT, "late_s": 725, "away_m": 800, "seen": EIGHT},
    "left_post": {"left": EIGHT, "away_s": 725, "away_m": 130, "fixes": 9},
    "out_of_area": {"left": EIGHT, "away_s": 725, "away_m": 130, "fixes": 9},
    "overlong_stay": {"stood_since": EIGHT, "stood_s": 1_300, "radius_m": 12, "fixes": 50},
    "lost_contact": {"cause": "link_lost", "last_fix": EIGHT, "last_heard": EIGHT, "silent_s": 320, "battery": 61.4},
    "low_battery": {"battery": 12, "shift_ends": EIGHT, "left_s": 7_200},
    "poor_accuracy": {"median_m": 71, "limit_m": 50, "over_s": 300},
    "riding": {"share": 0.61, "limit_kmh": 15.0, "observed_s": 1_700, "began": EIGHT},
    "clock_skew": {"finding": "clock_skew", "found": {"skew_s": -95, "n": 40}, "until": EIGHT},
    "fake_track": {"finding": "identical", "found": {"n": 14}, "until": EIGHT},
    "wrong_datum": {"found": {"set": "wgs84", "fits": "gcj02", "shifts": 3, "off_m": 570, "off_fits_m": 12}},
    "single_officer": {"at": EIGHT, "case": "案-1", "nearest_m": 340},
    "recorder_off": {"at": EIGHT, "type": "05.01", "case": None},
    "sos": {"at": EIGHT},
    "crowding": {"names": ["王伟", "李静", "张磊"], "together_s": 1_000, "within_m": 30},
    "double_sign_in": {"devices": ["cam-1", "cam-2"], "signed_in": EIGHT},
    "deaf": {"everybody": True, "heard": EIGHT, "officers": 40, "silent": 40},
}


def _of(kind: str, facts: dict[str, Any], **more: Any) -> kept.Facts:
    return kept.facts_of(kind, {**WHO, **facts, **more})


def test_every_kind_has_its_sentence_and_its_name() -> None:
    """No kind is decided that could not be explained."""
    assert CASES.keys() == evaluate.KINDS
    assert KINDS.keys() >= evaluate.KINDS


@pytest.mark.parametrize("kind", sorted(CASES))
@pytest.mark.parametrize("state", ["open", "resolved", "withdrawn", "closed"])
def test_explain_is_one_sentence_with_the_numbers(kind: str, state: str) -> None:
    """Both languages are there in every state, and no placeholder is left."""
    zh, en = explain.explain(kind, state, "orange", _of(kind, CASES[kind], why="over"), at=AT, zone=ZONE)
    assert any("一" <= character <= "鿿" for character in zh)
    assert en.isascii() or "王" in en or "案" in en
    assert "{" not in zh + en
    assert "None" not in zh + en


def test_explain_gives_local_times_and_whole_minutes() -> None:
    """08:00 in the city, 12 minutes."""
    zh, en = explain.explain(
        "not_arrived", "open", "orange", _of("not_arrived", CASES["not_arrived"]), at=AT, zone=ZONE
    )
    assert zh == "王伟 应于 08:00 到岗，已迟 12 分钟；08:00 距责任区 800 米"
    assert en == "王伟 was due on post at 08:00 and is 12 min late; 800 m from the area at 08:00"


@pytest.mark.parametrize(
    ("finding", "found"),
    [
        ("mocked", {"n": 373}),
        ("together", {"other": "李静", "minutes": 34, "within_m": 57}),
        ("replayed", {"n": 443, "other": "cam-2", "then": "2026-02-01T00:00:00.000Z"}),
        ("impossible", {"n": 59, "fastest_kmh": 900}),
        ("contradiction", {"share_pct": 70}),
        ("time_stands", {"n": 449}),
    ],
)
def test_explain_names_what_was_found_of_a_track(finding: str, found: dict[str, object]) -> None:
    """Each finding has its numbers in the sentence."""
    facts = _of("fake_track", {"finding": finding, "found": found})
    zh, en = explain.explain("fake_track", "open", "orange", facts, at=AT, zone=ZONE)
    for text in (zh, en):
        assert all(str(value) in text or key == "then" for key, value in found.items())
        assert "then" not in found or "02-01 08:00" in text
