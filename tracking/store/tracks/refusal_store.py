"""Refused input in the database: counted by reason, with the latest ones of each reason for the operator."""

from collections import Counter
from collections.abc import Sequence

from runtime import db
from schemas.refusals import Refusal
from tracking.records.refused import RefusalRecord

KEPT_PER_REASON = 1_000

_COUNT = """
INSERT INTO refusal_counts AS c (reason, n) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (reason) DO UPDATE SET n = c.n + excluded.n
"""
_INSERT = """
INSERT INTO refusals (at, reason, topic, detail, payload)
SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::bytea[])
"""
_TRIM = """
DELETE FROM refusals r USING (
  SELECT reason, (SELECT id FROM refusals WHERE reason = w.reason ORDER BY id DESC OFFSET $2 LIMIT 1) AS id
  FROM unnest($1::text[]) AS w(reason)
) AS old WHERE r.reason = old.reason AND r.id <= old.id
"""
_COUNTS = "SELECT reason, n FROM refusal_counts ORDER BY reason"


async def insert(conn: db.Connection, refused: Sequence[RefusalRecord], *, kept: int = KEPT_PER_REASON) -> None:
    """Count all of them and keep the latest `kept` of each reason."""
    if not refused:
        return
    counts: Counter[str] = Counter()
    for refusal in refused:
        counts[refusal.reason.value] += refusal.n
    # In the same order everywhere, so that two workers cannot deadlock.
    reasons = sorted(counts)
    latest = _latest(refused, kept)
    await conn.execute(
        _INSERT,
        [db.moment(refusal.at) for refusal in latest],
        [refusal.reason.value for refusal in latest],
        [storable(refusal.topic, 400) for refusal in latest],
        [storable(refusal.detail, 400) for refusal in latest],
        [refusal.payload for refusal in latest],
    )
    await conn.execute(_TRIM, reasons, kept)
    await conn.execute(_COUNT, reasons, [counts[reason] for reason in reasons])


async def counts(conn: db.Connection) -> dict[str, int]:
    """Number of parts refused so far, by reason."""
    return {row["reason"]: row["n"] for row in await conn.fetch(_COUNTS)}


def storable(text: str, length: int) -> str:
    """The first `length` characters of `text`, without those PostgreSQL cannot store."""
    return text[:length].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")


def _latest(refused: Sequence[RefusalRecord], kept: int) -> list[RefusalRecord]:
    seen: Counter[Refusal] = Counter()
    latest: list[RefusalRecord] = []
    for refusal in reversed(refused):
        seen[refusal.reason] += 1
        if seen[refusal.reason] <= kept:
            latest.append(refusal)
    return latest[::-1]
