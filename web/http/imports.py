"""Shared by imports over REST: the parameter for dry runs, and the answer to files with faults."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query

from schemas import imports
from tracking.city.grid_faults import GridFault
from web import problems
from web.http import problem_documents

DryRun = Annotated[bool, Query(description="Dry run: report what would change, import nothing.")]

REFUSES: dict[int | str, dict[str, Any]] = {
    422: {
        "description": "The file has faults, or a parameter is wrong: nothing of the file is taken.",
        "content": {
            problem_documents.MEDIA_TYPE: {
                "schema": {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("ImportProblem", "Problem")]}
            }
        },
    }
}
"""Answer of an import to a file with faults."""
_NAMED = 3


def refused(listed: Sequence[GridFault]) -> problems.ProblemError:
    """Refuse a file with at least one fault."""
    some = "; ".join(str(fault) for fault in listed[:_NAMED])
    more = f"; and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    faults = [
        imports.GridFault(kind=fault.kind.value, feature=fault.feature, code=fault.code, zh=fault.zh, en=fault.en)
        for fault in listed
    ]
    return problems.ProblemError(
        422,
        f"Nothing was imported: {some}{more}.",
        title="The file has faults",
        faults=[fault.model_dump() for fault in faults],
    )
