"""Visits that may have been made between two cells, read from the stored stays. Times are ms."""

import numpy as np

from runtime import db
from tracking.presence.silence import Hidden
from tracking.store.presence import versions

LOOK_BACK_MS = 2 * 86_400_000
"""Older visits do not matter for a cell that is due now."""

_NOW = """
SELECT cell, t_in, t_out FROM stays WHERE kind = 'between' AND t_out >= $1 AND t_in <= $2 AND known_to IS NULL
"""
_THEN = f"""
SELECT cell, t_in, t_out FROM stays
WHERE kind = 'between' AND t_out >= $1 AND t_in <= $2
  AND coalesce(grown_at, known_from) <= $3 AND (known_to IS NULL OR known_to > $3)
UNION ALL
SELECT cell, t_in, t_out FROM stay_growth
WHERE {versions.row_at("$3")} AND kind = 'between' AND t_out >= $1 AND t_in <= $2
"""  # noqa: S608 - our own texts


async def read(conn: db.Connection, index: dict[int, int], lo: int, hi: int, known: int | None = None) -> Hidden:
    """Visits between cells that touch `lo` to `hi` (ms), cut at `hi`.

    Args:
        conn: a connection.
        index: number of a cell in the store → its index.
        lo: ms.
        hi: ms.
        known: as known then, ms; None: as known now.
    """
    bounds = db.moment(lo), db.moment(hi)
    if known is None:
        rows = await conn.fetch(_NOW, *bounds)
    else:
        rows = await conn.fetch(_THEN, *bounds, db.moment(known))
    seen = [row for row in rows if row["cell"] in index]
    return Hidden(
        cell=np.array([index[row["cell"]] for row in seen], dtype=np.intp),
        # With a stay just before, a visit may have ended soon after its begin.
        first=np.array([db.millis(row["t_in"]) for row in seen], dtype=np.int64),
        last=np.array([min(db.millis(row["t_out"]), hi) for row in seen], dtype=np.int64),
    )
