"""Text that somebody outside can have written, as it may stand in a log or on a terminal. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_PRINTABLE = re.compile(r"[ -~]*")
_NOT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, signs that are not seen or turn the direction of others, halves of signs, and breaks of lines."""


def text(given: str) -> str:
    """In one line, with what cannot be seen escaped as Python escapes it in a literal."""
    if _PRINTABLE.fullmatch(given):
        return given
    return "".join(_escaped(sign) if unicodedata.category(sign) in _NOT else sign for sign in given)


def lines(given: str) -> str:
    """Several lines, each indented: none looks like the begin of an entry."""
    return "\n".join(f"    {text(line)}" for line in given.split("\n"))


def value(given: Any) -> Any:
    """The same within lists and mappings."""
    if isinstance(given, str):
        return text(given)
    if isinstance(given, list):
        return [value(each) for each in given]
    if isinstance(given, Mapping):
        return {value(name): value(each) for name, each in given.items()}
    return given


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
