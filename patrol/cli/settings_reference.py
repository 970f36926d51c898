"""The reference of all settings, made from their definition: for `patrol --help` and docs/settings.md.

`python -m patrol.cli.settings_reference` writes the page, `make generated` does so, too.
"""

import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic.fields import FieldInfo

from patrol.settings.settings import SECRETS, Settings

PAGE = Path(__file__).parents[2] / "docs/settings.md"

_HEAD = """\
# Settings

Written by `make generated` from `patrol/settings/settings.py`; `patrol --help` shows the same. Each setting is an
environment variable. Options of the command line (`--http-port`, `--mqtt-port`, `--data-dir`, `--database-url`,
`--mqtt-url`) are stronger than variables; a variable that is set to nothing counts as not set. Secrets can lie in
files: add `_FILE` to the variable's name and give the file's path. What docker-compose takes from `.env` is in
`deploy/env.example`, what systemd takes in `deploy/systemd/patrol.env`.

| variable | value | default | |
|---|---|---|---|
"""
_TYPES: dict[object, str] = {bool: "true, false", int: "number", Path: "path"}
_NAMES = re.compile(rf"\b({'|'.join(name for name in Settings.model_fields if '_' in name)})\b")
_BOUNDS = {"ge": "from", "le": "to", "multiple_of": "a multiple of", "min_length": "at least", "max_length": "at most"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is to be known of a setting."""

    variable: str
    value: str
    default: str
    """Empty: none."""
    text: str
    secret: bool


def rows() -> Iterator[Row]:
    """All settings in the order of their definition."""
    for name, field in Settings.model_fields.items():
        yield Row(
            variable=f"PATROL_{name.upper()}",
            value=_value(field),
            default="" if field.default is None else str(field.default).lower() if field.annotation is bool
            else str(field.default),
            text=_sentence(field.description or ""),
            secret=name in SECRETS,
        )  # fmt: skip


def page() -> str:
    """Text of docs/settings.md."""
    lines = [
        f"| `{row.variable}`{' or `…_FILE`' if row.secret else ''} | {row.value} | "
        f"{f'`{row.default}`' if row.default else ''} | {row.text} |"
        for row in rows()
    ]
    return _HEAD + "\n".join(lines) + "\n"


def listing() -> str:
    """The settings for a terminal."""
    head = "Settings are environment variables; secrets can come from files (PATROL_…_FILE names one):\n\n"
    return head + "\n".join(f"  {row.variable}{_given(row)}\n      {row.text}" for row in rows())


def _given(row: Row) -> str:
    told = [row.value] if row.value else []
    if row.default:
        told.append(f"default {row.default}")
    if row.secret:
        told.append("secret")
    return f"  [{'; '.join(told)}]" if told else ""


def _value(field: FieldInfo) -> str:
    if typing.get_origin(field.annotation) is typing.Literal:
        return ", ".join(typing.get_args(field.annotation))
    kinds = typing.get_args(field.annotation) if isinstance(field.annotation, types.UnionType) else (field.annotation,)
    said = next((_TYPES[kind] for kind in kinds if kind in _TYPES), "text")
    bounds = [
        f"{words} {getattr(rule, bound)}"
        for rule in _rules(field)
        for bound, words in _BOUNDS.items()
        if getattr(rule, bound, None) is not None
    ]
    unit = " characters" if said == "text" and bounds else ""
    return " ".join([said, *bounds]) + unit


def _rules(field: FieldInfo) -> Iterator[object]:
    yield from field.metadata
    for kind in typing.get_args(field.annotation):  # Port | None keeps its rules inside
        for rule in typing.get_args(kind)[1:]:
            yield from getattr(rule, "metadata", [])


def _sentence(text: str) -> str:
    """Words of the code in words of an operator."""
    text = " ".join(text.split()).replace("None: ", "without: ")
    return _NAMES.sub(lambda found: f"PATROL_{found[0].upper()}", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
