"""The secret from which the passwords of devices follow: from the settings, else a file made at the first use."""

import os
import secrets
from pathlib import Path

from patrol import errors
from patrol.settings import Settings
from tracking import device_access

FILE = "device.key"


def device_key(settings: Settings) -> str:
    """Return the key; the same for every process and command of an installation.

    Raises:
        SetupError: the file cannot be read or made, or holds no key.
    """
    if settings.device_key is not None:
        return settings.device_key.get_secret_value()
    file = settings.data_dir / FILE
    try:
        return _read(file) if file.exists() else _made(file)
    except OSError as fault:
        raise errors.SetupError(
            f"The device key {file} cannot be used ({fault.strerror}): set PATROL_DEVICE_KEY (openssl rand -hex 32)."
        ) from fault


def _read(file: Path) -> str:
    key = file.read_text(encoding="ascii").strip()
    if len(key) < device_access.LEAST_KEY_CHARACTERS:
        raise errors.SetupError(f"{file} holds no device key: restore it, or every device needs a new password.")
    return key


def _made(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    key = secrets.token_hex(32)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return _read(file)
    with os.fdopen(handle, "w", encoding="ascii") as made:
        made.write(key + "\n")
    return key
