"""Photographs and recordings go when they are old, and stay with their case or while a hold holds them."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.run import passes
from runtime import db
from schemas import wire
from tests.integration.web import matrix_city, matrix_street
from tests.integration.web.matrix_street import NOW, Street
from tracking.records.retention import DAY_MS, DataClass
from tracking.store.records import hold_store
from tracking.store.records.hold_store import NewHold
from tracking.store.tracks import event_store, media_files, media_store
from tracking.store.tracks.media_files import MediaFiles
from tracking.store.tracks.media_store import StoredMedia

FILES = {"old": (200, None), "young": (10, None), "case": (200, "2026-17"), "held": (200, None)}
"""Age of the event in days, and its case."""


def digest(name: str) -> str:
    """Hash of the file called so."""
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
async def files(conn: db.Connection, tmp_path: Path) -> MediaFiles:
    """Four files of two devices, with their events and rows, written when the event was."""
    mine, other = matrix_street.streets()
    await matrix_city.build(conn, mine, other)
    made = MediaFiles(tmp_path)
    for n, (name, (days, case)) in enumerate(FILES.items()):
        await put(conn, made, other if name == "held" else mine, n, name, days, case)
    return made


async def put(
    conn: db.Connection, files: MediaFiles, street: Street, n: int, name: str, days: int, case: str | None
) -> None:
    """Store one file with its event."""
    at = NOW - timedelta(days=days)
    media = wire.Media(sha256=digest(name), mime="image/jpeg", bytes=len(name))
    said = wire.Event(
        id=f"{street.event[:-2]}M{n}", t=db.millis(at), lat=1, lon=2, type="05.01", media=[media], case=case
    )
    event = event_store.StoredEvent(
        device=street.ids["device"], received=db.millis(at), content=said, lat=1, lon=2, cell=street.ids["cell"]
    )
    await event_store.insert(conn, [event])
    incoming = files.begin(len(name))
    incoming.take(name.encode(), head_bytes=9)
    assert incoming.whole() == digest(name)
    incoming.keep(files.place(digest(name)))
    os.utime(files.place(digest(name)), (at.timestamp(), at.timestamp()))
    await media_store.put(conn, digest(name), StoredMedia(mime="image/jpeg", bytes=len(name)))
    await media_store.link(conn, digest(name), [said.id])
    await conn.execute("UPDATE media SET stored_at = $1 WHERE sha256 = $2", at, digest(name))


def left(files: MediaFiles) -> set[str]:
    """Which of the files are still there."""
    return {name for name in FILES if files.place(digest(name)).is_file()}


async def rows(conn: db.Connection) -> set[str]:
    """Which of them still have a row."""
    known = {row["sha256"] for row in await conn.fetch("SELECT sha256 FROM media")}
    return {name for name in FILES if digest(name) in known}


async def test_old_media_go_and_those_of_a_case_or_hold_stay(conn: db.Connection, files: MediaFiles) -> None:
    """Row and file together; what a hold held goes with the pass after its release; what would go is counted before."""
    async with conn.transaction():
        hold = await hold_store.place(
            conn, NewHold(why="a complaint", device="quart-cam-1"), "chief", datetime.now(UTC)
        )
    now = db.millis(NOW)
    told = {(cls, table): counts for cls, table, *counts in await passes.would_drop(conn, now)}
    assert told[DataClass.MEDIA, "media"] == [1, 1]
    dropped = await passes.Pass(conn, now, media=files.folder, batch=1).run()
    assert dropped is not None
    assert dropped[DataClass.MEDIA] == 1
    assert left(files) == await rows(conn) == {"young", "case", "held"}
    async with conn.transaction():
        await hold_store.release(conn, hold, "settled", "chief", datetime.now(UTC))
    await passes.Pass(conn, now + DAY_MS, media=files.folder).run()
    assert left(files) == await rows(conn) == {"young", "case"}


async def test_media_go_with_the_last_event_that_has_them(conn: db.Connection, files: MediaFiles) -> None:
    """Those of a case as long as the case's event; a file that a young event has too is not old."""
    await conn.execute(
        "INSERT INTO media_of_events SELECT id, $1 FROM events WHERE media @> $2", digest("old"),
        f'[{{"sha256": "{digest("young")}"}}]',
    )  # fmt: skip
    await passes.Pass(conn, db.millis(NOW), media=files.folder).run()
    assert left(files) == {"old", "young", "case"}
    await passes.Pass(conn, db.millis(NOW) + 3_650 * DAY_MS, media=files.folder).run()
    assert left(files) == await rows(conn) == set()


async def test_what_a_fault_left_behind_goes_too(conn: db.Connection, files: MediaFiles) -> None:
    """Halves of a day ago, and old files without a row; what is being received stays."""
    half, fresh = files.begin(1), files.begin(1)
    long_ago = NOW.timestamp() - media_files.FORGOTTEN_S - 60
    (first, second) = sorted((files.folder / media_files.ASIDE).iterdir(), key=lambda path: path.name)
    os.utime(first, (long_ago, long_ago))
    await conn.execute("DELETE FROM media WHERE sha256 = ANY ($1)", [digest("case"), digest("young")])
    await passes.Pass(conn, db.millis(NOW), media=files.folder).run()
    assert left(files) == {"young"}
    assert (first.exists(), second.exists()) == (False, True)
    half.discard()
    fresh.discard()
