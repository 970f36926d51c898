"""Secrets of an installation in files: created atomically at first use, readable by their owner only."""

import os
import secrets
import tempfile
from pathlib import Path

from patrol.cli import errors
from patrol.settings.settings import Settings

LEAST_CHARACTERS = 32


def read_or_make(file: Path, what: str, remedy: str) -> str:
    """The secret of a file; the same for all processes.

    Raises:
        SetupError: the file cannot be read or created, or has no secret; the text ends with `remedy`.
    """
    try:
        if not file.exists():
            _make(file)
        key = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise errors.SetupError(f"The {what} {file} cannot be used ({fault}): {remedy}") from fault
    if len(key) < LEAST_CHARACTERS:
        raise errors.SetupError(f"{file} does not hold a {what}: {remedy}")
    return key


def secrets_key(settings: Settings) -> str:
    """The key that encrypts secrets in the database.

    Raises:
        SetupError: its file cannot be read or created, or has none.
    """
    file = settings.secrets_key_file or settings.data_dir / "secrets.key"
    return read_or_make(file, "key for secrets", "restore it from a backup, or correct PATROL_SECRETS_KEY_FILE.")


def _make(file: Path) -> None:
    """Create a secret atomically; a file created by another process stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(32) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink(missing_ok=True)
