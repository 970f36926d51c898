"""Format of log lines: for people or for machines, the same for our code and libraries.

No line contains a secret or a position: tracebacks omit the values of variables, and data and addresses in error texts
are masked. This is the last line of defence; code should not log such values in the first place.
"""

import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal

import structlog

from runtime import printable

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

# Order matters: values repeated in an error are cut before single numbers are searched.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(invalid input for query argument \$\d+): .*"), r"\1"),
    (re.compile(r"^(DETAIL|CONTEXT|HINT|STATEMENT): .*$", re.MULTILINE), r"\1: (not logged)"),
    (re.compile(r"(\w+://[^\s:/@]*):[^\s/@]+@"), r"\1:***@"),
    (re.compile(r"\b(patrol_)[A-Za-z0-9_-]{20,}"), r"\1***"),
    (re.compile(r"(?i)\b(bearer|basic) [A-Za-z0-9._~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"(?<![\d.:T-])-?\d{1,3}\.\d{4,}(?!\d*[sZ])"), "*.*"),
)
"""Patterns that must not appear in a log → replacements. The last one: degrees with four decimals or more."""

_OF_LINES = frozenset({"exception", "stack"})
_NEVER = frozenset({"lat", "lon", "latitude", "longitude", "password", "secret", "token", "key", "payload", "body"})
"""Fields that are never shown."""


def configure(form: Literal["console", "json"]) -> None:
    """Send all log lines, also of libraries, warnings and crashes, to standard error as text or JSON."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    # Formatted before masking; rich's tracebacks would show the variables. Made printable after masking.
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _masked,
        _printable,
        render,
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=last))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("gmqtt").setLevel(logging.WARNING)  # at INFO it logs every packet
    threading.excepthook = _of_thread


def mask(text: str) -> str:
    """Mask values of statements, passwords, tokens and positions."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def log_fault(error: BaseException) -> None:
    """Log an exception that ends the process."""
    structlog.get_logger(__name__).critical("the process ends by a fault", exc_info=error)


def _masked(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in line.items():
        if name in _NEVER:
            line[name] = "***"
        elif name != "timestamp":
            line[name] = _masked_value(value)
    return line


def _masked_value(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, (list, tuple)):
        return [_masked_value(item) for item in value]
    if isinstance(value, dict):
        return {name: _masked_value(item) for name, item in value.items()}
    return mask(str(value))


def _printable(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Prevent forged lines and terminal control: tracebacks are indented, everything else is one line."""
    escaped: dict[str, Any] = printable.value(line)
    return escaped | {name: printable.lines(line[name]) for name in _OF_LINES & line.keys() if line[name]}


def _of_thread(failure: threading.ExceptHookArgs) -> None:
    kind: type[BaseException] = failure.exc_type
    trace: TracebackType | None = failure.exc_traceback
    error = failure.exc_value or kind()
    structlog.get_logger(__name__).error("a thread ended by a fault", exc_info=(kind, error, trace))
