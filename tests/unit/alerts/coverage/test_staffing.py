"""Streets short of officers: said once, with hysteresis."""

import numpy as np

from alerts.coverage import staffing
from alerts.life import facts
from alerts.life.model import UNDERSTAFFED, Change, Level, OpenAlert, Step

STREETS = [staffing.StreetTeam(code="441302010", name="小金口街道")]
HOUR = 3_600_000


def _load(cells: int, officers: int, *, each_ms: int = 600_000) -> staffing.Loads:
    return staffing.loads(
        street=np.zeros(cells, np.intp),
        streets=1,
        due=np.ones(cells, np.bool_),
        need_ms=np.full(cells, each_ms),
        officer_at=np.zeros(officers, np.intp),
        horizon_ms=HOUR,
    )


def _judge(load: staffing.Loads, opened: list[OpenAlert]) -> tuple[list[Change], bool]:
    changes, short = staffing.evaluate(1000, STREETS, load, opened, crowd=8)
    return changes, bool(short[0])


def _alert(change: Change) -> OpenAlert:
    return OpenAlert(
        key=change.key,
        kind=change.kind,
        level=change.level,
        cell=None,
        opened_at=change.at,
        facts=facts.facts_of(change.kind, change.facts.stored()),
    )


def test_evaluate_opens_when_need_exceeds_means() -> None:
    """Twenty cells of ten minutes ask for more than three officers."""
    changes, short = _judge(_load(20, 3), [])
    assert short
    assert [(change.step, change.kind, change.level) for change in changes] == [
        (Step.OPENED, UNDERSTAFFED, Level.ORANGE)
    ]
    assert changes[0].key == "understaffed:441302010:1000"
    assert changes[0].facts.stored() == {
        "street": "441302010", "name": "小金口街道", "cells": 20, "need_min": 200, "officers": 3, "have_min": 180,
    }  # fmt: skip


def test_evaluate_is_silent_when_means_suffice_or_cells_are_few() -> None:
    """Four officers manage twenty cells; eight cells are told one by one even with nobody there."""
    assert _judge(_load(20, 4), []) == ([], False)
    assert _judge(_load(8, 0), []) == ([], False)


def test_evaluate_stays_until_there_is_relief() -> None:
    """An open alert ends below 80 % of the means or with half the crowd, not at the threshold."""
    opened = [_alert(_judge(_load(20, 3), [])[0][0])]
    assert _judge(_load(18, 3), opened) == ([], True)
    for relieved in (_load(14, 3), _load(4, 0)):
        changes, short = _judge(relieved, opened)
        assert not short
        assert [(change.step, change.key) for change in changes] == [(Step.RESOLVED, opened[0].key)]


def test_evaluate_withdraws_when_the_street_is_gone() -> None:
    """A street without cells in force needs nobody."""
    opened = [_alert(_judge(_load(20, 3), [])[0][0])]
    changes, _ = staffing.evaluate(2000, [], _load(0, 0), opened, crowd=8)
    assert [change.step for change in changes] == [Step.WITHDRAWN]
