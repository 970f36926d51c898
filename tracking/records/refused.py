"""A part of a message that was refused, as it is counted and kept."""

from dataclasses import dataclass

from schemas.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRecord:
    """A refusal of `n` alike parts of one message. `at` is ms; `payload` None where it would keep personal data."""

    at: int
    reason: Refusal
    topic: str
    detail: str
    payload: bytes | None
    n: int
