"""Metrics of PromQL expressions, with the labels that are matched or grouped by."""

from collections.abc import Iterator
from typing import Any

import promql_parser

_PARTS = ("lhs", "rhs", "expr", "param", "args", "vector_selector")
_SUFFIXES = ("_bucket", "_count", "_sum")


def asked(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Metric → label names, for each selector; those that an aggregation groups by count for all below it.

    Raises:
        ValueError: it is no PromQL.
    """
    yield from _walk(promql_parser.parse(expression.replace("$__rate_interval", "5m")), set())


def family(name: str) -> str:
    """Name of the family that a sample of a histogram belongs to, else the name itself."""
    return next((name.removesuffix(suffix) for suffix in _SUFFIXES if name.endswith(suffix)), name)


def _walk(node: Any, grouped: set[str]) -> Iterator[tuple[str, set[str]]]:
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name or "", grouped | {matcher.name for matcher in node.matchers.matchers}
        return
    modifier = getattr(node, "modifier", None)
    by = set(getattr(modifier, "labels", ())) if isinstance(node, promql_parser.AggregateExpr) else set()
    for part in _PARTS:
        below = getattr(node, part, None)
        for each in below if isinstance(below, list) else [below]:
            if each is not None and not isinstance(each, (str, float)):
                yield from _walk(each, grouped | by)
