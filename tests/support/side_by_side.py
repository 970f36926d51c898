"""Which tests run in sequence in parallel runs: those of one file, and those of the demo."""

import pytest
from xdist.scheduler import LoadFileScheduling

_DEMO = (
    "tests/acceptance/test_demo.py",
    "tests/acceptance/test_metrics.py",
    "tests/acceptance/test_operate.py",
    "tests/acceptance/test_secrets.py",
    "tests/browser/test_desk.py",
    "tests/browser/test_ground.py",
    "tests/browser/test_imports.py",
    "tests/browser/test_indicators.py",
    "tests/browser/test_map.py",
    "tests/browser/test_pages.py",
)
"""Files whose tests look at the demo of the session: one process has them, so that one demo is started."""


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """A process takes whole files, in order."""

    def _split_scope(self, nodeid: str) -> str:
        """Give what one process does in one go."""
        file = str(super()._split_scope(nodeid))
        return "demo" if file in _DEMO else file


def check(items: list[pytest.Item]) -> None:
    """See that each file with a test of the demo is named above.

    Raises:
        UsageError: it is not.
    """
    files = {item.nodeid.split("::", 1)[0] for item in items if "demo" in getattr(item, "fixturenames", ())}
    if files - set(_DEMO):
        raise pytest.UsageError(f"name in tests/support/side_by_side.py what uses the demo: {files - set(_DEMO)}")
