"""Codes of unit cells (单元网格标识码) and of the areas above them. Pure.

14 digits by CJ/T 213-2005, 15 by GB/T 30428.1-2013 and its successors:
county 6, street 3, community 3, sequence 2 or 3.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_DIGITS = re.compile(r"[0-9]+")
_GRID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_PROVINCES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82)
)
_LAST_STREET = 599
"""001-099 街道, 100-199 镇, 200-399 乡, 400-599 政企合一."""


class CodeFault(StrEnum):
    """Why a text is not a valid code; the value is a name for machines."""

    NOT_DIGITS = "not_digits"
    LENGTH = "length"
    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCode:
    """Parsed code of a unit cell; each part is the whole code down to its level."""

    text: str
    """As given, 14 or 15 digits."""
    county: str
    """6 digits, GB/T 2260."""
    street: str
    """9 digits, GB/T 10114."""
    community: str
    """12 digits."""
    sequence: int
    """1-99 in 14 digits, 1-999 in 15."""

    @property
    def lifted(self) -> str:
        """The 15-digit form: equal for both spellings of one cell."""
        return f"{self.community}{self.sequence:03d}"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every spelling of the code, the 15-digit one first."""
        short = (f"{self.community}{self.sequence:02d}",) if self.sequence < 100 else ()
        return (self.lifted, *short)


def parse(text: str) -> UnitCode | CodeFault:
    """Parse the code of a unit cell, or return its fault."""
    if not _DIGITS.fullmatch(text):
        return CodeFault.NOT_DIGITS
    if len(text) not in (14, 15):
        return CodeFault.LENGTH
    fault = street_fault(text[:9])
    if fault:
        return fault
    if text[9:12] == "000":
        return CodeFault.COMMUNITY
    if int(text[12:]) == 0:
        return CodeFault.SEQUENCE
    return UnitCode(text=text, county=text[:6], street=text[:9], community=text[:12], sequence=int(text[12:]))


def build(community: str, sequence: int) -> str:
    """Format the 15-digit code of cell number `sequence` (1-999) of a community (12 digits)."""
    if not 1 <= sequence <= 999:
        raise ValueError(f"a community has cells 1 to 999, not {sequence}: divide the community or use larger cells")
    if len(community) != 12 or isinstance(parse(f"{community}{sequence:03d}"), CodeFault):
        raise ValueError(f"{community!r} is no 12-digit community code")
    return f"{community}{sequence:03d}"


def county_fault(text: str) -> CodeFault | None:
    """Fault of a 6-digit county or district code; those of cities without districts end in 00."""
    if not _DIGITS.fullmatch(text):
        return CodeFault.NOT_DIGITS
    if len(text) != 6:
        return CodeFault.LENGTH
    known = int(text[:2]) in _PROVINCES and text[2:4] != "00"
    return None if known else CodeFault.COUNTY


def street_fault(text: str) -> CodeFault | None:
    """Fault of a 9-digit street or town code."""
    if not _DIGITS.fullmatch(text):
        return CodeFault.NOT_DIGITS
    if len(text) != 9:
        return CodeFault.LENGTH
    return county_fault(text[:6]) or (None if 1 <= int(text[6:]) <= _LAST_STREET else CodeFault.STREET)


def is_grid_code(text: str) -> bool:
    """Whether `text` is a valid code of a responsibility grid: 1 to 32 of A-Z a-z 0-9 _ -."""
    return _GRID.fullmatch(text) is not None
