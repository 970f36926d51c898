"""Every module of rules has a unit test that names it: what is pure is easy to test by itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.layout import ROOT, modules, rules

TESTS = ROOT / "tests" / "unit"

THROUGH = {
    "alerts.coverage.warning_rules": "tests/integration/alerts/test_watch.py",
    "alerts.officers.crowding": "tests/unit/alerts/officers/test_detectors.py",
    "alerts.officers.memory": "tests/integration/alerts/test_officers.py",
    "alerts.privacy.mentions": "tests/unit/alerts/privacy/test_redaction.py",
    "tracking.city.grid_checks": "tests/unit/tracking/city/test_grids.py",
    "tracking.geometry.division": "tests/unit/tracking/geometry/test_squares.py",
    "tracking.geometry.segments": "tests/unit/tracking/geometry/test_lookup.py",
    "tracking.geometry.validate": "tests/unit/tracking/city/test_grids.py",
    "tracking.plans.plan": "tests/unit/tracking/plans/test_plans.py",
    "tracking.presence.between": "tests/unit/tracking/presence/test_between.py",
    "tracking.presence.reports": "tests/unit/tracking/presence/test_engine.py",
    "tracking.presence.undecided": "tests/unit/tracking/presence/test_between.py",
    "tracking.presence.walk": "tests/unit/tracking/presence/test_engine.py",
    "tracking.routes.route_file": "tests/integration/web/test_patrol_routes.py",
    "ingest.decoding.rehearsal": "tests/integration/ingest/test_misfit.py",
    "web.live.frames.parts": "tests/unit/web/live/frames/test_frame_source.py",
}
"""Modules that a test holds through the one that calls them. Give a module a test of its own and take it off."""
NO_RULES = {"alerts.life.reply", "alerts.coverage.situation"}
"""Nothing but fields."""


def names() -> list[str]:
    """Names of the modules of rules."""
    files = modules(*(folder.replace(".", "/") for folder in rules()))
    return [".".join(file.with_suffix("").parts) for file in files if file.name != "__init__.py"]


def named() -> set[str]:
    """What unit tests import, by their own hand."""
    return {name for file in TESTS.rglob("*.py") for name in _imports(file)}


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def test_every_module_of_rules_has_a_unit_test() -> None:
    """Whichever has none is listed here, and in `THROUGH` only as long as it has none."""
    held = set(names())
    assert len(held) > 100
    assert held - named() - THROUGH.keys() - NO_RULES == set(), "give these a unit test"
    assert THROUGH.keys() & named() == set(), "these have one now: take them out of THROUGH"
    assert (THROUGH.keys() | NO_RULES) <= held, "these are no modules of rules"


def test_what_is_held_through_another_module_names_a_test_that_is_there() -> None:
    """Each path exists."""
    assert [path for path in THROUGH.values() if not (ROOT / path).is_file()] == []
