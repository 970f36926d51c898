"""No cell of a CSV file is run as a formula."""

import pytest

from web.export import spreadsheet


@pytest.mark.parametrize("begin", list("=+-@\t\r\n＝＋－＠"))
@pytest.mark.parametrize("before", ["", " ", "\u3000", "\u200b", "\ufeff", "\xa0 "])
def test_texts_that_begin_like_a_formula_get_a_quote(before: str, begin: str) -> None:
    """Also where something that nobody sees comes first."""
    said = f"{before}{begin}cmd|' /C calc'!A0"
    assert spreadsheet.cell(said) == f"'{said}"


@pytest.mark.parametrize("value", ["", "北街-01", "a=b", " a", "1", None, -1.5, 3, True])
def test_other_values_stay_as_they_are(value: object) -> None:
    """Numbers below zero among them: they are no texts."""
    assert spreadsheet.cell(value) is value
