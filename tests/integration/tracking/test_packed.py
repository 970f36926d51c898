"""Rows packed by the database are the rows that it holds."""

from typing import TYPE_CHECKING

import numpy as np

from tracking.store.records import packed
from tracking.store.records.packed import NEVER, ColumnType

if TYPE_CHECKING:
    from runtime import db

COLUMNS: packed.Columns = {
    "a": ColumnType.INT2, "b": ColumnType.INT4, "c": ColumnType.FLOAT4, "d": ColumnType.FLOAT8, "e": ColumnType.TIME,
    "f": ColumnType.TEXT,
}  # fmt: skip
ROWS = """
SELECT * FROM (VALUES
  (1::smallint, -2, 0.5::real, 23.1234567::float8, '2026-03-01 08:00:00.123+00'::timestamptz, '小金口'),
  ((-32768)::smallint, 2147483647, -8::real, -180::float8, '1969-12-31 23:59:59.999999+00'::timestamptz, ''),
  (NULL, NULL, NULL, NULL, NULL, NULL)) v (a, b, c, d, e, f) WHERE b IS NULL OR b > $1
"""


async def test_values_come_as_they_are_stored(conn: "db.Connection") -> None:
    """Every kind, its extremes and NULL; times are ms rounded down."""
    found = await packed.fetch(conn, COLUMNS, packed.select(COLUMNS, ROWS), -10)
    assert found["a"].tolist() == [1, -32768, -1]
    assert found["b"].tolist() == [-2, 2147483647, -1]
    np.testing.assert_array_equal(found["c"], np.array([0.5, -8, np.nan], np.float32))
    np.testing.assert_array_equal(found["d"], [23.1234567, -180, np.nan])
    assert found["e"].tolist() == [1_772_352_000_123, -1, NEVER]
    assert found["f"].tolist() == ["小金口", "", None]
    assert all(column.dtype.isnative for column in found.values())


async def test_no_rows_are_empty_columns(conn: "db.Connection") -> None:
    """A query without an answer has columns all the same."""
    found = await packed.fetch(conn, COLUMNS, packed.select(COLUMNS, f"SELECT * FROM ({ROWS}) r WHERE false"), -10)  # noqa: S608
    assert {name: len(column) for name, column in found.items()} == dict.fromkeys(COLUMNS, 0)
