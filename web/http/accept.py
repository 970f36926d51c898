"""Content negotiation by the Accept header (RFC 9110 §12.5.1). Pure."""

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def choose(header: str, offers: Mapping[str, T]) -> T | None:
    """Choose the caller's preferred one of `offers`, media type → anything; the first is the default.

    Returns:
        None: the caller accepts none of them.
    """
    if not header.strip():
        return next(iter(offers.values()))
    wishes = [_wish(part) for part in header.split(",")]
    best: tuple[float, T] | None = None
    for media_type, offer in offers.items():
        quality = _quality(media_type, wishes)
        if quality > 0 and (best is None or quality > best[0]):
            best = (quality, offer)
    return None if best is None else best[1]


def _wish(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return media_type, float(parameter[2:])
            except ValueError:
                return media_type, 0.0
    return media_type, 1.0


def _quality(media_type: str, wishes: list[tuple[str, float]]) -> float:
    """Quality by the most specific entry."""
    for pattern in (media_type, media_type.split("/", maxsplit=1)[0] + "/*", "*/*"):
        for wished, quality in wishes:
            if wished == pattern:
                return quality
    return 0.0
