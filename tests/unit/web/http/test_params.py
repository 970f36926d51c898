"""Parameters: times, cursors and content negotiation, with everything that must be refused."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import moments, problems
from web.http import accept, cursors

OFFERS = {"application/geo+json": "geojson", "text/csv": "csv", "application/gpx+xml": "gpx"}


@pytest.mark.parametrize(
    "text", ["2026-05-01T08:00:00+08:00", "2026-05-01T08:00:00 08:00", "2026-05-01t00:00:00z", "2026-05-01 00:00:00Z"]
)
def test_parse_time_takes_rfc_3339_also_with_a_plus_eaten_by_the_query(text: str) -> None:
    """All spellings mean the same moment in UTC."""
    assert moments.parse_time(text) == datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-05-01T08:00:00", "2026-05-01", "1714550400", 1714550400, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z",
     "2026-13-01T00:00:00Z", "2026-05-01T08:00:00Z\x00", "٢٠٢٦-05-01T08:00:00Z", "now", ""],
)  # fmt: skip
def test_parse_time_refuses_what_is_no_aware_time(text: object) -> None:
    """No offset, no date, too early, too late: a value error, never another one."""
    with pytest.raises(ValueError, match=r"time|month|2000|text"):
        moments.parse_time(text)


@given(key=st.tuples(st.integers(-(2**62), 2**62), st.text(max_size=40)))
def test_cursor_reads_back(key: tuple[int, str]) -> None:
    """A cursor gives the key it was made of."""
    assert cursors.decode(cursors.encode(key), tuple[int, str]) == key


@given(cursor=st.text(max_size=60))
def test_foreign_cursor_is_a_problem_and_no_fault(cursor: str) -> None:
    """Any text is either a key of the right type or a 422."""
    with contextlib.suppress(problems.ProblemError):
        assert isinstance(cursors.decode(cursor, int), int)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "geojson"),
        ("*/*", "geojson"),
        ("text/csv", "csv"),
        ("text/*", "csv"),
        ("application/gpx+xml;q=0.9, text/csv;q=0.5", "gpx"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "geojson"),
        ("application/geo+json;q=0, */*;q=0.1", "csv"),
        ("image/png", None),
        ("text/csv;q=rubbish", None),
    ],
)
def test_choose_follows_the_accept_header(header: str, chosen: str | None) -> None:
    """The most wanted form wins, the first where nothing is said, none where none fits."""
    assert accept.choose(header, OFFERS) == chosen
