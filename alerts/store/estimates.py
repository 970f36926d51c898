"""Correction factor for estimated arrivals, from past estimates and actual times."""

from runtime import db

DAYS_MS = 14 * 86_400_000
QUANTILE = 0.8
LEAST, MOST = 0.5, 3.0
"""Largest correction; a larger one means an error in the data."""
PRIOR = 20
"""Number of assumed orders with exact estimates, as a prior."""

# The id of an order names its alert and step, and its answer carries it; the estimate is stored with that step.
_RATIOS = """
SELECT extract(epoch FROM (r.facts ->> 'said_at')::timestamptz - g.at) / (g.facts ->> 'arrival_s')::float8 AS ratio
FROM alert_steps g JOIN alert_steps r ON r.alert = g.alert AND r.request = 'a' || g.alert || '-' || g.n || ':arrived'
WHERE g.step = 'assigned' AND g.at > $1 AND g.at <= $2 AND (g.facts ->> 'arrival_s')::float8 >= 60
ORDER BY g.at DESC LIMIT 5000
"""


async def ratio(conn: db.Connection, now: int) -> float:
    """The 80 % quantile of actual ÷ estimated time, of the orders of the last two weeks; 1 without any."""
    rows = await conn.fetch(_RATIOS, db.moment(now - DAYS_MS), db.moment(now))
    return corrected([float(row["ratio"]) for row in rows])


def corrected(ratios: list[float]) -> float:
    """Quantile of past ratios, shrunk towards 1 while they are few. Pure."""
    ordered = sorted([*ratios, *[1.0] * PRIOR])
    return min(max(ordered[int(QUANTILE * (len(ordered) - 1))], LEAST), MOST)
