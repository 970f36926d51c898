"""The one catalogue of sentences about alerts: complete, in both languages, and of fields that exist."""

from string import Formatter

import pytest

from alerts.life import facts, step_facts
from alerts.life.model import KINDS, Step
from alerts.texts import catalogue
from alerts.texts.catalogue import EXTRA

ALL = {**catalogue.ALERTS, **catalogue.STEPS, **catalogue.ENDS, "because": catalogue.BECAUSE}


def test_every_kind_has_its_facts_and_its_sentence() -> None:
    """What can be opened can be stored, read and said; so can each step."""
    assert facts.BY_KIND.keys() == KINDS.keys()
    assert KINDS.keys() <= catalogue.ALERTS.keys()
    assert {name.split(".")[0] for name in catalogue.ALERTS} == KINDS.keys()
    assert {f"step.{step}" for step in Step} <= catalogue.STEPS.keys()


@pytest.mark.parametrize("name", sorted(ALL))
def test_sentence_says_the_same_in_both_languages_by_fields_that_exist(name: str) -> None:
    """No language has a number that the other lacks, and no field is misspelt."""
    kind = name.split(".", maxsplit=1)[0]
    of = step_facts.StepFacts if kind == "step" else facts.BY_KIND.get(kind, facts.Unknown)
    known = {*of.__struct_fields__, *EXTRA}
    zh, en = (_fields(text) for text in ALL[name])
    assert zh == en
    assert zh <= known
    assert all(ALL[name])


def _fields(text: str) -> set[str]:
    return {field.split("[")[0] for _, field, _, _ in Formatter().parse(text) if field}


@pytest.mark.parametrize("kind", sorted(facts.BY_KIND))
def test_stored_facts_that_are_not_known_are_passed_over(kind: str) -> None:
    """A field of another version is no fault, and facts without what their kind must have are still an alert."""
    assert isinstance(facts.facts_of(kind, {"moon": 1}), facts.Facts)
    assert facts.facts_of("moon", {"moon": 1}).stored() == {}
