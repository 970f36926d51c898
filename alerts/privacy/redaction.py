"""Removes the names of people and devices that are not in sight.

Everything that leaves the server for viewers who do not see every person passes here: answers
(`web/http/redacting.py`), the live feed (`web/live/visibility_scope.py`), messages (`alerts/run/notify/outbox.py`).
All texts by people, devices or the system are searched (`alerts/privacy/mentions.py`), without marking fields. Only
fields in CODES are left as they are, since the system generates their values.
"""

import re
from typing import Any

from alerts.privacy import mentions
from tracking.city.names import Names

ELSEWHERE = "–"
"""Replacement of a name."""
NAMED = frozenset({"assignee", "badge", "device", "officer"})
"""Fields with one name or nothing: null if hidden."""
CODES = frozenset({
    "account", "at", "band", "cell", "city", "class", "code", "datum", "district", "duty", "epoch", "grid", "hash",
    "id", "key", "kind", "level", "next", "parent", "role", "rule", "scope", "scopes", "sha256", "state", "step",
    "street", "task", "time_zone",
})  # fmt: skip
"""Fields of codes and names from the system, from imports, or checked by the query; no free text."""
_NUMBERS = frozenset({"coordinates", "geometry", "lat", "lon", "t"})
"""Fields with many numbers and no text."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def clean(value: Any, names: Names) -> Any:
    """The JSON value without the hidden `names`; the same object if there are none."""
    return _clean(value, mentions.of(names), "") if names else value


def text(value: str, names: Names) -> str:
    """A text without the hidden `names`."""
    return _text(value, mentions.of(names)) if names else value


def _clean(value: Any, hidden: mentions.Mentions, key: str) -> Any:
    if isinstance(value, str):
        return _field(value, hidden, key)
    if isinstance(value, dict):
        return _object(value, hidden)
    if isinstance(value, list):
        cleaned = [_clean(item, hidden, key) for item in value]
        return cleaned if any(new is not old for new, old in zip(cleaned, value, strict=True)) else value
    return value


def _field(value: str, hidden: mentions.Mentions, key: str) -> str | None:
    if key in CODES or _TIME.fullmatch(value):
        return value
    cleaned = _text(value, hidden)
    return None if cleaned is not value and key in NAMED else cleaned


def _object(value: dict[str, Any], hidden: mentions.Mentions) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    changed = False
    for key, item in value.items():
        if key in _NUMBERS or (key == "type" and "text" not in value):
            cleaned[key] = item  # the type of an event with a text comes from its device
        elif key not in CODES and hidden.is_name(key):
            changed = True
        else:
            cleaned[key] = _clean(item, hidden, key)
            changed |= cleaned[key] is not item
    return cleaned if changed else value


def _text(value: str, hidden: mentions.Mentions) -> str:
    spans = hidden.find(value)
    if not spans:
        return value
    parts, last = [], 0
    for start, end in spans:
        parts += [value[last:start], ELSEWHERE]
        last = end
    return "".join([*parts, value[last:]])
