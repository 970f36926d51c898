"""Receives photographs and recordings: complete, with the announced size and hash, and of an accepted type."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from starlette.requests import ClientDisconnect

from runtime import db
from tracking.records import media_types
from tracking.store.tracks import media_store
from tracking.store.tracks.media_files import FullError, Incoming, MediaFiles
from tracking.store.tracks.media_store import Announced, MediaSender, StoredMedia
from web import problems

AT_ONCE = 16
"""Files a process receives at a time."""
CHUNK_S = 30.0
"""Time without data after which a sender is given up."""
_PIECE = 1 << 20

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Receiver:
    """Receives files into the store."""

    files: MediaFiles
    most_bytes: int
    """Of one file."""
    _free: int = AT_ONCE

    async def take(
        self, pool: db.Pool, sha256: str, sender: MediaSender, size: int | None, body: AsyncIterator[bytes]
    ) -> tuple[StoredMedia, bool]:
        """Store a file for the events of the sender that name it; returns the file, and whether it is new.

        Args:
            pool: the database.
            sha256: hash that the file must have.
            sender: owner of the events.
            size: bytes announced by the sender; None: not announced.
            body: the bytes; not read if the sender sent them before.

        Raises:
            ProblemError: no event names it, or it differs from the event.
        """
        async with pool.acquire() as conn:
            wanted = await media_store.announced(conn, sha256, sender)
            known = await self._sent_before(conn, sha256, wanted)
        if known is not None:
            return known, False
        if not wanted:
            raise _not_named(sha256)
        most = self._most(wanted, size)
        if self._free == 0:
            raise problems.ProblemError(503, "Too many uploads at once; try again.", headers={"Retry-After": "5"})
        self._free -= 1
        try:
            return await self._receive(pool, sha256, wanted, most, body), True
        finally:
            self._free += 1

    async def _sent_before(self, conn: db.Connection, sha256: str, wanted: Sequence[Announced]) -> StoredMedia | None:
        """A sender that sent the bytes for one event has proved to have them: they count for its other events, too."""
        if not any(file.sent for file in wanted) or not await asyncio.to_thread(self.files.place(sha256).is_file):
            return None
        async with conn.transaction():
            known = await media_store.of(conn, sha256)
            if known is not None:
                await media_store.link(conn, sha256, [file.event for file in wanted if file.bytes == known.bytes])
        return known

    def _most(self, wanted: Sequence[Announced], size: int | None) -> int:
        sizes = {file.bytes for file in wanted}
        if size is not None and size not in sizes:
            raise problems.ProblemError(422, f"The file has {size} bytes; the event says {_listed(sizes)}.")
        most = max(sizes) if size is None else size
        if most > self.most_bytes:
            raise problems.ProblemError(
                413,
                f"A file may have at most {self.most_bytes} bytes; send parts of it, or raise PATROL_MEDIA_MOST_MB.",
            )
        return most

    async def _receive(
        self, pool: db.Pool, sha256: str, wanted: Sequence[Announced], most: int, body: AsyncIterator[bytes]
    ) -> StoredMedia:
        incoming = await _of_disk(self.files.begin, most)
        try:
            await _write(incoming, most, body)
            digest = await _of_disk(incoming.whole)
            fitting = _fitting(incoming, wanted)
            if digest != sha256:
                raise problems.ProblemError(
                    422, f"The bytes have the SHA-256 {digest}, which is not the one in the address."
                )
            if fitting[0] is None:
                raise problems.ProblemError(
                    415, "The content does not match the type in the event; send a photograph or a recording."
                )
            async with pool.acquire() as conn, conn.transaction():
                media = StoredMedia(mime=fitting[0], bytes=incoming.size)
                stored = await media_store.put(conn, sha256, media)
                await media_store.link(conn, sha256, fitting[1])
                await _of_disk(lambda: incoming.keep(self.files.place(sha256)))
            return stored
        finally:
            await asyncio.to_thread(incoming.discard)


def _fitting(incoming: Incoming, wanted: Sequence[Announced]) -> tuple[str | None, list[str]]:
    """Media type of the file, and the events that announced it."""
    sized = [file for file in wanted if file.bytes == incoming.size]
    if not sized:
        sizes = _listed({file.bytes for file in wanted})
        raise problems.ProblemError(422, f"{incoming.size} bytes were received; the event says {sizes}.")
    kinds = [(file.event, media_types.kind(file.mime, incoming.head)) for file in sized]
    return next((kind for _, kind in kinds if kind), None), [event for event, kind in kinds if kind]


async def _write(incoming: Incoming, most: int, body: AsyncIterator[bytes]) -> None:
    piece = bytearray()
    async for chunk in _timely(body):
        piece += chunk
        if incoming.size + len(piece) > most:
            raise problems.ProblemError(422, f"More than the {most} announced bytes were received.")
        if len(piece) >= _PIECE:
            await _of_disk(_taking(incoming, bytes(piece)))
            piece.clear()
    await _of_disk(_taking(incoming, bytes(piece)))


def _taking(incoming: Incoming, data: bytes) -> Callable[[], None]:
    return lambda: incoming.take(data, head_bytes=media_types.HEAD_BYTES)


async def _timely(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(CHUNK_S):
                chunk = await anext(body, None)
        except TimeoutError as error:
            raise problems.ProblemError(
                408, f"No data was received for {CHUNK_S:.0f} s; send the file again."
            ) from error
        except ClientDisconnect as error:
            raise problems.ProblemError(400, "The connection ended before the file did.") from error
        if chunk is None:
            return
        yield chunk


async def _of_disk(work: Callable[..., T], *arguments: Any) -> T:
    try:
        return await asyncio.to_thread(work, *arguments)
    except FullError as error:
        raise problems.ProblemError(
            507, "The media disk is nearly full; tell an administrator and send the file later."
        ) from error
    except OSError as error:
        log.exception("media.not_written")
        raise problems.ProblemError(503, "The media folder cannot be written to; try again later.") from error


def _listed(sizes: set[int]) -> str:
    return " or ".join(map(str, sorted(sizes)[:3]))


def _not_named(sha256: str) -> problems.ProblemError:
    detail = f"No event of yours names the media {sha256}; send the event first, then the file again."
    return problems.ProblemError(404, detail, headers={"Retry-After": "5"})
