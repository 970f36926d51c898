"""Errors that parts of the worker survive, and their log lines."""

import structlog

from ingest.run import metrics
from runtime import retry
from runtime.every import Survive

log = structlog.get_logger(__name__)


def of_database(part: str, message: str) -> Survive:
    """Survives the loss of the database, with a log line; other errors end the part."""

    def survive(error: Exception) -> None:
        if not retry.is_transient(error):
            raise error
        metrics.RETRIES.labels(part).inc()
        log.warning(message, error=str(_first(error)))

    return survive


def any_error(part: str, message: str, *, action: str) -> Survive:
    """Survives all errors of a pass."""

    def survive(error: Exception) -> None:
        if retry.is_transient(error):
            metrics.RETRIES.labels(part).inc()
        else:
            metrics.BROKEN.inc()
            log.error(message, action=action, exc_info=error)

    return survive


def _first(error: BaseException) -> BaseException:
    """The first error of a group, or the error itself."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
