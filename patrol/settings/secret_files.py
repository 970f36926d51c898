"""Secrets from files: PATROL_ADMIN_PASSWORD_FILE names the file with the value of PATROL_ADMIN_PASSWORD."""

from collections.abc import Collection, Mapping
from pathlib import Path

from patrol.cli import errors

_PREFIX, _SUFFIX = "PATROL_", "_FILE"
MOST_BYTES = 64 << 10


def read(environ: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """Read the settings `names` whose variable ends in _FILE; a trailing line break is not part of the secret.

    Raises:
        SetupError: a file cannot be read, or the variable without _FILE is set, too.
    """
    secrets_read: dict[str, str] = {}
    for name in names:
        variable = f"{_PREFIX}{name.upper()}{_SUFFIX}"
        if not environ.get(variable):
            continue
        if environ.get(variable.removesuffix(_SUFFIX)):
            raise errors.SetupError(f"{variable} and {variable.removesuffix(_SUFFIX)} are both set: keep one of them.")
        secrets_read[name] = _content(variable, Path(environ[variable]))
    return secrets_read


def _content(variable: str, file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as fault:
        raise errors.SetupError(f"{variable}: {file} cannot be read ({fault}); correct it.") from fault
    if len(content) > MOST_BYTES or not text.strip():
        raise errors.SetupError(
            f"{variable}: {file} does not hold a secret of at most {MOST_BYTES:,} bytes; correct it."
        )
    return text.rstrip("\r\n")
