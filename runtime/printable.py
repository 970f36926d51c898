"""Makes text from outside safe for logs and terminals. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_PRINTABLE = re.compile(r"[ -~]*")
_NOT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control characters, invisible and direction-changing characters, surrogates, and line breaks."""


def text(raw: str) -> str:
    """One line, with invisible characters escaped as in a Python literal."""
    if _PRINTABLE.fullmatch(raw):
        return raw
    return "".join(_escaped(sign) if unicodedata.category(sign) in _NOT else sign for sign in raw)


def lines(raw: str) -> str:
    """Several lines, each indented, so that none looks like the start of an entry."""
    return "\n".join(f"    {text(line)}" for line in raw.split("\n"))


def value(raw: Any) -> Any:
    """The same within lists and mappings."""
    if isinstance(raw, str):
        return text(raw)
    if isinstance(raw, list):
        return [value(item) for item in raw]
    if isinstance(raw, Mapping):
        return {value(name): value(item) for name, item in raw.items()}
    return raw


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
