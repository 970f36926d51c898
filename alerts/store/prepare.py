"""Prepares stored data for the rules. Does no I/O."""

import numpy as np
from numpy.typing import NDArray

from alerts.coverage import arrival, learning, outlook
from alerts.coverage.situation import Situation
from alerts.store import weights
from alerts.store.reads import CityState, Snapshot
from tracking.presence.fixes import Bool, Int
from tracking.store.city import city


def situation(
    where: CityState,
    seen: Snapshot,
    rule: arrival.ArrivalRule,
    learned: outlook.Learned | None = None,
    held: Bool | None = None,
) -> Situation:
    """Prepare the data for the rules. Pure.

    Args:
        where: the city.
        seen: the stored data.
        rule: how arrivals are estimated.
        learned: habits from past stays; None: none yet.
        held: cells whose data is still coming in; None: none.
    """
    basis, calendar = seen.basis, where.city.calendar
    free, officers = _free(where, seen, rule)
    arrivals = arrival.nearest(where.places, officers, rule, where.streets)
    judged = city.judge(where.city, basis, arrivals.ms, seen.now)
    gap_start = np.where(basis.last_visit >= 0, basis.last_visit, basis.known_since)
    _, class_of = learning.classes_of(where.city)
    unheard = seen.around.officers.cell[outlook.unheard(seen.around.officers)]
    signs = outlook.Signs(
        class_of=class_of,
        hour=learning.hours(where.city, np.maximum(gap_start, 0)),
        idle_ms=np.maximum(judged.idle_ms, 0),
        left_ms=judged.left_ms,
        span_ms=judged.span_ms,
        inside_ms=np.where(seen.around.inside_since >= 0, seen.now - seen.around.inside_since, -1),
        dwell_ms=where.cells.dwell_ms,
        arrival_ms=arrivals.ms,
        able=arrival.in_time(where.places, officers, judged.left_ms - where.cells.dwell_ms, rule, where.streets),
        unheard=arrival.in_time(where.places, where.places.some(unheard), judged.left_ms, rule),
        officers=seen.around.officers,
        busy=seen.around.busy,
    )
    on_duty = np.flatnonzero(arrival.on_duty(seen.newest, seen.now, rule))
    return Situation(
        now=seen.now,
        on_duty=bool(calendar.duty_ms(np.array([seen.now]), np.array([seen.now + 60_000]))[0]),
        cells=where.cells,
        coverage=judged,
        chance=outlook.chance(learned or learning.unlearned(where.city), signs, weights.fitted()),
        gap_start=gap_start,
        visited=basis.last_visit >= 0,
        present=basis.present,
        inside_since=seen.around.inside_since,
        held=np.zeros(len(gap_start), dtype=np.bool_) if held is None else held,
        heard=basis.heard,
        arrivals=arrivals,
        officer_at=arrival.nearest_cell(where.places, places_of(where, seen, on_duty)),
        officers=[seen.officers[i] for i in free.tolist()],
        clearing=seen.clearing,
        amended=seen.amended,
    )


def arrivals_at(where: CityState, seen: Snapshot, rule: arrival.ArrivalRule, rows: Int) -> Int:
    """How soon an officer can be at some of the cells, given by index, ms. Pure; takes what these cells take."""
    _, officers = _free(where, seen, rule)
    streets = None if where.streets is None else where.streets.some(rows)
    return arrival.nearest(where.places.some(rows), officers, rule, streets).ms


def _free(where: CityState, seen: Snapshot, rule: arrival.ArrivalRule) -> tuple[NDArray[np.intp], arrival.PlanePoints]:
    """Recently active officers who can be sent, with their places."""
    free = np.flatnonzero(arrival.eligible(seen.newest, seen.now, rule))
    return free, places_of(where, seen, free)


def places_of(where: CityState, seen: Snapshot, which: NDArray[np.intp]) -> arrival.PlanePoints:
    """Places of some recently active officers, and areas to which they may be sent."""
    streets = {code: at for at, code in enumerate(where.city.streets)}
    areas = [seen.areas[i] for i in which.tolist()]
    allowed = [arrival.ANYWHERE if area is None else streets.get(area, arrival.ANYWHERE) for area in areas]
    x, y = where.city.grid.xy(seen.newest.lat[which], seen.newest.lon[which])
    return arrival.PlanePoints(x=x, y=y, area=np.array(allowed, dtype=np.intp))
