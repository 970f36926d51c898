"""Going over the audit record, and its anchors: heads of the chain written to a file, out of the database's reach."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from tracking import db
from web.audit_chain import START, Checker, Entry, Head, Row, signature

_ROWS = "SELECT n, at, actor, action, object, detail, hash FROM audit ORDER BY n"
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found."""

    rows: int
    anchors: int
    faults: list[str]
    """Empty: nothing was changed."""


class AnchorError(Exception):
    """An anchor file cannot be believed; the text says which line."""


async def verify(conn: db.Connection, anchors: list[Head]) -> Verdict:
    """Go over the whole record, of one snapshot."""
    checker = Checker(anchors)
    rows = 0
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        async for row in conn.cursor(_ROWS, prefetch=2_000):
            rows += 1
            checker.take(_row(row))
            if len(checker.faults) >= MOST_FAULTS:
                break
        else:
            checker.end(await head_of(conn))
    return Verdict(rows=rows, anchors=len(anchors), faults=checker.faults)


def _row(row: "asyncpg.Record") -> Row:
    names = ("at", "actor", "action", "object", "detail")
    return Row(n=row["n"], entry=Entry(**{name: row[name] for name in names}), hash=row["hash"])


async def head_of(conn: db.Connection) -> Head:
    """Where the chain ends now."""
    row = await conn.fetchrow("SELECT n, hash FROM audit_head")
    return Head(0, START) if row is None else Head(row["n"], row["hash"])


def anchor(file: Path, head: Head, key: str) -> bool:
    """Write a head to the end of `file`, signed; False when it is there already, or nothing was recorded yet."""
    known = list(_lines(file)) if file.exists() else []
    if head.n == 0 or (known and json.loads(known[-1])["n"] == head.n):
        return False
    at = datetime.now(UTC).isoformat(timespec="seconds")
    line = {"n": head.n, "hash": head.hash.hex(), "at": at, "signature": signature(key, head, at)}
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(line).encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    return True


def read_anchors(file: Path, key: str) -> list[Head]:
    """Read the anchors of a file.

    Raises:
        AnchorError: a line was not written with this key.
    """
    heads: list[Head] = []
    for number, text in enumerate(_lines(file), 1):
        try:
            line = json.loads(text)
            head = Head(int(line["n"]), bytes.fromhex(line["hash"]))
            honest = signature(key, head, line["at"]) == line["signature"]
        except (ValueError, KeyError, TypeError) as error:
            raise AnchorError(f"{file}: line {number} is no anchor; restore the file from a copy.") from error
        if not honest:
            raise AnchorError(f"{file}: line {number} was not signed with this key: it was changed, or another key.")
        heads.append(head)
    return heads


def _lines(file: Path) -> Iterator[str]:
    return (line for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
