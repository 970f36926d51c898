"""Which tests run one after the other when test processes run side by side."""

import pytest
from xdist.scheduler import LoadGroupScheduling

DEMO = "demo"
"""The group of the tests that look at the demo of the session: it is started once, not once a process."""


class ByFile(LoadGroupScheduling):  # type: ignore[misc]
    """A process takes whole files, in order; the tests of a group wherever they stand."""

    def _split_scope(self, nodeid: str) -> str:
        """Give the group of a test, or else its file."""
        name, group = nodeid.split("::", 1)[0], nodeid.rpartition("@")[2]
        return group if group == DEMO else name


def group(items: list[pytest.Item]) -> None:
    """Name the group of each test that has one."""
    for item in items:
        if DEMO in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(DEMO))
