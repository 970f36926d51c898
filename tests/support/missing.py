"""Programs that tests need but are missing: a failure in CI, elsewhere a skip with instructions."""

import os
import shutil
from typing import NoReturn

import pytest

OPTIONAL = "optional: "
"""Begins the reason of a skip that CI may make, too: of what no package registry has."""

CI = bool(os.environ.get("CI"))

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do this: run the tests as root")


def missing(what: str, remedy: str) -> NoReturn:
    """Skip the test that asked for the service; in CI, fail it."""
    pytest.skip(f"{what} is missing; {remedy}")


def needs_program(name: str, package: str) -> pytest.MarkDecorator:
    """Mark a test that runs a program of the system."""
    reason = f"{name} is missing; install it, on Debian with: sudo apt-get install {package}"
    return pytest.mark.skipif(shutil.which(name) is None, reason=reason)


def judged(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a skip a failure in CI, unless what is missing is optional."""
    if not CI or report.outcome != "skipped" or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return
    path, line, reason = report.longrepr
    if OPTIONAL not in reason:
        report.outcome = "failed"
        report.longrepr = f"{path}:{line}: CI may skip nothing that it could install. {reason}"
