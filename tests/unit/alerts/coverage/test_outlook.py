"""How probable a breach is, and how probable it must be to be told."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from alerts.coverage import habits, outlook, risk, thresholds
from alerts.store import weights
from tracking.presence.fixes import Float

MINUTE = 60_000
CELLS = 4
KNOWN = outlook.Learned(
    survival=replace(risk.unlearned(1, CELLS), visits=np.full(CELLS, 50, dtype=np.int32)),
    habits=habits.unlearned(CELLS),
)

FITTED = weights.fitted()


def _officers(*, silent_min: int, left: bool = False) -> habits.Where:
    """One officer, who came to cell 2 ten minutes ago."""
    return habits.Where(
        device=np.array([1]), before=np.array([habits.NOWHERE]), cell=np.array([2]), left=np.array([left]),
        since_ms=np.array([10 * MINUTE]), silent_ms=np.array([silent_min * MINUTE]),
    )  # fmt: skip


def _signs(officers: habits.Where, *, left_min: float = 10, unheard: int = 0) -> outlook.Signs:
    """Four cells alike that have waited 50 minutes; nobody who is heard is near."""
    zeros = np.zeros(CELLS, dtype=np.intp)
    return outlook.Signs(
        class_of=zeros, hour=zeros, idle_ms=np.full(CELLS, 50 * MINUTE),
        left_ms=np.full(CELLS, round(left_min * MINUTE)),
        span_ms=np.full(CELLS, 60 * MINUTE), inside_ms=np.full(CELLS, -1), dwell_ms=np.full(CELLS, 5 * MINUTE),
        arrival_ms=np.full(CELLS, -1), able=zeros, unheard=np.full(CELLS, unheard), officers=officers,
        busy=officers.some(np.zeros(1, dtype=np.bool_)),
    )  # fmt: skip


def _chance(signs: outlook.Signs) -> Float:
    return outlook.chance(KNOWN, signs, FITTED)


def test_weights_have_the_names_and_shapes_of_the_features() -> None:
    """The file says what each number is of; a feature without a weight, or the other way round, is refused."""
    kept = weights.read()
    assert kept.weights.keys() == set(outlook.FEATURES)
    assert outlook.features(KNOWN, _signs(_officers(silent_min=5))).shape == (CELLS, len(outlook.FEATURES))
    assert FITTED.by_time.shape == (len(FITTED.left_min), len(outlook.FEATURES))
    assert (np.diff(FITTED.left_min) > 0).all()
    assert FITTED.by_time[0, outlook.FEATURES.index("inside")] == kept.weights["inside"][0]
    for names in (outlook.FEATURES[1:], (*outlook.FEATURES, "moon")):
        with pytest.raises(ValueError, match="fit it anew"):
            msgspec.structs.replace(kept, weights=dict.fromkeys(names, [0.0] * len(kept.left_min))).of()


def test_chance_of_a_cell_is_small_when_an_officer_fell_silent_in_it() -> None:
    """The stay goes on unheard; elsewhere nothing is changed by it, and an officer who had left is not there."""
    made = _chance(_signs(_officers(silent_min=5)))
    assert made[2] < made[0]
    assert made[0] == made[1] == made[3]
    assert len(set(_chance(_signs(_officers(silent_min=5, left=True))))) == 1
    assert len(set(_chance(_signs(_officers(silent_min=2))))) == 1


def test_chance_is_smaller_while_officers_around_are_not_heard() -> None:
    """Who is silent may be on the way: nobody knows."""
    alone, unheard = (_chance(_signs(_officers(silent_min=2), unheard=n))[0] for n in (0, 5))
    assert unheard < alone


def test_chance_is_continuous_in_the_time_left_and_certain_at_the_limit() -> None:
    """Weights are joined by straight lines; when nothing is left it is missed."""
    officers = _officers(silent_min=2)
    for at in FITTED.left_min[1:]:
        before, after = (_chance(_signs(officers, left_min=at + d))[0] for d in (-0.01, 0.01))
        assert before == pytest.approx(after, abs=0.01)
    assert _chance(_signs(officers, left_min=0))[0] == 1


def test_least_chance_is_lowest_at_the_last_moment() -> None:
    """Before it there is time to know better; after it nobody can come in time."""
    by = thresholds.Thresholds.same(thresholds.WarningRule(), 9)
    spare = np.array([-20, -5, -2, 0, 2.5, 3.4, 5, 20, 40]) * MINUTE
    expected = [0.8719, 0.6500, 0.3500, 0.3500, 0.3500, 0.4580, 0.6500, 0.8719, 0.8440]
    assert by.least_chance(spare.astype(np.int64)) == pytest.approx(expected, abs=1e-4)
