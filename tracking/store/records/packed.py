"""Rows of a query as one value, packed by the database, so that rows and fields do not become Python objects.

For frequent queries with tens of thousands of rows: as records, 70,000 rows of 11 columns block the event loop for some
hundred ms, as one value for a few.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime import db
from runtime.times import POSTGRES_EPOCH_MS
from tracking.presence.fixes import ABSENT

NEVER = int(np.iinfo(np.int64).min)
"""Stands for NULL in a column of times; NaN does in one of floats, `fixes.ABSENT` in one of integers."""


class ColumnType(Enum):
    """Type of a column: how the database sends it, with something in the place of NULL, and how it is read."""

    INT2 = f"int2send(coalesce({{0}}, {ABSENT}::smallint))", ">i2"
    INT4 = f"int4send(coalesce({{0}}, {ABSENT}))", ">i4"
    FLOAT4 = "float4send(coalesce({0}, 'NaN'))", ">f4"
    FLOAT8 = "float8send(coalesce({0}, 'NaN'))", ">f8"
    TIME = "timestamptz_send(coalesce({0}, '-infinity'))", ">i8"
    """Becomes ms since 1970-01-01 UTC, rounded down."""
    TEXT = "array_agg({0})", "O"
    """Comes beside the others, each text an object; None for NULL."""


Columns = Mapping[str, ColumnType]
"""Name of a column → its type."""


def select(columns: Columns, query: str) -> str:
    """SQL that answers all rows of `query` as one value, and one for each column of texts; it must have these columns.

    One column at least is no text.
    """
    sent = {name: kind.value[0].format(f"q.{name}") for name, kind in columns.items()}
    packed = " || ".join(column for name, column in sent.items() if columns[name] is not ColumnType.TEXT)
    texts = [column for name, column in sent.items() if columns[name] is ColumnType.TEXT]
    answers = ", ".join([f"string_agg({packed}, ''::bytea)", *texts])
    return f"SELECT {answers} FROM ({query}) q"  # noqa: S608 - names and texts of our own


async def fetch(conn: db.Connection, columns: Columns, packed: str, *arguments: Any) -> dict[str, NDArray[Any]]:
    """Run what `select` made of the same columns; the columns, each of as many values as there are rows."""
    rows, *texts = await conn.fetchrow(packed, *arguments) or (None,)
    unpacked = unpack({name: kind for name, kind in columns.items() if kind is not ColumnType.TEXT}, rows or b"")
    of_text = [name for name, kind in columns.items() if kind is ColumnType.TEXT]
    return unpacked | {name: np.array(text or [], object) for name, text in zip(of_text, texts, strict=True)}


def unpack(columns: Columns, rows: bytes) -> dict[str, NDArray[Any]]:
    """Columns of packed rows, none of them of texts, in the byte order of this machine. Pure."""
    table = np.frombuffer(rows, [(name, kind.value[1]) for name, kind in columns.items()])
    return {name: _read(table[name], kind) for name, kind in columns.items()}


def _read(column: NDArray[Any], kind: ColumnType) -> NDArray[Any]:
    native = column.astype(column.dtype.newbyteorder("="))
    if kind is not ColumnType.TIME:
        return native
    return np.where(native == NEVER, NEVER, native // 1000 + POSTGRES_EPOCH_MS)
