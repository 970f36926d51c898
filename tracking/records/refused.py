"""A refused part of a message, as it is counted and stored."""

from dataclasses import dataclass

from schemas.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRecord:
    """A refusal of `n` equal parts of one message. `at` is ms; `payload` is None if it would keep personal data."""

    at: int
    reason: Refusal
    topic: str
    detail: str
    payload: bytes | None
    n: int
