"""What is wrong with a rule, value by value."""

import math
from typing import Annotated, ClassVar

import pytest
from pydantic import Field

from alerts.rulebook import rule_values, rulebook
from alerts.rulebook.rule_values import IS_NUMBER, Number, RuleValues, ValueFault, Whole, value, values


class Values(RuleValues):
    """Some of each kind."""

    ordered: ClassVar[tuple[tuple[str, str], ...]] = (("share", "count"),)

    count: Whole = value(3, "数", "count", least=1, most=9)
    share: Number = value(0.5, "比", "share", "%", least=0, most=2)
    waits: tuple[Annotated[int, Field(ge=1, le=60), IS_NUMBER], ...] = values((5, 10), "等", "waits", "min", most=2)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, []),
        ({"count": 1, "share": 0.25, "waits": [1, 60]}, []),
        ({"count": 9.0}, []),
        ({"count": 10}, [ValueFault("count", "must be a whole number from 1 to 9")]),
        ({"count": 0}, [ValueFault("count", "must be a whole number from 1 to 9")]),
        ({"count": 1.5}, [ValueFault("count", "must be a whole number from 1 to 9")]),
        ({"count": True}, [ValueFault("count", "must be a whole number from 1 to 9")]),
        ({"count": "3"}, [ValueFault("count", "must be a whole number from 1 to 9")]),
        ({"share": 2.01}, [ValueFault("share", "must be a number from 0 to 2 %")]),
        ({"share": math.nan}, [ValueFault("share", "must be a number from 0 to 2 %")]),
        ({"share": -math.inf}, [ValueFault("share", "must be a number from 0 to 2 %")]),
        ({"share": 10**400}, [ValueFault("share", "must be a number from 0 to 2 %")]),
        ({"count": 1e300}, [ValueFault("count", "must be a whole number from 1 to 9")]),
        (
            {"other": 1, "count": 0, "share": None},
            [
                ValueFault("other", "unknown; the values are count, share, waits"),
                ValueFault("count", "must be a whole number from 1 to 9"),
                ValueFault("share", "must be a number from 0 to 2 %"),
            ],
        ),
        (
            {"waits": [1, 2, 3]},
            [ValueFault("waits", "must be a list of at most 2, each a whole number from 1 to 60 min")],
        ),
        ({"waits": 5}, [ValueFault("waits", "must be a list of at most 2, each a whole number from 1 to 60 min")]),
        ({"waits": [0]}, [ValueFault("waits", "must be a list of at most 2, each a whole number from 1 to 60 min")]),
        ({"other": 1}, [ValueFault("other", "unknown; the values are count, share, waits")]),
    ],
)
def test_values_are_checked_one_by_one(body: dict[str, object], faults: list[ValueFault]) -> None:
    """Bounds belong to what is allowed; a truth is no number; what is not given is no fault."""
    assert rule_values.faults(Values, body) == faults


def test_a_fault_names_its_place() -> None:
    """However long the name that was given."""
    (fault,) = rule_values.faults(Values, {"x" * 200: 1}, inside="hours.0.")
    assert fault.where == "hours.0." + "x" * 72


@pytest.mark.parametrize(
    ("body", "where"),
    [({}, []), ({"share": 2, "count": 2}, ["share"]), ({"count": 1, "share": 1}, ["share"]), ({"share": 2}, [])],
)
def test_one_value_must_be_less_than_another(body: dict[str, float], where: list[str]) -> None:
    """Defaults stand for what is not given; the fault is with a value that is."""
    assert [fault.where for fault in rule_values.faults(Values, body)] == where


@pytest.mark.parametrize("name", rulebook.KINDS)
def test_the_defaults_of_each_kind_of_rule_are_valid(name: str) -> None:
    """What holds without any rule could be given as one, in the city."""
    kind = rulebook.KINDS[name]
    body = {field.name: field.default for field in kind.fields()}
    assert rulebook.faults(kind, "city", body) == []
    assert [fault.message[:24] for fault in rulebook.faults(kind, "moon:1", body)] == ["rules of this kind apply"]
    assert [fault.message[:31] for fault in rulebook.faults(kind, "city", {})] == ["a rule needs at least one value"]


def test_values_for_some_hours_are_checked_with_their_place() -> None:
    """An entry says which hours and at least one value; a list of what is no entry is one fault."""
    kind = rulebook.KINDS[rulebook.WARNING]
    name = kind.fields()[0].name
    good = {"days": ["workday"], "hours": [["08:00", "10:00"]]}
    value = {name: kind.fields()[0].default}
    entries = [{**good, **value}, {"hours": [["08:00", "10:00"]]}, {**good, "other": 1}]
    found = [fault.where for fault in rulebook.faults(kind, "city", {rulebook.HOURS: entries})]
    assert "hours.1" in found
    assert "hours.2.other" in found
    assert not [where for where in found if where.startswith("hours.0")], found
    (wrong,) = rulebook.faults(kind, "city", {rulebook.HOURS: ["x"]})
    assert wrong.where == rulebook.HOURS
