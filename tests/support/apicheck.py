"""The API against its own document: requests made from the OpenAPI document by schemathesis."""

from typing import Any

import hypothesis
import schemathesis
from schemathesis import checks
from schemathesis.core.result import Err, Ok
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
"""No 5xx; only statuses, media types and bodies that the document names."""


def operations(document: dict[str, Any]) -> list[Any]:
    """Every operation of a document.

    Raises:
        ValueError: the document describes one in a way that cannot be read.
    """
    found = list(schemathesis.openapi.from_dict(document).get_all_operations())
    unread = [each.err() for each in found if isinstance(each, Err)]
    if unread:
        raise ValueError(f"the document cannot be read: {unread}")
    return [each.ok() for each in found if isinstance(each, Ok)]


def exercise(operation: Any, url: str, headers: dict[str, str], *, examples: int) -> None:
    """Send requests made from an operation's description and check the answers.

    Args:
        operation: one of `operations`.
        url: address of the server.
        headers: who asks.
        examples: how many requests.
    """

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy())
    def check(case: Any) -> None:
        response = case.call(base_url=url, headers=headers, timeout=30)
        case.validate_response(response, checks=CHECKS)

    check()
