"""Stays in the database: every version kept, the newest one current. Times are ms since 1970-01-01 UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from runtime import db
from schemas import rest
from tracking.presence.stays import Stay, StayChange, StayKind
from tracking.store.city import belonging
from tracking.store.presence import versions
from tracking.store.records import event_log

_CURRENT = """
SELECT s.id, s.device, s.t_in, s.cell, s.kind, s.open, coalesce(s.grown_at, s.known_from) AS since FROM stays s
JOIN unnest($1::int[], $2::timestamptz[]) AS k(device, t_in) USING (device, t_in)
WHERE s.known_to IS NULL FOR UPDATE OF s
"""
# The previous state goes into the history, unless nobody can have seen it.
_REMEMBER = """
INSERT INTO stay_growth
SELECT s.id, s.cell, s.t_in, s.t_out, s.dwell_ms, s.path_m, s.fixes, s.kind, s.open,
       coalesce(s.grown_at, s.known_from), k.at, s.other
FROM stays s JOIN unnest($1::bigint[], $2::timestamptz[]) AS k(id, at) USING (id)
WHERE coalesce(s.grown_at, s.known_from) < k.at
"""
_GROW = """
UPDATE stays s SET t_out = g.t_out, dwell_ms = g.dwell_ms, path_m = g.path_m, fixes = g.fixes, kind = g.kind,
                   open = g.open, other = g.other, grown_at = g.at
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[], $4::int[], $5::float8[], $6::int[], $7::text[],
            $8::bool[], $9::int[]) AS g(id, at, t_out, dwell_ms, path_m, fixes, kind, open, other)
WHERE s.id = g.id
"""
_CLOSE = """
UPDATE stays s SET known_to = c.at, reason = c.reason::jsonb
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS c(id, at, reason) WHERE s.id = c.id
"""
_INSERT = """
INSERT INTO stays (device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, other, known_from, cause)
SELECT device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, other, at, cause::jsonb
FROM unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::int[],
            $8::float8[], $9::int[], $10::text[], $11::bool[], $12::int[])
     AS s(device, cell, t_in, at, cause, t_out, dwell_ms, path_m, fixes, kind, open, other)
RETURNING id, kind
"""
_STORED = """
SELECT device, cell, t_in, t_out, dwell_ms, path_m, fixes, kind, open, other FROM stays
WHERE device = $1 AND t_in >= $2 AND t_in <= $3 AND known_to IS NULL ORDER BY t_in
"""
_COLUMNS = """
SELECT s.id, {name} AS device, c.code AS cell, s.t_in, s.t_out, s.dwell_ms, s.path_m, s.fixes, s.kind, s.open,
       o.code AS other, s.known_from, s.known_to, s.reason, s.cause
FROM stays s JOIN devices d ON d.id = s.device JOIN cells c ON c.id = s.cell LEFT JOIN cells o ON o.id = s.other
"""
_SHOWN = _COLUMNS.format(name="d.name")
_SEEN = _COLUMNS.format(name=belonging.name("$10"))
_BY_ID = _SHOWN + "WHERE s.id = ANY($1::bigint[]) ORDER BY s.known_from, s.t_in, s.id"
_FILTER = f"""
AND {belonging.among("s.cell", "$9")} AND ($1::text IS NULL OR c.code = $1)
AND ($2::text IS NULL OR {belonging.name("$10")} = $2)
AND ($3::timestamptz IS NULL OR s.t_out >= $3) AND ($4::timestamptz IS NULL OR s.t_in < $4)
AND ($5::text IS NULL OR s.kind = $5)
AND ($6::timestamptz IS NULL OR (s.t_in, s.id) < ($6, $7::bigint))
ORDER BY s.t_in DESC, s.id DESC LIMIT $8
"""
_NOW = _SEEN + "WHERE s.known_to IS NULL" + _FILTER
_THEN = f"""
SELECT s.id, {belonging.name("$10")} AS device, c.code AS cell, s.t_in, s.t_out, s.dwell_ms, s.path_m,
       s.fixes, s.kind, s.open, o.code AS other, v.known_from, v.known_to, v.reason, v.cause
