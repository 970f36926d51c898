"""Names that are not in sight are taken out of what is shown, in both languages."""

from datetime import UTC, datetime

import pytest

from alerts import redaction
from schemas import rest

HIDDEN = frozenset({"张伟", "欧阳明", "00417", "team-cam-1", "王"})
AT = datetime(2026, 5, 1, tzinfo=UTC)


def event(text: str | None) -> rest.Event:
    """An event with that text."""
    return rest.Event(
        id="01ARZ3NDEKTSV4RRFFQ69G5FAV", device=None, t=AT, received=AT, lat=23, lon=114, acc=None, type="05.01",
        text=text, subject=None, media=[], case=None, cell=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("00417", "–"),
        ("与张伟、欧阳明到场", "与–、–到场"),
        ("张伟张伟", "––"),
        ("with team-cam-1, at 17:00", "with –, at 17:00"),
        ("team-cam-10 stays", "team-cam-10 stays"),
        ("王府路口摆卖", "王府路口摆卖"),
        ("", ""),
        (None, None),
    ],
)
def test_event_is_shown_without_hidden_names(text: str | None, shown: str | None) -> None:
    """Badges, devices and Chinese names within a sentence; a single sign is a word like any other."""
    assert redaction.event(event(text), HIDDEN).text == shown
    assert redaction.event(event(text), frozenset()).text == text


def test_body_of_the_lane_is_cleaned_in_every_field() -> None:
    """Values go, sentences get a dash, and who acted is never null."""
    body = {
        "officer": "张伟",
        "actor": "张伟",
        "text_zh": "张伟 9 分钟可达",
        "near": ["00417", "x"],
        "facts": {"00417": 1},
    }
    assert redaction.clean(body, HIDDEN) == {
        "officer": None, "actor": "–", "text_zh": "– 9 分钟可达", "near": [None, "x"], "facts": {},
    }  # fmt: skip
