"""Anchors of the audit record: signed heads of its chain, in files outside the database.

`FILE` has one anchor per line and only grows; each is signed together with the signature of the one before, so none can
be removed. `FILE.head` has the newest head and is rewritten while the record grows, so a truncated record or `FILE`
is noticed. A line cut short by a crash is no anchor; the chain continues after it.
"""

import fcntl
import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from web.audit.audit_chain import Head

_LONGEST_LINE = 4_096


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """A head with its time, chained to the anchor before it."""

    n: int
    hash: str
    at: str
    before: str | None = None
    """Signature of the previous anchor; None: written by a version without chaining."""
    signature: str

    @property
    def head(self) -> Head:
        """The head.

        Raises:
            ValueError: the hash is none.
        """
        return Head(self.n, bytes.fromhex(self.hash))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorFiles:
    """Content of the files."""

    heads: list[Head] = field(default_factory=list)
    anchors: int = 0
    """Of them, those of FILE."""
    faults: list[str] = field(default_factory=list)


def signature(key: str, head: Head, at: str, before: str | None) -> str:
    """Signature of an anchor."""
    secret = hmac.digest(key.encode(), b"patrolgrid audit anchor", "sha256")
    signed = f"{head.n}|{head.hash.hex()}|{at}" + ("" if before is None else f"|{before}")
    return hmac.new(secret, signed.encode("utf-8", "replace"), "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Anchors:
    """The files.

    Args:
        file: the anchors.
        key: signs them.
    """

    file: Path
    key: str = field(repr=False)

    @property
    def head_file(self) -> Path:
        """The newest head."""
        return self.file.with_name(self.file.name + ".head")

    def newest(self) -> Head | None:
        """The newest head of both files; None: there is none. Invalid lines are ignored.

        Raises:
            OSError: a file cannot be read.
        """
        known = [anchor.head for anchor in (self._last(), self._newest()) if anchor is not None]
        return max(known, key=lambda head: head.n, default=None)

    def last_at(self) -> datetime | None:
        """When the last anchor was written.

        Raises:
            OSError: the file cannot be read.
        """
        last = self._last()
        try:
            return None if last is None else datetime.fromisoformat(last.at).astimezone(UTC)
        except ValueError:
            return None

    def append(self, head: Head) -> Anchor | None:
        """Write an anchor; None: the head has one already.

        Raises:
            OSError: it cannot be written.
        """
        with self._alone():
            last = self._last()
            if last is not None and last.n >= head.n:
                return None
            anchor = self._made(head, "" if last is None else last.signature)
            line = msgspec.json.encode(anchor) + b"\n"
            with self.file.open("ab") as file:
                # A line cut short by a crash stays on its own line.
                file.write(line if file.tell() == 0 or self._ends_whole() else b"\n" + line)
                file.flush()
                os.fsync(file.fileno())
            return anchor

    def note(self, head: Head) -> None:
        """Replace the newest head.

        Raises:
            OSError: it cannot be written.
        """
        with self._alone():
            known, last = self._newest(), self._last()
            if known is not None and known.n >= head.n:
                return
            anchor = self._made(head, "" if last is None else last.signature)
            draft = self.head_file.with_name(self.head_file.name + ".new")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(anchor) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.head_file)

    def read(self, *, copy: bool = False) -> AnchorFiles:
        """Read all anchors and report their faults; a `copy` of FILE comes without FILE.head.

        Raises:
            OSError: a file cannot be read.
        """
        if not self.file.is_file():
            return AnchorFiles(
                faults=[f"There is no anchor file {self.file}: restore it, or name a copy with --anchor."]
            )
        heads: list[Head] = []
        faults: list[str] = []
        before = ""
        signatures = {""}
        for number, anchor in self._lines():
            if not self._honest(anchor):
                faults.append(f"{self.file}: line {number} was changed, or signed with another key.")
                continue
            if anchor.before not in (None, before):
                faults.append(f"{self.file}: anchors before line {number} are missing.")
            heads.append(anchor.head)
            before = anchor.signature
            signatures.add(before)
        if not heads and not faults:
            faults.append(f"{self.file} holds no anchor: restore it, or name a copy with --anchor.")
        contents = AnchorFiles(heads=heads, anchors=len(heads), faults=faults)
        if not copy:
            self._read_head(contents, signatures)
        return contents

    def _read_head(self, contents: AnchorFiles, signatures: set[str]) -> None:
        newest = self._newest()
        if newest is None:
            contents.faults.append(f"{self.head_file} is missing or damaged: the end of the record cannot be proven.")
            return
        if newest.before not in signatures:
            contents.faults.append(f"{self.file}: anchors at its end are missing.")
        contents.heads.append(newest.head)

    def _made(self, head: Head, before: str) -> Anchor:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        signed = signature(self.key, head, at, before)
        return Anchor(n=head.n, hash=head.hash.hex(), at=at, before=before, signature=signed)

    def _honest(self, anchor: Anchor) -> bool:
        signed = signature(self.key, anchor.head, anchor.at, anchor.before)
        return hmac.compare_digest(signed.encode(), anchor.signature.encode("utf-8", "replace"))

    def _lines(self) -> Iterator[tuple[int, Anchor]]:
        with self.file.open("rb") as file:
            for number, line in enumerate(file, 1):
                anchor = _decoded(line)
                if anchor is not None:
                    yield number, anchor

    def _last(self) -> Anchor | None:
        """The last valid anchor, read from the end."""
        if not self.file.is_file():
            return None
        with self.file.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            size = 2 * _LONGEST_LINE
            while True:
                start = max(0, end - size)
                file.seek(start)
                lines = file.read(end - start).split(b"\n")
                # The first may have begun before.
                for line in reversed(lines if start == 0 else lines[1:]):
                    anchor = _decoded(line)
                    if anchor is not None and self._honest(anchor):
                        return anchor
                if start == 0:
                    return None
                size *= 8

    def _newest(self) -> Anchor | None:
        try:
            anchor = _decoded(self.head_file.read_bytes()[:_LONGEST_LINE])
        except FileNotFoundError:
            return None
        return anchor if anchor is not None and self._honest(anchor) else None

    def _ends_whole(self) -> bool:
        with self.file.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Lock the files, which several web processes may share."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _decoded(line: bytes) -> Anchor | None:
    """Parse a line; None: it is not an anchor."""
    try:
        anchor = msgspec.json.decode(line, type=Anchor)
        known = anchor.head.n >= 0
    except (msgspec.DecodeError, ValueError):
        return None
    return anchor if known else None
