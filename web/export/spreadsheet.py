"""Cells of CSV files, safe for spreadsheets. Pure."""

from typing import Any

_BEGINS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def cell(value: Any) -> Any:
    """Put a quote before texts that a spreadsheet would run as a formula, also after invisible characters."""
    if not isinstance(value, str):
        return value
    seen = value.lstrip(" \xa0\u200b\u200e\u200f\u2060\u3000\ufeff\0")
    return f"'{value}" if value.startswith(_BEGINS_A_FORMULA) or seen.startswith(_BEGINS_A_FORMULA) else value
