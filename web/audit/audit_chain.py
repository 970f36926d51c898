"""The hash chain of the audit record, and its verification. Pure."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START = b""
"""The hash before the first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A view or change by somebody."""

    at: datetime
    actor: str
    action: str
    object: str
    detail: str
    """JSON with sorted keys, as it is hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """An entry with its place in the chain."""

    n: int
    entry: Entry
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """End of the chain at some time."""

    n: int
    hash: bytes


def detail(values: Mapping[str, Any]) -> str:
    """Format the detail of an entry."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def row_hash(before: bytes, n: int, entry: Entry) -> bytes:
    """Hash of the row `n` that follows a row with the hash `before`."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps([n, at, entry.actor, entry.action, entry.object, entry.detail], ensure_ascii=False)
    return hashlib.sha256(before + text.encode("utf-8", "surrogatepass")).digest()


def chained(head: Head, entries: Iterable[Entry]) -> list[ChainRow]:
    """Append entries to the chain."""
    rows: list[ChainRow] = []
    before, n = head.hash, head.n
    for entry in entries:
        n += 1
        before = row_hash(before, n, entry)
        rows.append(ChainRow(n=n, entry=entry, hash=before))
    return rows


class ChainCheck:
    """Verifies the chain row by row; anchors are heads stored elsewhere."""

    def __init__(self, anchors: Iterable[Head] = ()) -> None:
        self.head = Head(0, START)
        self._anchors: dict[int, bytes] = {}
        self.faults: list[str] = []
        for anchor in anchors:
            if self._anchors.setdefault(anchor.n, anchor.hash) != anchor.hash:
                self.faults.append(f"Two anchors of row {anchor.n} differ: one of them was written by somebody else.")

    def take(self, row: ChainRow) -> None:
        """Check the next row."""
        wanted = self.head.n + 1
        if row.n != wanted:
            gap = f"row {wanted} is" if row.n == wanted + 1 else f"rows {wanted} to {row.n - 1} are"
            self.faults.append(f"Before row {row.n}, {gap} missing.")
        elif row_hash(self.head.hash, row.n, row.entry) != row.hash:
            self.faults.append(f"Row {row.n} or the one before it was changed: its hash does not fit.")
        anchored = self._anchors.pop(row.n, None)
        if anchored is not None and not hmac.compare_digest(anchored, row.hash):
            self.faults.append(f"Row {row.n} is not the one that was anchored: the record was written anew.")
        self.head = Head(row.n, row.hash)

    def end(self, head: Head) -> None:
        """Compare the end with the stored head."""
        if head.n > self.head.n:
            self.faults.append(f"The record ends with row {self.head.n}; rows up to {head.n} were cut off.")
        elif head != self.head:
            self.faults.append(f"The head says row {head.n}; the record ends with row {self.head.n}.")
        last = max(self._anchors, default=0)
        if last > self.head.n:
            self.faults.append(f"Row {last} was anchored; the record ends with row {self.head.n}: its end was cut off.")
