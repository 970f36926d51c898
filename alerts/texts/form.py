"""Fills the sentences of the catalogue. Pure."""

from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from typing import Any

import msgspec

from alerts.texts.catalogue import Pair

Clock = Callable[[str], str]
"""RFC 3339 to the city's wall clock."""
NO_EXTRA: Mapping[str, Pair] = {}


class _Filled(Formatter):
    """`str.format` with the formats that the catalogue names."""

    def __init__(self, clock: Clock) -> None:
        self._formats: dict[str, Callable[[Any], str]] = {
            "clock": lambda value: clock(value) if value else "—",
            "day": lambda value: clock(value) if value else "",
            "min": minutes,
            "abs": lambda value: str(abs(value)),
            "pct": lambda value: str(round(100 * value)),
            "count": lambda value: str(len(value)),
        }

    def format_field(self, value: Any, format_spec: str) -> str:
        """Write one value."""
        if format_spec.startswith("join"):
            return format_spec.removeprefix("join").join(value)
        if format_spec in self._formats:
            return self._formats[format_spec](value)
        return str(super().format_field("" if value is msgspec.UNSET else value, format_spec))


def minutes(seconds: float) -> str:
    """Whole minutes, rounded to the unfavourable side, with a true minus sign."""
    return str(int(seconds // 60)).replace("-", "−")


def filled(
    sentences: Iterable[Pair], values: msgspec.Struct, clock: Clock, extra: Mapping[str, Pair] = NO_EXTRA
) -> Pair:
    """The joined sentences, filled with the fields of a struct and extra values in each language."""
    fields, form = msgspec.structs.asdict(values), _Filled(clock)
    pairs = list(sentences)
    zh, en = (
        "".join(
            form.vformat(pair[at], (), {**fields, **{name: texts[at] for name, texts in extra.items()}})
            for pair in pairs
        )
        for at in (0, 1)
    )
    return zh, en
