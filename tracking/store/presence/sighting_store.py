"""Sightings in the database: apparent places of devices, from unreliable fixes. Times are ms."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from runtime import db
from tracking.presence.fixes import FixColumns
from tracking.presence.silence import Sightings
from tracking.store.presence.run_store import LEAST_SILENCE_MS

SLOT_MS = 300_000
"""A clock ahead makes a row for each slot of receipt: what was known at a moment reached no further than its slot."""
Seen = tuple[int, int, int]
"""Number of the cell in the store, from and to, ms."""

_NOTE = """
INSERT INTO sightings (device, cell, why, slot, t_from, t_to, known_from)
SELECT device, cell, 'ahead', slot, t_from, t_to, $6
FROM unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
     AS s(device, cell, slot, t_from, t_to)
ON CONFLICT (device, cell, slot) WHERE why = 'ahead' DO UPDATE
SET t_from = least(sightings.t_from, excluded.t_from), t_to = greatest(sightings.t_to, excluded.t_to)
"""
_CURRENT = """
SELECT id, cell, t_from, t_to FROM sightings WHERE device = $1 AND slot = $2 AND why = 'datum' AND known_to IS NULL
"""
_END = "UPDATE sightings SET known_to = $2 WHERE id = ANY ($1::bigint[])"
_INSERT = """
INSERT INTO sightings (device, cell, why, slot, t_from, t_to, known_from)
SELECT $1, cell, 'datum', $2, t_from, t_to, $3
FROM unnest($4::int[], $5::timestamptz[], $6::timestamptz[]) AS s(cell, t_from, t_to)
"""
# One by a clock ahead grows as messages come: at any moment it reached as far as what had come.
_READ = """
SELECT device, cell, t_from, least(t_to, $2) AS t_to FROM sightings
WHERE t_to >= $1 AND t_from <= $2 AND {holds} ORDER BY device, cell, t_from
"""
_NOW = _READ.format(holds="known_to IS NULL")
_THEN = _READ.format(
    holds="known_from <= $3 AND (known_to IS NULL OR known_to > $3) AND (why <> 'ahead' OR t_from <= $3)"
)


async def note(conn: db.Connection, ahead: FixColumns, cells: NDArray[np.int32], now: int) -> None:
    """Store in which cells (-1: none) devices were whose fixes are refused for a clock ahead, by the receipt."""
    within = by_slot(ahead, cells)
    if within:
        # Sorted, so that two writers take the rows in one order.
        keys = sorted(within)
        await conn.execute(
            _NOTE,
            [device for device, _, _ in keys],
            [cell for _, cell, _ in keys],
            [db.moment(slot) for _, _, slot in keys],
            [db.moment(min(within[key])) for key in keys],
            [db.moment(max(within[key])) for key in keys],
            db.moment(now),
        )


def by_slot(ahead: FixColumns, cells: NDArray[np.int32]) -> dict[tuple[int, int, int], list[int]]:
    """Times of receipt by device, cell (number in the store) and slot. Pure."""
    within: dict[tuple[int, int, int], list[int]] = {}
    for device, cell, at in zip(ahead.device.tolist(), cells.tolist(), ahead.received.tolist(), strict=True):
        if cell >= 0:
            within.setdefault((device, cell, at // SLOT_MS * SLOT_MS), []).append(at)
    return within


def merged(rows: Iterable[tuple[int, int, int, int]]) -> list[Seen]:
    """Join what lies less than a gap apart, of (device, cell, from, to) in order. Pure."""
    stretches: list[tuple[int, int, int, int]] = []
    for device, cell, t_from, t_to in rows:
        if stretches and stretches[-1][:2] == (device, cell) and t_from - stretches[-1][3] <= LEAST_SILENCE_MS:
            stretches[-1] = device, cell, stretches[-1][2], max(stretches[-1][3], t_to)
        else:
            stretches.append((device, cell, t_from, t_to))
    return [stretch[1:] for stretch in stretches]


async def replace(conn: db.Connection, device: int, slot: int, seen: Sequence[Seen], now: int) -> None:
    """Store `seen` for the suspect shift that began at `slot`; earlier versions end."""
    rows = await conn.fetch(_CURRENT, device, db.moment(slot))
    stored = {(row["cell"], db.millis(row["t_from"]), db.millis(row["t_to"])): row["id"] for row in rows}
    ended = [number for key, number in stored.items() if key not in seen]
    new = [stretch for stretch in seen if stretch not in stored]
    if ended:
        await conn.execute(_END, ended, db.moment(now))
    if new:
        cells, starts, ends = ([stretch[part] for stretch in new] for part in range(3))
        moments = [db.moment(t) for t in starts], [db.moment(t) for t in ends]
        await conn.execute(_INSERT, device, db.moment(slot), db.moment(now), cells, *moments)


async def read(conn: db.Connection, index: dict[int, int], lo: int, hi: int, known: int | None = None) -> Sightings:
    """Sightings that touch `lo` to `hi` (ms), cut at `hi`.

    Args:
        conn: a connection.
        index: number of a cell in the store → its index.
        lo: ms.
        hi: ms.
        known: as known then, ms; None: as known now.
    """
    arguments = [db.moment(lo), db.moment(hi if known is None else min(hi, known))]
    if known is None:
        rows = await conn.fetch(_NOW, *arguments)
    else:
        rows = await conn.fetch(_THEN, *arguments, db.moment(known))
    seen = merged(
        (row["device"], row["cell"], db.millis(row["t_from"]), db.millis(row["t_to"]))
        for row in rows
        if row["cell"] in index
    )
    return Sightings(
        cell=np.array([index[cell] for cell, _, _ in seen], dtype=np.intp),
        t_from=np.array([t_from for _, t_from, _ in seen], dtype=np.int64),
        t_to=np.array([t_to for _, _, t_to in seen], dtype=np.int64),
    )
