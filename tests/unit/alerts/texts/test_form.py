"""The formats that sentences may name."""

import msgspec
import pytest

from alerts.texts import form


class Values(msgspec.Struct, frozen=True):
    """Of every format one."""

    at: str | None = "2026-02-02"
    s: int = -61
    share: float = 0.125
    names: tuple[str, ...] = ("a", "b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{at:clock}", "[2026-02-02]"),
        ("{s:min} {s:abs}", "−2 61"),
        ("{share:pct}%", "12%"),
        ("{names:count}: {names:join, }", "2: a, b"),
        ("{share:.1f}", "0.1"),
        ("{by}", "en"),
    ],
)
def test_filled_writes_values_as_the_sentence_asks(text: str, expected: str) -> None:
    """Both languages are filled; what is said beside the fields is of the language."""
    zh, en = form.filled([("", text), ("x", "")], Values(), lambda text: f"[{text}]", {"by": ("zh", "en")})
    assert (zh, en) == ("x", expected)


def test_filled_marks_a_time_that_is_not_known() -> None:
    """A dash stands for it."""
    assert form.filled([("{at:clock}", "{at:clock}")], Values(at=None), str) == ("—", "—")
