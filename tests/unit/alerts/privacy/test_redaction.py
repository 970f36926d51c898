"""Names that are not in sight are taken out of whatever is shown, however they are written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.privacy import redaction
from tracking.city.names import ALL_SHOWN, Names

HIDDEN = frozenset(
    {
        "张伟",
        "欧阳明",
        "00417",
        "team-cam-1",
        "王",
        "hc0005",
        "HC0005",
        "陈健静",
        "Zhang Weiguo",
        "Li",
        "17",
        "a1",
        "José Pérez",
    }
)
NAMES = Names(hidden=HIDDEN, shown=frozenset({"team-cam-10", "hc0005-b", "陈健静波"}))
NOBODY = Names(hidden=HIDDEN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("00417", "–"),
        ("与张伟、欧阳明到场", "与–、–到场"),
        ("张伟张伟", "––"),
        ("with team-cam-1, at 17:00", "with –, at 17:00"),
        ("team-cam-10 stays", "team-cam-10 stays"),
        ("王府路口摆卖", "王府路口摆卖"),
        ("waiting for hc0005 (HC0005, 陈健静)", "waiting for – (–, –)"),
        ("HC0005.", "–."),
        ("hc0005's, xHC0005x and hc0005陈健静在", "–'s, x–x and ––在"),
        ("HC-0005 hc 0005 Hc_0005 hc.0005 h\u200bc0005", "– – – – –"),
        ("ＨＣ０００５。陈 健静，陈·健静", "–。–，–"),
        ("hc00051 and 100417 are others", "hc00051 and 100417 are others"),
        ("hc0005-b and 陈健静波 are ours", "hc0005-b and 陈健静波 are ours"),
        ("zhang weiguo, ZHANGWEIGUO, zhangweiguos", "–, –, –s"),
        ("jose\u0301 pe\u0301rez / JOSE PEREZ", "– / –"),
        ("Li said Police, LI!", "– said Police, –!"),
        ("17 of 17, 17:00, 05-17, 1.17 m, 17m, a17, no. 17.", "– of –, 17:00, 05-17, 1.17 m, 17m, a17, no. –."),
        ("data1 a1 A1.", "data1 – –."),
        ("badge00417号 0-0417", "badge–号 –"),
        ("张。伟大", "张。伟大"),
        ("", ""),
    ],
)
def test_text_is_shown_without_hidden_names(text: str, shown: str) -> None:
    """Whatever case, width, accents or spaces; not what is only a part of another word, number or name in sight."""
    assert redaction.text(text, NAMES) == shown
    assert redaction.text(text, ALL_SHOWN) == text


@pytest.mark.parametrize(
    "number", ["13812345678", "138 1234 5678", "+86-138-1234-5678", "44130219900307123X", "0752-2345678"]
)
def test_numbers_that_reach_people_are_for_those_who_see_people(number: str) -> None:
    """Who sees nobody reads no telephone or identity number either; cell codes and times stay."""
    assert redaction.text(f"电话{number}。44130200100101 1764442800000", NOBODY) == (
        f"电话{'+' * number.startswith('+')}–。44130200100101 1764442800000"
    )
    assert redaction.text(number, NAMES) == number


def test_objects_are_cleaned_in_every_field() -> None:
    """Values go, sentences get a dash, keys are dropped; codes, times and what is not text stay the same."""
    body = {
        "officer": "张伟", "actor": "张伟", "text_zh": "张伟 9 分钟可达", "near": ["00417", "x"], "facts": {"00417": 1},
        "to": [{"any": {"deep": ["HC0005!"]}}], "state": "hc0005", "at": "2026-05-17T17:17:17.000Z", "n": 17,
    }  # fmt: skip
    assert redaction.clean(body, NAMES) == {
        "officer": None, "actor": "–", "text_zh": "– 9 分钟可达", "near": ["–", "x"], "facts": {},
        "to": [{"any": {"deep": ["–!"]}}], "state": "hc0005", "at": "2026-05-17T17:17:17.000Z", "n": 17,
    }  # fmt: skip
    assert redaction.clean({"type": "hc0005", "text": None}, NAMES) == {"type": "–", "text": None}
    clear = {"text": "nothing", "items": [{"name": "x"}]}
    assert redaction.clean(clear, NAMES) is clear


# Digits that follow digits at once would make another number.
_AROUND = st.builds(
    str.__add__,
    st.text(st.sampled_from(" .,;:!?，。、；：！？()（）「」\"'’“”\n\t-_/\u200b\u00ad\u3000在的和x"), max_size=6),
    st.sampled_from(" .,;。，、（-_在x"),
)
_WHOLE = ("张伟", "欧阳明", "00417", "team-cam-1", "hc0005", "陈健静", "Zhang Weiguo", "José Pérez")


def _wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


_WRITTEN = st.sampled_from([
    str, str.upper, str.lower, str.title, _wide,
    lambda text: unicodedata.normalize("NFD", text), "\u200b".join, " ".join,
])  # fmt: skip


@given(st.lists(st.tuples(_AROUND, st.sampled_from(_WHOLE), _WRITTEN), min_size=1, max_size=4), _AROUND)
def test_no_name_is_left_in_any_text(parts: list[tuple[str, str, "type[str]"]], end: str) -> None:
    """Names of every kind, written in every way, in a text of any signs around them: none is left when read plainly."""
    text = "".join(around + write(name) for around, name, write in parts) + end
    left = "".join(
        sign for sign in unicodedata.normalize("NFKD", redaction.text(text, NOBODY)).casefold() if sign.isalnum()
    )
    for name in _WHOLE:
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", name).casefold() if sign.isalnum())
        assert plain not in left, (text, redaction.text(text, NOBODY))
