"""Cursors of lists: the end of the last page, opaque to callers."""

import base64
import binascii
from typing import TypeVar

import msgspec

from web import problems

MAX_CHARACTERS = 400

T = TypeVar("T")


def encode(key: object) -> str:
    """Encode the key of the last row of a page."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode(cursor: str | None, kind: type[T]) -> T | None:
    """Read the key of type `kind` that `encode` wrote.

    Raises:
        ProblemError: the cursor does not belong to this list.
    """
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=kind)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise problems.ProblemError(422, "The cursor does not belong to this list; start without it.") from error
