"""Gives the user of the database access to its folders if the server runs as root.

PostgreSQL refuses to run as root, so it runs as its own user, which must be able to traverse the folders above its data
and its programs. If others cannot (`/root`), an access control list gives this user the right to traverse: it may not
list the folder, and other users get no rights.
"""

import errno
import os
import pwd
import stat
import struct
import subprocess
from pathlib import Path

from patrol.cli import errors

DATABASE_USER = "patrol_database"

_XATTR = "system.posix_acl_access"
_VERSION = 2
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_ENTRY = struct.Struct("<HHI")

_Entry = tuple[int, int, int]  # tag, permission bits, id


def database_user() -> str | None:
    """User for PostgreSQL, created if missing; None: not root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(DATABASE_USER)
    except KeyError:
        _make_user()
    return DATABASE_USER


def let_pass(user: str, path: Path) -> None:
    """Give `user` the right to traverse every folder above `path` that others may not traverse.

    Raises:
        SetupError: a folder cannot be opened to the user.
    """
    uid = pwd.getpwnam(user).pw_uid
    for folder in path.resolve().parents:
        status = folder.stat()
        if not status.st_mode & stat.S_IXOTH and status.st_uid != uid:
            _grant_search(folder, uid)


def _make_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", DATABASE_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError) as fault:
        why = getattr(fault, "stderr", "") or fault
        raise errors.SetupError(
            f"PostgreSQL does not run as root, and the user {DATABASE_USER} could not be created ({str(why).strip()}). "
            "Run patrol as an ordinary user, or use another database with --database-url."
        ) from fault


def _grant_search(folder: Path, uid: int) -> None:
    entries = [entry for entry in _read(folder) if not (entry[0] == _USER and entry[2] == uid)]
    entries.append((_USER, 1, uid))
    if not any(tag == _MASK for tag, _, _ in entries):
        group = next(bits for tag, bits, _ in entries if tag == _GROUP)
        entries.append((_MASK, group | 1, _NO_ID))
    entries = [(tag, bits | 1 if tag == _MASK else bits, who) for tag, bits, who in entries]
    packed = struct.pack("<I", _VERSION) + b"".join(_ENTRY.pack(*entry) for entry in sorted(entries, key=_order))
    try:
        os.setxattr(folder, _XATTR, packed)
    except OSError as fault:
        raise errors.SetupError(
            f"The user {DATABASE_USER} of the database cannot enter {folder} ({fault.strerror}); "
            f"choose another folder with --data-dir, or allow it with: chmod o+x {folder}"
        ) from fault


def _read(folder: Path) -> list[_Entry]:
    try:
        packed = os.getxattr(folder, _XATTR)
    except OSError as fault:
        if fault.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            raise
        mode = folder.stat().st_mode
        return [(_OWNER, mode >> 6 & 7, _NO_ID), (_GROUP, mode >> 3 & 7, _NO_ID), (_OTHER, mode & 7, _NO_ID)]
    return list(_ENTRY.iter_unpack(packed[4:]))


def _order(entry: _Entry) -> tuple[int, int]:
    return entry[0], entry[2]