FROM (SELECT g.*, g.stay AS id FROM stay_growth g WHERE {versions.row_at("$11", "g.")}) s
JOIN stays v ON v.id = s.stay JOIN devices d ON d.id = v.device JOIN cells c ON c.id = s.cell
LEFT JOIN cells o ON o.id = s.other
WHERE true
"""  # noqa: S608 - our own texts
# Of each part only the page: together they hold the page of the whole.
_AS_OF = f"""
SELECT * FROM (
  ({_SEEN} WHERE coalesce(s.grown_at, s.known_from) <= $11 AND (s.known_to IS NULL OR s.known_to > $11) {_FILTER})
  UNION ALL ({_THEN} {_FILTER})) AS both_parts
ORDER BY t_in DESC, id DESC LIMIT $8
"""  # noqa: S608 - built from constants of this file


@dataclass(frozen=True, slots=True, kw_only=True)
class StayFilter:
    """Filters of a list of stays; None: no filter. Times in ms."""

    cell: str | None = None
    """Code of the unit cell."""
    device: str | None = None
    """Name of the device."""
    t_from: int | None = None
    """Stays that lasted until then or longer."""
    t_to: int | None = None
    """Stays that began before."""
    kind: StayKind | None = None
    known_at: int | None = None
    """As known then; None: as known now."""
    seen: belonging.SightFilter = belonging.ALL


async def load(conn: db.Connection, device: int, t_from: int, t_to: int) -> list[Stay]:
    """Current stays of the device that began from `t_from` to `t_to`, ends included, in order."""
    rows = await conn.fetch(_STORED, device, db.moment(t_from), db.moment(t_to))
    return [_stay(row) for row in rows]


async def apply(conn: db.Connection, changes: Sequence[StayChange], now: int) -> list[event_log.Item]:
    """Store `changes`, inside the caller's transaction.

    A change without a reason to the same cell grows the current row in place, and the state it had becomes history;
    any other closes it and adds a version.

    Args:
        conn: within a transaction.
        changes: of one key the last one counts.
        now: time of the change, ms.

    Returns:
        Event log items of stays that became valid visits, ended as such, or are no longer valid.
    """
    newest = {(change.device, change.t_in): change for change in changes}
    if not newest:
        return []
    current = await _current(conn, list(newest))
    grown, added, closed = _sort_out(list(newest.values()), current)
    known = _Known(current, now)
    await _grow(conn, grown, known)
    await _close(conn, closed, known)
    inserted = await _add(conn, added, known)
    return await _items(conn, _worth_telling(grown, closed, current) + inserted)


_Key = tuple[int, int]
_Current = dict[_Key, "asyncpg.Record"]


@dataclass(frozen=True, slots=True)
class _Known:
    """Current rows for the changes, and the moment from which their new state is known."""

    current: _Current
    now: int

    def id(self, key: _Key) -> int:
        """Number of the current row of a key."""
        return int(self.current[key]["id"])

    def at(self, key: _Key) -> datetime:
        """Never before the state it replaces, even if a clock was set back: versions of a key must not overlap."""
        row, moment = self.current.get(key), db.moment(self.now)
        return moment if row is None else max(moment, row["since"])


def _sort_out(
    changes: Sequence[StayChange], current: _Current
) -> tuple[list[Stay], list[StayChange], list[StayChange]]:
    """Split into stays that grow in place, changes that add a version, and changes that end the current one."""
    grown: list[Stay] = []
    added: list[StayChange] = []
    closed: list[StayChange] = []
    for change in changes:
        row = current.get((change.device, change.t_in))
        if row is not None and change.stay is not None and change.reason is None and row["cell"] == change.stay.cell:
            grown.append(change.stay)
            continue
        if row is not None:
            closed.append(change)
        if change.stay is not None:
            added.append(change)
    return grown, added, closed


def _worth_telling(grown: list[Stay], closed: list[StayChange], current: _Current) -> list[int]:
    ended = [current[change.device, change.t_in] for change in closed]
    visits = [int(row["id"]) for row in ended if row["kind"] == StayKind.VISIT]
    for stay in grown:
        row = current[stay.device, stay.t_in]
        turned = (row["kind"] == StayKind.VISIT) != (stay.kind is StayKind.VISIT)
        if turned or (stay.kind is StayKind.VISIT and row["open"] != stay.open):
            visits.append(int(row["id"]))
    return visits


async def listed(
    conn: db.Connection, which: StayFilter, *, limit: int, after: tuple[int, int] | None = None
) -> list[rest.Stay]:
    """At most `limit` stays, newest first; `after` is (t_in in ms, id) of the last one already seen."""
    arguments: list[Any] = [
        which.cell,
        which.device,
        _moment(which.t_from),
        _moment(which.t_to),
        which.kind,
        None if after is None else db.moment(after[0]),
        None if after is None else after[1],
        limit,
        which.seen.cells,
        which.seen.devices,
    ]
    if which.known_at is None:
        rows = await conn.fetch(_NOW, *arguments)
    else:
        rows = await conn.fetch(_AS_OF, *arguments, db.moment(which.known_at))
    return [to_rest(row) for row in rows]


def to_rest(row: "asyncpg.Record") -> rest.Stay:
    """Return the REST model of a row that carries the names of device and cell."""
    fields = dict(row)
    reason, cause = _reason(fields.pop("reason")), _reason(fields.pop("cause"))
    return rest.Stay(dwell_s=fields.pop("dwell_ms") / 1000, reason=reason, cause=cause, **fields)


def _reason(stored: str | None) -> rest.Reason | None:
    return None if stored is None else rest.Reason.model_validate_json(stored)


async def _current(conn: db.Connection, keys: Sequence[_Key]) -> _Current:
    rows = await conn.fetch(_CURRENT, [device for device, _ in keys], [db.moment(t_in) for _, t_in in keys])
    return {(row["device"], db.millis(row["t_in"])): row for row in rows}


async def _grow(conn: db.Connection, stays: list[Stay], known: _Known) -> None:
    if not stays:
        return
    keys = [(stay.device, stay.t_in) for stay in stays]
    ids, moments = [known.id(key) for key in keys], [known.at(key) for key in keys]
    await conn.execute(_REMEMBER, ids, moments)
    await conn.execute(_GROW, ids, moments, *_measures(stays))


async def _close(conn: db.Connection, closed: list[StayChange], known: _Known) -> None:
    if closed:
        keys = [(change.device, change.t_in) for change in closed]
        moments = [known.at(key) for key in keys]
        await conn.execute(_CLOSE, [known.id(key) for key in keys], moments, [change.reason for change in closed])


async def _add(conn: db.Connection, added: list[StayChange], known: _Known) -> list[int]:
    """Insert new versions and return the numbers of those that are valid visits."""
    stays = [change.stay for change in added if change.stay is not None]
    if not stays:
        return []
    rows = await conn.fetch(
        _INSERT,
        [stay.device for stay in stays],
        [stay.cell for stay in stays],
        [db.moment(stay.t_in) for stay in stays],
        [known.at((stay.device, stay.t_in)) for stay in stays],
        [change.reason for change in added],
        *_measures(stays),
    )
    return [int(row["id"]) for row in rows if row["kind"] == StayKind.VISIT]


async def _items(conn: db.Connection, ids: list[int]) -> list[event_log.Item]:
    if not ids:
        return []
    return [("stay", to_rest(row).model_dump(mode="json")) for row in await conn.fetch(_BY_ID, ids)]


def _measures(stays: list[Stay]) -> tuple[list[Any], ...]:
    return (
        [db.moment(stay.t_out) for stay in stays],
        [stay.dwell_ms for stay in stays],
        [stay.path_m for stay in stays],
        [stay.fixes for stay in stays],
        [stay.kind.value for stay in stays],
        [stay.open for stay in stays],
        [stay.other for stay in stays],
    )


def _stay(row: "asyncpg.Record") -> Stay:
    fields: dict[str, Any] = dict(row)
    t_in, t_out, kind = db.millis(fields.pop("t_in")), db.millis(fields.pop("t_out")), StayKind(fields.pop("kind"))
    return Stay(t_in=t_in, t_out=t_out, kind=kind, **fields)


def _moment(ms: int | None) -> Any:
    return None if ms is None else db.moment(ms)
