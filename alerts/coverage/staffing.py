"""Whether the officers of a street can visit all its due cells; reported once instead of by cell. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.life.facts import Ending, Understaffed
from alerts.life.model import UNDERSTAFFED, Change, Level, OpenAlert, Step
from tracking.presence.fixes import Bool, Int

RELIEF = 0.8
"""An open alert ends when the need falls below this share of the officers' time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetTeam:
    """A street, whose officers can be sent to all its cells."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """Load of n streets within the horizon, as columns."""

    cells: Int
    """Cells that are or fall due."""
    need_ms: Int
    """Time they need: arrivals and visits."""
    officers: Int
    """Eligible officers in the street."""
    have_ms: Int
    """Their time."""


def loads(
    *, street: NDArray[np.intp], streets: int, due: Bool, need_ms: Int, officer_at: NDArray[np.intp], horizon_ms: int
) -> Loads:
    """Sum up by street.

    Args:
        street: index of the street, by cell.
        streets: number of streets.
        due: cells that fall due within the horizon.
        need_ms: arrival and visit, by cell.
        officer_at: index of the cell an officer is nearest to, by officer; -1 none.
        horizon_ms: available time of the officers.
    """
    officers = np.bincount(street[officer_at[officer_at >= 0]], minlength=streets)
    need = np.bincount(street[due], weights=need_ms[due], minlength=streets).astype(np.int64)
    cells = np.bincount(street[due], minlength=streets)
    return Loads(cells=cells, need_ms=need, officers=officers, have_ms=officers * horizon_ms)


def evaluate(
    now: int,
    streets: Sequence[StreetTeam],
    load: Loads,
    opened: Sequence[OpenAlert],
    *,
    crowd: int,
    unclear: Bool | None = None,
) -> tuple[list[Change], Bool]:
    """Decide which streets have too few officers.

    Args:
        now: the moment, ms.
        streets: the streets.
        load: their load and officers.
        opened: open alerts.
        crowd: the rule of too few officers.
        unclear: streets with an unknown load, which do not change.

    Returns:
        The changes, and for each street whether it has too few officers.
    """
    standing = {alert.facts.street: alert for alert in opened if isinstance(alert.facts, Understaffed)}
    held = np.array([street.code in standing for street in streets], dtype=np.bool_)
    crowded = np.where(held, load.cells > crowd // 2, load.cells > crowd)
    short = crowded & (load.need_ms > np.where(held, RELIEF, 1.0) * load.have_ms)
    if unclear is not None:
        short = np.where(unclear, held, short)
    changes = [_change(now, streets[i], load, i, standing, ends=False) for i in np.flatnonzero(short & ~held).tolist()]
    changes += [_change(now, streets[i], load, i, standing, ends=True) for i in np.flatnonzero(held & ~short).tolist()]
    return changes + _gone(now, streets, standing), short


def _gone(now: int, streets: Sequence[StreetTeam], standing: dict[str, OpenAlert]) -> list[Change]:
    """Alerts of streets without cells in force."""
    codes = {street.code for street in streets}
    return [
        Change(
            key=alert.key,
            kind=UNDERSTAFFED,
            step=Step.WITHDRAWN,
            level=alert.level,
            cell=None,
            at=now,
            facts=Ending(why="cell_ended"),
        )
        for code, alert in standing.items()
        if code not in codes
    ]


def _change(now: int, street: StreetTeam, load: Loads, i: int, standing: dict[str, OpenAlert], *, ends: bool) -> Change:
    facts = Understaffed(
        street=street.code,
        name=street.name,
        cells=int(load.cells[i]),
        need_min=int(load.need_ms[i]) // 60_000,
        officers=int(load.officers[i]),
        have_min=int(load.have_ms[i]) // 60_000,
    )
    key = standing[street.code].key if ends else f"{UNDERSTAFFED}:{street.code}:{now}"
    step = Step.RESOLVED if ends else Step.OPENED
    return Change(key=key, kind=UNDERSTAFFED, step=step, level=Level.ORANGE, cell=None, at=now, facts=facts)
