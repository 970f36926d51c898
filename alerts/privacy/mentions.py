"""Finds mentions in texts: names, badges and devices in any spelling, and telephone and identity numbers.

Text and names are compared by letters and digits only, ignoring case, accents, width and invisible characters. A name
is found within text without spaces, with spaces or hyphens inside, and before a full stop.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from tracking.city.names import Names

Span = tuple[int, int]
"""Start and end of a part of a text."""

_ENDS_A_PHRASE = frozenset('。，、；：！？…,;:!?\n\r\u2028\u2029()（）[]【】<>《》"“”|')
"""Characters that cannot be inside a name."""
MOST_BETWEEN = 3
SHORT = 4
"""Names with fewer letters and digits, all ASCII, must stand alone."""
LONG_WORD = 6
"""Latin names of this length are not part of another word by chance."""
LONG_NUMBER = 5
"""Digits of this number are not a measure, time or count."""
MOST_KNOWN = 5_000
"""Cached texts."""
_MANY_DIGITS = re.compile(r"\d{9}")
_REACHED_BY = re.compile(r"(?:0086|86)?1[3-9]\d{9}|0\d{9,11}|\d{17}[\dx]")
"""Mobile, landline and identity card numbers, as a whole run of digits."""


@dataclass(frozen=True, slots=True)
class _Letters:
    """The letters and digits of a text, with positions and the characters before each."""

    text: str
    at: list[int]
    before: list[str]

    @classmethod
    def of(cls, text: str) -> "_Letters":
        letters: list[str] = []
        at: list[int] = []
        before: list[str] = []
        between = ""
        for place, sign in enumerate(text):
            for part in _plain(sign):
                if part.isalnum():
                    letters.append(part)
                    at.append(place)
                    before.append(between)
                    between = ""
                else:
                    between += part
        return cls("".join(letters), at, before)

    def joined(self, place: int) -> str:
        """The letter directly before `place`, or empty."""
        return self.text[place - 1] if 0 < place < len(self.text) and not self.before[place] else ""

    def following(self, place: int) -> str:
        """The letter directly at `place`, or empty."""
        return self.text[place] if place < len(self.text) and not self.before[place] else ""


@functools.lru_cache(maxsize=1 << 14)
def _plain(sign: str) -> str:
    """A character without case, accent and width; empty for an invisible one."""
    parts = unicodedata.normalize("NFKD", sign).casefold()
    return "".join(
        part for part in parts if unicodedata.category(part) not in ("Mn", "Me", "Cf", "Cc") or part in "\n\r"
    )


class Mentions:
    """Finds hidden names; built once for the same names."""

    def __init__(self, names: Names) -> None:
        self._hidden = {_Letters.of(name).text for name in names.hidden} - {""}
        self._shown = {_Letters.of(name).text for name in names.shown} - {""}
        self._hidden -= self._shown
        self._lengths: dict[str, list[int]] = {}
        for name in self._hidden | self._shown:
            self._lengths.setdefault(name[:2], []).append(len(name))
        self._lengths = {head: sorted(set(lengths), reverse=True) for head, lengths in self._lengths.items()}
        self._nobody_shown = not names.shown
        self._known: dict[str, list[Span]] = {}

    def is_name(self, text: str) -> bool:
        """Whether the whole of a text is one of the names."""
        return self.find(text) == [(0, len(text))]

    def find(self, text: str) -> list[Span]:
        """Parts of a text to remove, in order; cached."""
        spans = self._known.get(text)
        if spans is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            spans = self._known[text] = self._search(text)
        return spans

    def _search(self, text: str) -> list[Span]:
        letters = _Letters.of(text)
        spans = [(letters.at[start], letters.at[end - 1] + 1) for start, end in self._found(letters)]
        return [(start, _with_marks(text, end)) for start, end in spans]

    def _found(self, letters: _Letters) -> Iterator[Span]:
        numbers = dict(_numbers(letters)) if self._nobody_shown and _MANY_DIGITS.search(letters.text) else {}
        start, size = 0, len(letters.text)
        while start < size:
            end = numbers.get(start) or self._name_at(letters, start)
            if end is None:
                start += 1
                continue
            if letters.text[start:end] not in self._shown:
                yield start, end
            start = end

    def _name_at(self, letters: _Letters, start: int) -> int | None:
        """End of the longest name starting here."""
        for head in (letters.text[start : start + 2], letters.text[start]):
            for length in self._lengths.get(head, ()):
                name = letters.text[start : start + length]
                end = start + len(name)
                if (name in self._hidden or name in self._shown) and _is_whole(letters, start, end):
                    return end
        return None


@functools.lru_cache(maxsize=16)
def of(names: Names) -> Mentions:
    """The finder of these names."""
    return Mentions(names)


def _numbers(letters: _Letters) -> Iterator[Span]:
    """Telephone and identity numbers, with spaces and hyphens inside."""
    start = 0
    for end in range(1, len(letters.text) + 1):
        if end < len(letters.text) and _is_number(letters.text[end - 1 : end + 1]) and _holds_together(letters, end):
            continue
        if _REACHED_BY.fullmatch(letters.text[start:end]):
            yield start, end
        start = end


def _is_number(two: str) -> bool:
    return two[0].isdigit() and (two[1].isdigit() or two[1] == "x")


def _holds_together(letters: _Letters, place: int) -> bool:
    between = letters.before[place]
    return len(between) <= MOST_BETWEEN and not _ENDS_A_PHRASE.intersection(between)


def _is_whole(letters: _Letters, start: int, end: int) -> bool:
    """Whether this is the name, and not part of another word or number."""
    name, left, right = letters.text[start:end], letters.joined(start), letters.following(end)
    spaced = any(letters.before[place] for place in range(start + 1, end))
    if spaced and not (_may_be_spaced(name) and all(_holds_together(letters, n) for n in range(start + 1, end))):
        return False
    if name.isdigit():
        return not (left.isdigit() or right.isdigit()) and (
            len(name) >= LONG_NUMBER or not (_latin(left + right) or _measured(letters, start, end))
        )
    if len(name) == 1 or (name.isascii() and len(name) < SHORT):
        return not any(sign.isascii() == name.isascii() for sign in left + right)
    if name.isascii() and name.isalpha():
        return len(name) >= LONG_WORD or not _latin(left + right)
    return not (name[0].isdigit() and left.isdigit()) and not (name[-1].isdigit() and right.isdigit())


def _may_be_spaced(name: str) -> bool:
    """Whether a name may have spaces or hyphens inside, which is not safe for few digits or Latin letters."""
    return not name.isascii() or len(name) >= (LONG_NUMBER if name.isdigit() else SHORT)


def _latin(signs: str) -> bool:
    return any(sign.isascii() and sign.isalpha() for sign in signs)


def _measured(letters: _Letters, start: int, end: int) -> bool:
    """Whether these digits continue after a separator of times, dates or fractions."""
    return any(
        0 < place < len(letters.text)
        and letters.before[place] in (".", ":", "-", "/")
        and letters.text[place - 1].isdigit()
        and letters.text[place].isdigit()
        for place in (start, end)
    )


def _with_marks(text: str, end: int) -> int:
    """Include accents and invisible characters after a letter."""
    while end < len(text) and not _plain(text[end]):
        end += 1
    return end
