"""Findings of the cleaning in the database. Times are ms since 1970-01-01 UTC."""

import json
from collections.abc import Collection, Mapping, Sequence

import asyncpg

from runtime import db
from tracking.quality.model import Finding, FindingKind

LATELY_MS = 7 * 86_400_000
"""Findings older than this neither open nor keep an alert."""

_COLUMNS = "device, kind, since, until, evidence"
_LATELY = f"""
SELECT {_COLUMNS} FROM device_findings WHERE known_to IS NULL AND until > $1 AND kind <> $2 ORDER BY until
"""  # noqa: S608 - built from constants of this file
_OF_DEVICE = f"""
SELECT {_COLUMNS}, known_from, known_to FROM device_findings
WHERE device = $1 AND until >= $2 AND since < $3 AND kind <> $4 AND ($5 OR known_to IS NULL)
ORDER BY since DESC, id DESC LIMIT $6
"""  # noqa: S608 - built from constants of this file
_CURRENT = f"""
SELECT {_COLUMNS}, slot, id FROM device_findings
WHERE known_to IS NULL AND slot = $1 AND device = ANY ($2::int[]) AND kind = ANY ($3::text[])
"""  # noqa: S608 - built from constants of this file
_INSERT = """
INSERT INTO device_findings (device, kind, slot, since, until, evidence, known_from)
SELECT device, kind, $7, since, until, evidence::jsonb, $6
FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[])
     AS f (device, kind, since, until, evidence)
"""
# During the hour a finding grows in place; later changes are new versions.
_GROW = """
UPDATE device_findings f SET until = g.until, evidence = g.evidence::jsonb
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS g (id, until, evidence) WHERE f.id = g.id
"""
_END = "UPDATE device_findings SET known_to = $2 WHERE id = ANY ($1::bigint[])"


async def lately(conn: db.Connection, now: int) -> Mapping[int, Sequence[Finding]]:
    """Findings of the last days, by device."""
    findings: dict[int, list[Finding]] = {}
    for row in await conn.fetch(_LATELY, db.moment(now - LATELY_MS), FindingKind.DATUM_DOUBT):
        findings.setdefault(row["device"], []).append(_finding(row))
    return findings


async def replace(
    conn: db.Connection,
    slot: int,
    devices: Collection[int],
    kinds: Collection[FindingKind],
    findings: Sequence[Finding],
    now: int,
) -> int:
    """Replace the findings of these devices, kinds and slot by `findings`; returns how many rows changed.

    Findings that are no longer present are ended, not deleted.
    """
    rows = await conn.fetch(_CURRENT, db.moment(slot), sorted(devices), sorted(kinds))
    stored = {(row["device"], FindingKind(row["kind"])): row for row in rows}
    wanted = {(finding.device, finding.kind): finding for finding in findings}
    grown = {key: finding for key, finding in wanted.items() if key in stored and _grows(stored[key], finding)}
    same = {key for key, finding in wanted.items() if key in stored and _finding(stored[key]) == finding}
    ended = [row["id"] for key, row in stored.items() if key not in grown and key not in same]
    new = [finding for key, finding in wanted.items() if key not in grown and key not in same]
    if ended:
        await conn.execute(_END, ended, db.moment(now))
    if grown:
        await conn.execute(
            _GROW,
            [stored[key]["id"] for key in grown],
            [db.moment(finding.until) for finding in grown.values()],
            [json.dumps(dict(finding.evidence), ensure_ascii=False) for finding in grown.values()],
        )
    if new:
        await _insert(conn, slot, new, now)
    return len(ended) + len(grown) + len(new)


async def _insert(conn: db.Connection, slot: int, new: Sequence[Finding], now: int) -> None:
    await conn.execute(
        _INSERT,
        [finding.device for finding in new],
        [finding.kind.value for finding in new],
        [db.moment(finding.since) for finding in new],
        [db.moment(finding.until) for finding in new],
        [json.dumps(dict(finding.evidence), ensure_ascii=False) for finding in new],
        db.moment(now),
        db.moment(slot),
    )


def _grows(row: asyncpg.Record, finding: Finding) -> bool:
    old = _finding(row)
    return old.since == finding.since and finding.until > old.until


def _finding(row: asyncpg.Record) -> Finding:
    return Finding(
        device=row["device"],
        kind=FindingKind(row["kind"]),
        since=db.millis(row["since"]),
        until=db.millis(row["until"]),
        evidence=json.loads(row["evidence"]),
    )
