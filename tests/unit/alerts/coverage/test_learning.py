"""What is learned from past stays, and kept."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from alerts.coverage import habits, learning, risk
from tracking.plans.calendars import DutyCalendar

MONDAY = datetime(2026, 2, 2, 4, tzinfo=UTC)
NOW = round(MONDAY.timestamp() * 1000) + 6 * 3_600_000


@dataclass(frozen=True, slots=True)
class _Cell:
    id: int
    cls: str


@dataclass(frozen=True, slots=True)
class _Town:
    calendar: DutyCalendar
    cells: tuple[_Cell, ...] = (_Cell(7, "public"), _Cell(9, "business"))

    @property
    def index(self) -> dict[int, int]:
        return {cell.id: at for at, cell in enumerate(self.cells)}


CALENDAR = DutyCalendar("Asia/Shanghai", [("00:00", "24:00")])
TOWN = _Town(CALENDAR)
STAYS = [
    {"device": 1, "cell": 7 + 2 * (n % 2), "t_in": MONDAY + timedelta(minutes=20 * n),
     "t_out": MONDAY + timedelta(minutes=20 * n + 5), "valid": True}
    for n in range(12)
]  # fmt: skip


def test_learned_reads_back_as_it_was_kept() -> None:
    """Every column of both halves."""
    learned = learning.fit(TOWN, STAYS, {1: NOW}, NOW)
    again = learning.unpack(learning.pack(learned))
    for one, other in ((learned.survival, again.survival), (learned.habits, again.habits)):
        for field in fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_fit_passes_over_cells_that_are_not_in_force() -> None:
    """A stay in a cell that ended teaches nothing; the waits of the others are counted."""
    gone = {**STAYS[0], "cell": 8}
    learned = learning.fit(TOWN, [*STAYS, gone], {1: NOW}, NOW)
    assert learned.survival.visits.tolist() == [5, 5]


def test_signature_names_cells_and_classes() -> None:
    """What was learned of other cells, or of other classes, is not taken."""
    other = _Town(CALENDAR, (_Cell(7, "public"), _Cell(9, "public")))
    assert learning.signature(TOWN) == learning.signature(_Town(CALENDAR)) != learning.signature(other)


@pytest.mark.parametrize(("visits", "wait_ms"), [(0, learning.EARLY_REFIT_MS), (50, learning.REFIT_MS)])
def test_learning_comes_again_sooner_while_little_is_known(visits: int, wait_ms: int) -> None:
    """Without anything learned it is due at once."""
    learned = learning.unlearned(TOWN)
    learned.survival.visits[:] = visits
    assert learning.again_at(learned, NOW) == NOW + wait_ms
    assert learning.again_at(None, NOW) == 0
    assert isinstance(learned.survival, risk.Survival)
    assert isinstance(learned.habits, habits.Habits)
