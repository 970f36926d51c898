"""A service the tests need is not there: a failure in CI, elsewhere a skip that says how to get it."""

import os
from typing import NoReturn

import pytest


def missing(what: str, remedy: str) -> NoReturn:
    """Fail or skip the test that asked for the service."""
    text = f"{what} is missing; {remedy}"
    if os.environ.get("CI"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)
