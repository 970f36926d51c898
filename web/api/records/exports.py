"""Files that a page makes of tracks it was given: recorded, and marked with whom they are for."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from runtime import db
from schemas.exports import ExportGiven, ExportMark
from tracking.store.tracks import device_store
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.export.marks import Mark

router = APIRouter(prefix="/exports", tags=["looking back"])


@router.post("")
async def export(
    request: Request,
    pool: Annotated[db.Pool, Depends(context.pool)],
    see: Annotated[Sight, Depends(access.sight)],
    given: ExportGiven,
) -> ExportMark:
    """Say which file is made; the answer is the mark to put into it."""
    wanted = sorted(set(given.devices))
    async with pool.acquire() as connection:
        found = [device.id for device in await device_store.named(connection, wanted)]
    if len(found) != len(wanted) or not all(see.sees_device(slot) for slot in found):
        raise problems.not_found("One of these devices")
    request.scope["audit"] = {
        "action": "export", "form": given.form, "devices": wanted, "purpose": given.purpose,
        "from": given.start.isoformat(), "to": given.end.isoformat(),
    }  # fmt: skip
    return ExportMark(mark=Mark(by=context.principal(request).name, at=datetime.now(UTC), purpose=given.purpose).text())
