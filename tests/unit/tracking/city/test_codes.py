"""Codes of cells and areas."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.city import codes


def _parsed(text: str) -> codes.UnitCode:
    parsed = codes.parse(text)
    assert isinstance(parsed, codes.UnitCode), parsed
    return parsed


def test_parse_takes_fifteen_digits_apart() -> None:
    """The vector of the current standard gives its four parts."""
    code = _parsed("441302003012007")
    assert (code.county, code.street, code.community, code.sequence) == ("441302", "441302003", "441302003012", 7)


def test_parse_takes_fourteen_digits_apart() -> None:
    """The vector of CJ/T 213 gives the same cell, written shorter."""
    code = _parsed("44130200301207")
    assert (code.community, code.sequence) == ("441302003012", 7)
    assert code.text == "44130200301207"
    assert code.lifted == "441302003012007"


def test_aliases_join_both_spellings() -> None:
    """Either spelling leads to the other; sequences above 99 have one spelling only."""
    both = ("441302003012007", "44130200301207")
    assert _parsed(both[0]).aliases == both
    assert _parsed(both[1]).aliases == both
    assert _parsed("441302003012100").aliases == ("441302003012100",)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", codes.CodeFault.NOT_DIGITS),
        ("44130200301200A", codes.CodeFault.NOT_DIGITS),
        ("44130200301２007", codes.CodeFault.NOT_DIGITS),
        ("4413020030120", codes.CodeFault.LENGTH),
        ("4413020030120071", codes.CodeFault.LENGTH),
        ("991302003012007", codes.CodeFault.COUNTY),
        ("440002003012007", codes.CodeFault.COUNTY),
        ("441302000012007", codes.CodeFault.STREET),
        ("441302600012007", codes.CodeFault.STREET),
        ("441302003000007", codes.CodeFault.COMMUNITY),
        ("441302003012000", codes.CodeFault.SEQUENCE),
        ("44130200301200", codes.CodeFault.SEQUENCE),
    ],
)
def test_parse_tells_what_is_wrong(text: str, fault: codes.CodeFault) -> None:
    """Each wrong part has its own fault."""
    assert codes.parse(text) is fault


def test_build_overflows_above_999() -> None:
    """A community has no thousandth cell."""
    assert codes.build("441302003012", 999) == "441302003012999"
    for sequence in (0, 1000):
        with pytest.raises(ValueError, match="1 to 999"):
            codes.build("441302003012", sequence)
    with pytest.raises(ValueError, match="no 12-digit community"):
        codes.build("441302003", 1)


@given(st.integers(1, 599), st.integers(1, 999), st.integers(1, 999))
def test_build_and_parse_round_trip(street: int, community: int, sequence: int) -> None:
    """What is built is taken apart into the same parts, and every alias is the same cell."""
    parsed = _parsed(codes.build(f"441302{street:03d}{community:03d}", sequence))
    assert parsed.sequence == sequence
    assert {_parsed(alias).lifted for alias in parsed.aliases} == {parsed.text}


@pytest.mark.parametrize(("text", "ok"), [("441302", True), ("441900", True), ("44130", False), ("001302", False)])
def test_county_fault_knows_districts(text: str, ok: bool) -> None:
    """Districts of known provinces and cities without districts pass."""
    assert (codes.county_fault(text) is None) is ok


@pytest.mark.parametrize(("text", "ok"), [("441302450", True), ("441302000", False), ("44130200", False), ("x", False)])
def test_street_fault_knows_ranges(text: str, ok: bool) -> None:
    """Streets, towns, townships and combined units pass."""
    assert (codes.street_fault(text) is None) is ok


@pytest.mark.parametrize(("text", "ok"), [("441302010G007", True), ("", False), ("a b", False), ("x" * 33, False)])
def test_is_grid_code_bounds_its_form(text: str, ok: bool) -> None:
    """Grid codes are short and plain."""
    assert codes.is_grid_code(text) is ok
