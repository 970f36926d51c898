"""Required visits in the database: how many were made in the open windows."""

from collections.abc import Sequence

import numpy as np

from runtime import db
from tracking.coverage import coverage
from tracking.plans import plans
from tracking.plans.calendars import DutyCalendar
from tracking.store.presence import versions

# A walk along the index for each window, as long as its visits.
_DONE = """
{known}SELECT (SELECT count(*) FROM stays s
        WHERE s.cell = w.cell AND s.kind = 'visit' AND s.t_in >= w.lo AND s.t_in <= $4 AND {holds}){more}
FROM unnest($1::int[], $2::timestamptz[], $3::int[]) AS w(cell, lo, n) ORDER BY w.n
"""
_NOW = _DONE.format(holds="s.known_to IS NULL", known="", more="")
# A stay that grew since was known as what it was before; those of then are read once, not for each window.
_THEN = _DONE.format(
    holds="coalesce(s.grown_at, s.known_from) <= $5 AND (s.known_to IS NULL OR s.known_to > $5)",
    known=f"""
WITH grown AS MATERIALIZED (
  SELECT cell, t_in FROM stay_growth WHERE {versions.row_at("$5")} AND kind = 'visit' AND t_in <= $4)
""",  # noqa: S608 - our own texts
    more=" + (SELECT count(*) FROM grown g WHERE g.cell = w.cell AND g.t_in >= w.lo)",
)


async def read(
    conn: db.Connection,
    planned: plans.Plans,
    calendar: DutyCalendar,
    cells: Sequence[int],
    now: int,
    known: int | None = None,
) -> coverage.Quota:
    """Required visits of each cell in the window that is open at `now` (ms).

    Args:
        conn: a connection.
        planned: the plans.
        calendar: the city's calendar.
        cells: number in the store of each cell, in the order of the plans.
        now: the moment.
        known: as known then, ms; None: as known now.
    """
    windows = planned.windows(now, now + 1, calendar)
    if not len(windows):
        return coverage.Quota.none(len(cells))
    ids = [cells[at] for at in windows.cell.tolist()]
    begins = [db.moment(start) for start in windows.start.tolist()]
    arguments = [ids, begins, list(range(len(ids))), db.moment(now)]
    if known is None:
        rows = await conn.fetch(_NOW, *arguments)
    else:
        rows = await conn.fetch(_THEN, *arguments, db.moment(known))
    done = np.array([row[0] for row in rows], dtype=np.int32)
    return plans.quota(windows, done, planned.at(now).dwell_ms)
