"""Take out of an alert, event or item of the lane the names that are not in sight: officers of other parts of the city.

An alert about a cell tells who is nearest or was sent, an event what its officer wrote. Who may see the cell need not
see that person.
"""

import functools
import re
from collections.abc import Collection, Iterator
from typing import Any

from schemas import rest

ELSEWHERE = "–"
"""Stands where a name was."""
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEXTS = frozenset({"text", "text_zh", "text_en"})
_ALWAYS = frozenset({"actor"})
"""Fields that are never null."""


def alert(shown: rest.Alert, hidden: Collection[str]) -> rest.Alert:
    """An alert without the `hidden` names."""
    if not hidden:
        return shown
    return rest.Alert.model_validate(clean(shown.model_dump(), hidden))


def event(shown: rest.Event, hidden: Collection[str]) -> rest.Event:
    """An event without the `hidden` names; who signs in is named in its text."""
    if not hidden or not shown.text:
        return shown
    return shown.model_copy(update={"text": _sentence(shown.text, hidden, set())})


def clean(body: dict[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    """A body without the `hidden` names; in sentences a dash stands for them."""
    met: set[str] = set()
    cleaned: dict[str, Any] = _without(body, hidden, met)
    return cleaned if not hidden else _in_texts(cleaned, hidden, met)


def _without(value: Any, hidden: Collection[str], met: set[str], key: str = "") -> Any:
    if isinstance(value, str) and value in hidden and key not in _TEXTS:
        met.add(value)
        return ELSEWHERE if key in _ALWAYS else None
    if isinstance(value, dict):
        return {name: _without(each, hidden, met, name) for name, each in value.items() if name not in hidden}
    if isinstance(value, list):
        return [_without(each, hidden, met, key) for each in value]
    return value


def _in_texts(value: Any, hidden: Collection[str], met: set[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: _sentence(each, hidden, met)
            if name in _TEXTS and isinstance(each, str)
            else _in_texts(each, hidden, met)
            for name, each in value.items()
        }
    return [_in_texts(each, hidden, met) for each in value] if isinstance(value, list) else value


def _sentence(text: str, hidden: Collection[str], met: set[str]) -> str:
    for name in sorted({*met, *_names_in(text, hidden)}, key=len, reverse=True):
        text = text.replace(name, ELSEWHERE)
    return _WORD.sub(lambda word: ELSEWHERE if word[0] in hidden else word[0], text)


def _names_in(text: str, hidden: Collection[str]) -> Iterator[str]:
    """Chinese names that stand in a text; no spaces part them from what is around them."""
    if text.isascii():
        return
    for length in _lengths(frozenset(hidden)):
        parts = (text[start : start + length] for start in range(len(text) - length + 1))
        yield from (part for part in parts if part in hidden)


@functools.lru_cache(maxsize=64)
def _lengths(hidden: frozenset[str]) -> tuple[int, ...]:
    """How long the names are that are not of ASCII; one sign alone is a word like any other."""
    return tuple(sorted({len(name) for name in hidden if not name.isascii() and len(name) > 1}))
