"""The folder of photographs and recordings: each file once, under the SHA-256 of its bytes.

A file is written to a temporary name, checked, and then moved to its place, so files there are always complete.
Functions block: call them in a thread.
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
"""Part of the disk that stays free, since the database may be on it, too."""
FORGOTTEN_S = 86_400.0
"""Age after which an unfinished file is abandoned."""


class FullError(Exception):
    """The disk is full: free some space, or shorten the retention of media."""


class Incoming:
    """A file that is being received."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb")
        self._digest = hashlib.sha256()
        self.size = 0
        self.head = b""

    def take(self, data: bytes, *, head_bytes: int) -> None:
        """Write received bytes; the first `head_bytes` are kept in `head`."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        if len(self.head) < head_bytes:
            self.head += data[: head_bytes - len(self.head)]

    def whole(self) -> str:
        """The SHA-256 of all bytes, after they are safe on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def keep(self, place: Path) -> None:
        """Move the file to its place."""
        place.parent.mkdir(mode=0o700, exist_ok=True)
        self._path.replace(place)
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Delete the temporary file unless it was moved to its place."""
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
        """Path of the file with this hash, if it exists."""
        return self.folder / sha256[:2] / sha256

    def begin(self, expected: int) -> Incoming:
        """Begin to receive a file of `expected` bytes.

        Raises:
            FullError: too little of the disk would stay free.
            OSError: the folder cannot be written to.
        """
        aside = self.folder / ASIDE
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(aside).free - expected < LEAST_FREE_BYTES:
            raise FullError
        return Incoming(aside / secrets.token_hex(16))

    def drop(self, hashes: Iterable[str]) -> None:
        """Delete files; missing ones are ignored."""
        for sha256 in hashes:
            self.place(sha256).unlink(missing_ok=True)

    def forgotten(self) -> None:
        """Delete old unfinished files."""
        before = time.time() - FORGOTTEN_S
        for path in _files(self.folder / ASIDE):
            with contextlib.suppress(FileNotFoundError):  # it was moved to its place meanwhile
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
