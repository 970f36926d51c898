"""Number of rows that a query reads, which does not depend on the machine."""

import json
from typing import Any

from runtime import db


async def rows(conn: db.Connection, query: str, *arguments: Any) -> int:
    """Rows that the query's scans read, those it then threw away included."""
    plan = json.loads(await conn.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}", *arguments))
    return _read(plan[0]["Plan"])


def _read(node: dict[str, Any]) -> int:
    children = node.get("Plans", [])
    if children:
        return sum(_read(child) for child in children) + _thrown(node)
    return int(node["Actual Rows"] * node["Actual Loops"]) + _thrown(node)


def _thrown(node: dict[str, Any]) -> int:
    names = ("Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")
    return int(sum(node.get(name, 0) for name in names) * node["Actual Loops"])
