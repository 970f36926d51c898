"""The chain of the audit record: whatever is done to its rows is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from web.audit.audit_chain import START, ChainCheck, ChainRow, Entry, Head, chained, detail

AT = datetime(2026, 5, 1, tzinfo=UTC)
KEY = "a key of more than thirty-two characters"


def entries(n: int) -> list[Entry]:
    """Different entries."""
    return [
        Entry(at=AT + timedelta(seconds=k), actor="anna", action="look", object=f"cam-{k}", detail=detail({"k": k}))
        for k in range(n)
    ]


def faults(rows: list[ChainRow], head: Head, anchors: list[Head] | None = None) -> list[str]:
    """What the check says of rows that end at `head`."""
    checker = ChainCheck(anchors or [])
    for row in rows:
        checker.take(row)
    checker.end(head)
    return checker.faults


def ends(rows: list[ChainRow]) -> Head:
    """The head of rows."""
    return Head(rows[-1].n, rows[-1].hash)


def test_untouched_chain_has_no_fault() -> None:
    """Rows appended in several groups are one chain."""
    rows = chained(Head(0, START), entries(4))
    rows += chained(ends(rows), entries(3))
    assert [row.n for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert faults(rows, ends(rows), [Head(4, rows[3].hash), ends(rows)]) == []
    assert faults([], Head(0, START)) == []


@given(n=st.integers(2, 12), at=st.integers(0, 11), what=st.sampled_from(["actor", "action", "object", "detail", "at"]))
def test_row_that_was_changed_is_found(n: int, at: int, what: str) -> None:
    """Whichever row and whichever of its fields."""
    rows = chained(Head(0, START), entries(n))
    head, row = ends(rows), rows[at % n]
    changed: dict[str, Any] = {what: AT - timedelta(1) if what == "at" else "x"}
    rows[at % n] = replace(row, entry=replace(row.entry, **changed))
    assert any(f"Row {row.n} " in fault for fault in faults(rows, head))


@given(n=st.integers(2, 12), at=st.integers(0, 11))
def test_row_that_was_deleted_is_found(n: int, at: int) -> None:
    """In the middle as a gap, at the end by the head."""
    rows = chained(Head(0, START), entries(n))
    head = ends(rows)
    del rows[at % n]
    assert faults(rows, head)


@given(n=st.integers(2, 12), first=st.integers(0, 11), second=st.integers(0, 11), renumbered=st.booleans())
def test_rows_that_were_swapped_are_found(n: int, first: int, second: int, *, renumbered: bool) -> None:
    """With their numbers or without them."""
    rows = chained(Head(0, START), entries(n))
    head = ends(rows)
    a, b = first % n, second % n
    if a == b:
        return
    if renumbered:
        rows[a], rows[b] = replace(rows[b], n=a + 1), replace(rows[a], n=b + 1)
    else:
        rows[a], rows[b] = rows[b], rows[a]
    assert faults(rows, head)


def test_end_that_was_cut_with_its_head_is_found_by_an_anchor() -> None:
    """Whoever moves the head back, too, meets the heads that were written down elsewhere."""
    rows = chained(Head(0, START), entries(9))
    anchors = [Head(3, rows[2].hash), Head(8, rows[7].hash)]
    assert faults(rows[:5], ends(rows[:5])) == []
    assert faults(rows[:5], ends(rows[:5]), anchors) == [
        "Row 8 was anchored; the record ends with row 5: its end was cut off."
    ]


def test_record_that_was_written_anew_is_found_by_an_anchor() -> None:
    """A chain that is right in itself but not the one that was anchored."""
    rows = chained(Head(0, START), entries(5))
    other = [replace(entry, actor="bert") for entry in entries(5)]
    anew = chained(Head(0, START), other)
    assert faults(anew, ends(anew)) == []
    assert any("anchored" in fault for fault in faults(anew, ends(anew), [ends(rows)]))
