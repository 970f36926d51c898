"""What imports over REST share: how a trial is asked for, and faults as they are spelt."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query

from schemas import imports
from tracking.grid_faults import GridFault

DryRun = Annotated[bool, Query(description="Only say what would change and what is wrong.")]


def faults(found: Sequence[GridFault]) -> list[imports.GridFault]:
    """Spell faults."""
    return [
        imports.GridFault(kind=one.kind.value, feature=one.feature, code=one.code, zh=one.zh, en=one.en)
        for one in found
    ]
