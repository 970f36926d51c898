"""The folder of photographs and recordings: each file once, under the SHA-256 of its bytes.

A file is written aside, checked, and only then takes its place, so that what lies there is whole. Functions block: call
them in a thread.
"""

import contextlib
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

ASIDE = "incoming"
LEAST_FREE_BYTES = 1 << 30
"""So much of the disk stays free: the database may live on it, too."""
FORGOTTEN_S = 86_400.0
"""What was begun so long ago is nobody's any more."""


class FullError(Exception):
    """The disk has no room: make some, or keep media for a shorter time."""


class Incoming:
    """A file that is being received."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb")
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = b""

    def take(self, data: bytes, *, head_bytes: int) -> None:
        """Write what came; its first `head_bytes` are kept in `head`."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        if len(self.head) < head_bytes:
            self.head += data[: head_bytes - len(self.head)]

    def whole(self) -> str:
        """The SHA-256 of all that came, once it is safe on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def keep(self, place: Path) -> None:
        """Give the file its place."""
        place.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Forget what did not take its place; does nothing where it did."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class MediaFiles:
    """The store of files.

    Args:
        folder: made when the first file comes; shared by all web processes and workers.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, sha256: str) -> Path:
        """Where the file of that hash lies, if it is there."""
        return self.folder / sha256[:2] / sha256

    def begin(self, expected: int) -> Incoming:
        """Begin to receive a file of `expected` bytes.

        Raises:
            FullError: it would not leave enough of the disk.
            OSError: the folder cannot be written to.
        """
        aside = self.folder / ASIDE
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(aside).free - expected < LEAST_FREE_BYTES:
            raise FullError
        return Incoming(aside / secrets.token_hex(16))

    def drop(self, hashes: Iterable[str]) -> None:
        """Delete files; those that are gone already are no fault."""
        for sha256 in hashes:
            self.place(sha256).unlink(missing_ok=True)

    def forgotten(self) -> None:
        """Delete what was begun long ago and never came whole."""
        before = time.time() - FORGOTTEN_S
        for path in _files(self.folder / ASIDE):
            with contextlib.suppress(FileNotFoundError):  # it took its place meanwhile
                if path.stat().st_mtime < before:
                    path.unlink()

    def folders(self) -> list[Path]:
        """Folders in which files have their places."""
        if not self.folder.is_dir():
            return []
        return [path for path in self.folder.iterdir() if path.name != ASIDE and path.is_dir()]

    def older(self, folder: Path, before: float) -> list[str]:
        """Hashes of the files in one of `folders` that were written before (seconds since 1970-01-01 UTC)."""
        return [path.name for path in _files(folder) if path.stat().st_mtime < before]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
