"""Proposals of assignments: computed for the whole city periodically, and filtered by sight."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from alerts.coverage import arrival, assignment
from alerts.life.model import GAP
from alerts.store import prepare, reads, shown
from runtime import db
from schemas import alerting, clips
from tracking.store.city import people_store
from web.auth.access import Sight
from web.store import coverage

HELD_S = 5.0
"""Period for which one computation serves all viewers, who ask every few seconds."""
MOST_NEEDS = 500
"""Most alerts, by urgency, since nobody can send more officers at once."""
_RULE = assignment.AssignmentRule()
_WAITING = frozenset({"open", "acknowledged", "escalated"})


@dataclass(frozen=True, slots=True)
class ScopedProposal:
    """A proposal with the numbers that decide on its sight."""

    cell: int
    device: int
    shown: clips.Assignment


class Proposals:
    """The newest proposals, computed again when they are requested and old."""

    def __init__(self) -> None:
        self._at = float("-inf")
        self._made: list[ScopedProposal] = []
        self._lock = asyncio.Lock()

    async def seen(self, pool: db.Pool, place: coverage.CityAt | None, see: Sight) -> list[clips.Assignment]:
        """Proposals for cells in sight by officers in sight, the most urgent first."""
        async with self._lock:
            if time.monotonic() - self._at > HELD_S:
                self._made = await _work_out(pool, place)
                self._at = time.monotonic()
        return [
            proposal.shown
            for proposal in self._made
            if see.sees_cell(proposal.cell) and see.sees_device(proposal.device)
        ]


async def _work_out(pool: db.Pool, place: coverage.CityAt | None) -> list[ScopedProposal]:
    now = time.time_ns() // 1_000_000
    async with pool.acquire() as connection:
        where = (await coverage.load_place(connection, place)).where
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            rule = await reads.arrival_rule(connection, now)
            seen = await reads.read_snapshot(connection, where, now, rule)
            alerts = await shown.standing(connection, 4 * MOST_NEEDS)
            carried = await people_store.bindings(connection, now)
            badges = {officer.id: officer.badge for officer in (await people_store.officers(connection)).values()}
    badge_of = {device: badges.get(binding.officer) for device, binding in carried.items()}
    return await asyncio.to_thread(_propose, where, seen, alerts, badge_of, rule)


def _propose(
    where: reads.CityState,
    seen: reads.Snapshot,
    alerts: Sequence[alerting.Alert],
    badge_of: dict[int, str | None],
    rule: arrival.ArrivalRule,
) -> list[ScopedProposal]:
    at = {cell.code: row for row, cell in enumerate(where.city.cells)}
    wanted = [alert for alert in alerts if alert.kind == GAP and alert.state in _WAITING and alert.cell in at][
        :MOST_NEEDS
    ]
    rows = np.array([at[alert.cell or ""] for alert in wanted], dtype=np.intp)
    free = np.flatnonzero(arrival.eligible(seen.newest, seen.now, rule))
    dues = [db.millis(_due(alert)) for alert in wanted]
    needs = assignment.Needs(
        places=arrival.PlanePoints(x=where.places.x[rows], y=where.places.y[rows], area=where.places.area[rows]),
        left_ms=np.array(dues, dtype=np.int64) - seen.now,
        limit_ms=np.array([alert.facts.get("limit_s", 0) for alert in wanted], dtype=np.int64) * 1000,
        dwell_ms=where.cells.dwell_ms[rows],
        cost=np.array([alert.priority for alert in wanted], dtype=np.float64),
        streets=None if where.streets is None else where.streets.some(rows),
    )
    officers = assignment.Free(
        places=prepare.places_of(where, seen, free), behind_ms=np.zeros(len(free), dtype=np.int64)
    )
    ordered = sum(alert.state == "assigned" for alert in alerts)
    return [
        _made(
            where,
            seen,
            wanted[proposal.need],
            int(rows[proposal.need]),
            int(free[proposal.officer]),
            proposal,
            badge_of,
        )
        for proposal in assignment.propose(needs, officers, _RULE, rule, ordered=ordered)
    ]


def _due(alert: alerting.Alert) -> datetime:
    due = alert.facts.get("due")
    return datetime.fromisoformat(due) if isinstance(due, str) else alert.opened_at


def _made(
    where: reads.CityState,
    seen: reads.Snapshot,
    alert: alerting.Alert,
    row: int,
    officer: int,
    proposal: assignment.Proposal,
    badge_of: dict[int, str | None],
) -> ScopedProposal:
    device = int(seen.newest.device[officer])
    cell = where.city.cells[row]
    return ScopedProposal(
        cell=cell.id,
        device=device,
        shown=clips.Assignment(
            alert=alert.id,
            cell=cell.code,
            device=seen.officers[officer],
            officer=badge_of.get(device),
            arrival_s=proposal.arrival_ms / 1000,
            way_m=proposal.way_m,
        ),
    )
