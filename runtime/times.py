"""Exact conversion between ms since 1970-01-01 UTC and aware times. Pure."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
POSTGRES_EPOCH_MS = 946_684_800_000
"""2000-01-01 UTC, the epoch of PostgreSQL's binary format."""


def moment(ms: int) -> datetime:
    """Aware UTC time of `ms` since 1970-01-01 UTC; exact, unlike `datetime.fromtimestamp`."""
    return _EPOCH + ms * _MS


def span(ms: int) -> timedelta:
    """`ms` as a PostgreSQL interval."""
    return ms * _MS


def millis(at: datetime) -> int:
    """Return ms since 1970-01-01 UTC of an aware time, rounded down."""
    return (at - _EPOCH) // _MS
