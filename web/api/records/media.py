"""Photographs and recordings of events: uploaded by their hash, visible to everybody who sees the event."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import FileResponse, Response

from runtime import db
from schemas import rest
from tracking.store.tracks import media_store
from tracking.store.tracks.media_store import MediaSender
from web import context, problems
from web.auth import access
from web.auth.access import Sight
from web.export.media import Receiver

router = APIRouter(prefix="/media", tags=["records"])

MOST_BYTES = 1 << 40
"""Largest size that an event can announce; a setting limits what is accepted."""

Pool = Annotated[db.Pool, Depends(context.pool)]
See = Annotated[Sight, Depends(access.sight)]
Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, lower-case hexadecimal.")]
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_FILE = dict.fromkeys(("image/*", "audio/*", "video/*"), _BYTES)
_ALONE = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store"}
"""Headers with which a file runs no code and is not cached, whatever its type."""


def _receiver(request: Request) -> Receiver:
    receiver = context.context(request).media
    if receiver is None:
        raise problems.ProblemError(503, "There is no media folder; set PATROL_MEDIA_DIR.")
    return receiver


@router.put(
    "/{sha256}",
    max_body_size=MOST_BYTES,
    responses={201: {"model": rest.Media, "description": "It was stored."}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/octet-stream": _BYTES}},
        "security": [{"bearer": []}, {"session": []}, {"device": []}],
    },
)
async def send(
    request: Request,
    response: Response,
    pool: Pool,
    see: See,
    receiver: Annotated[Receiver, Depends(_receiver)],
    sha256: Hash,
) -> rest.Media:
    """Upload a file named by a stored event, by the device of the event or by somebody who sees the event.

    The bytes must have the hash and the announced size, and match the type. 200: it was sent before.
    """
    sender = MediaSender(device=context.principal(request).device, seen=see.seen)
    length = request.headers.get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() else None
    stored, came = await receiver.take(pool, sha256, sender, size, request.stream())
    request.scope["audit"] = {"action": "media.store", "bytes": stored.bytes}
    response.status_code = 201 if came else 200
    return rest.Media(sha256=sha256, mime=stored.mime, bytes=stored.bytes)


@router.get(
    "/{sha256}",
    response_class=FileResponse,
    responses={
        200: {"description": "The file, whole.", "content": _FILE},
        206: {"description": "The range that was asked for.", "content": _FILE},
        400: {"description": "The range cannot be read.", "content": {"text/plain": {}}},
        416: {"description": "The range lies outside of the file.", "content": {"text/plain": {}}},
    },
)
async def see_one(
    request: Request, pool: Pool, see: See, receiver: Annotated[Receiver, Depends(_receiver)], sha256: Hash
) -> FileResponse:
    """A photograph or recording of an event in sight; supports byte ranges."""
    async with pool.acquire() as conn:
        shown = await media_store.shown(conn, sha256, see.seen)
    place = receiver.files.place(sha256)
    if shown is None or not place.is_file():
        raise problems.not_found(f"Media {sha256}")
    named = [] if shown.device is None else [shown.device]
    request.scope["audit"] = {"action": "look", "event": shown.event, "devices": named}
    return FileResponse(place, media_type=shown.mime, headers={**_ALONE, "Content-Disposition": "inline"})
