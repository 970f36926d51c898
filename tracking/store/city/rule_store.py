"""Rules as data: plans, thresholds, escalations, each with a validity. Versions are appended and ended, never changed.

Times are ms since 1970-01-01 UTC.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runtime import db
from tracking.plans.rule_version import RuleVersion

if TYPE_CHECKING:
    import asyncpg

Body = Mapping[str, Any]

_BETWEEN = """
SELECT * FROM rule_versions
WHERE kind = $1 AND valid_from < $3 AND (valid_to IS NULL OR valid_to > $2) AND body <> 'null'
ORDER BY scope, valid_from
"""
_HISTORY = """
SELECT * FROM rule_versions
WHERE kind = $1 AND ($2::text IS NULL OR scope = $2) AND ($3::bigint IS NULL OR id < $3)
ORDER BY id DESC LIMIT $4
"""
# One writer at a time for a kind and scope: concurrent ones would both see room for their version.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('patrol.rules'), hashtext($1))"
_CLASH = """
SELECT * FROM rule_versions
WHERE kind = $1 AND scope = $2 AND valid_from >= $3 AND ($4::timestamptz IS NULL OR valid_from < $4)
ORDER BY valid_from LIMIT 1
"""
_END = """
UPDATE rule_versions SET valid_to = $3
WHERE kind = $1 AND scope = $2 AND valid_from < $3 AND (valid_to IS NULL OR valid_to > $3)
"""
_INSERT = """
INSERT INTO rule_versions (kind, scope, body, valid_from, valid_to, made_by)
VALUES ($1, $2, $3::jsonb, $4, $5, $6) RETURNING *
"""


class RuleOverlapError(Exception):
    """Another version begins within the time of the new one: begin after it, or end before it."""

    def __init__(self, scope: str, begins: int) -> None:
        at = db.moment(begins).isoformat(timespec="seconds").replace("+00:00", "Z")
        super().__init__(
            f"{scope} already has a version that begins at {at}: give the new one a valid_from after it, "
            "or a valid_to up to it."
        )
        self.begins = begins


async def current(conn: db.Connection, kind: str, at: int) -> list[RuleVersion]:
    """Versions of a kind in force at `at`, one for each scope that has one, by scope."""
    return await between(conn, kind, at, at + 1)


async def between(conn: db.Connection, kind: str, start: int, end: int) -> list[RuleVersion]:
    """Versions of a kind in force at any moment from `start` to `end` (not included), by scope and time."""
    return [_version(row) for row in await conn.fetch(_BETWEEN, kind, db.moment(start), db.moment(end))]


async def history(
    conn: db.Connection, kind: str, scope: str | None = None, *, limit: int = 500, before: int | None = None
) -> list[RuleVersion]:
    """Every version of a kind, those that ended and those to come too, the one made last first.

    Args:
        conn: a connection.
        kind: of the versions.
        scope: only of this scope.
        limit: at most so many.
        before: number of the last version of the previous page.
    """
    return [_version(row) for row in await conn.fetch(_HISTORY, kind, scope, before, limit)]


async def append(
    conn: db.Connection,
    kind: str,
    scope: str,
    body: Body | None,
    valid_from: int,
    made_by: str,
    *,
    valid_to: int | None = None,
) -> RuleVersion:
    """Add a version; the one in force at `valid_from` ends there.

    Args:
        conn: a connection; the change is one transaction, or part of the caller's.
        kind: of the version.
        scope: of the version.
        body: the rule; None ends the present one, so that wider scopes apply again.
        valid_from: start; may lie in the future.
        made_by: name of its author.
        valid_to: end; None: with the next version.

    Raises:
        RuleOverlapError: a version begins within the time of this one. Nothing was changed.
        ValueError: the end is not after the beginning.
    """
    if valid_to is not None and valid_to <= valid_from:
        raise ValueError("valid_to must be later than valid_from")
    begins, ends = db.moment(valid_from), None if valid_to is None else db.moment(valid_to)
    async with conn.transaction():
        await conn.execute(_LOCK, f"{kind}/{scope}")
        clash = await conn.fetchrow(_CLASH, kind, scope, begins, ends)
        if clash is not None:
            raise RuleOverlapError(scope, db.millis(clash["valid_from"]))
        await conn.execute(_END, kind, scope, begins)
        row = await conn.fetchrow(_INSERT, kind, scope, json.dumps(body), begins, ends, made_by)
    if row is None:
        raise RuntimeError("INSERT ... RETURNING gave no row")
    return _version(row)


def _version(row: "asyncpg.Record") -> RuleVersion:
    fields: dict[str, Any] = dict(row)
    ends = fields.pop("valid_to")
    return RuleVersion(
        body=json.loads(fields.pop("body")),
        valid_from=db.millis(fields.pop("valid_from")),
        valid_to=None if ends is None else db.millis(ends),
        made_at=db.millis(fields.pop("made_at")),
        **fields,
    )
