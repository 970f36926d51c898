"""Files that the page creates from tracks it has: the export is recorded, and marked with its recipient."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from runtime import db
from schemas.exports import ExportGiven, ExportMark
from tracking.store.tracks import device_store
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.export.marks import FileMark

router = APIRouter(prefix="/exports", tags=["looking back"])


@router.post("")
async def export(
    request: Request,
    pool: Annotated[db.Pool, Depends(context.pool)],
    see: Annotated[Sight, Depends(access.sight)],
    export: ExportGiven,
) -> ExportMark:
    """Record an export; the answer is the mark for the file."""
    wanted = sorted(set(export.devices))
    async with pool.acquire() as connection:
        devices = [device.id for device in await device_store.named(connection, wanted)]
    if len(devices) != len(wanted) or not all(see.sees_device(slot) for slot in devices):
        raise problems.not_found("One of these devices")
    request.scope["audit"] = {
        "action": "export", "form": export.form, "devices": wanted, "purpose": export.purpose,
        "from": export.start.isoformat(), "to": export.end.isoformat(),
    }  # fmt: skip
    return ExportMark(
        mark=FileMark(by=context.principal(request).name, at=datetime.now(UTC), purpose=export.purpose).text()
    )
