"""How log lines look: for people or for machines, one form for our own and for the libraries'.

No line holds a secret or a place: tracebacks are without the values of variables, and what texts of errors repeat of
data or addresses is masked. That is the last line of defence; nobody should log such values in the first place.
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

# Order counts: values that an error repeats are cut before single numbers are looked for.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(invalid input for query argument \$\d+): .*"), r"\1"),
    (re.compile(r"^(DETAIL|CONTEXT|HINT|STATEMENT): .*$", re.MULTILINE), r"\1: (not logged)"),
    (re.compile(r"(\w+://[^\s:/@]*):[^\s/@]+@"), r"\1:***@"),
    (re.compile(r"\b(patrol_)[A-Za-z0-9_-]{20,}"), r"\1***"),
    (re.compile(r"(?i)\b(bearer|basic) [A-Za-z0-9._~+/=-]{8,}"), r"\1 ***"),
    (re.compile(r"(?<![\d.:T-])-?\d{1,3}\.\d{4,}(?!\d*[sZ])"), "*.*"),
)
"""What must not be read in a log → what stands there instead. The last one: degrees of four decimals or more."""

_OF_LINES = frozenset({"exception", "stack"})
_NEVER = frozenset({"lat", "lon", "latitude", "longitude", "password", "secret", "token", "key", "payload", "body"})
"""Fields that are never shown, whatever they hold."""


def configure(form: Literal["console", "json"]) -> None:
    """Send every log line to standard error, as text or as JSON: ours, those of libraries, warnings, faults."""
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
    # Formatted before it is masked; rich's tracebacks would show the variables. What was masked is made printable last.
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
    logging.getLogger("gmqtt").setLevel(logging.WARNING)  # at INFO it tells every packet
    threading.excepthook = _of_thread


def mask(text: str) -> str:
    """Replace what must not be read in a log: values of statements, passwords, tokens, places."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def fault(error: BaseException) -> None:
    """Log what ends a process."""
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
    """Nobody outside can forge a line or order a terminal about: faults are indented, all else is one line."""
    escaped: dict[str, Any] = printable.value(line)
    return escaped | {name: printable.lines(line[name]) for name in _OF_LINES & line.keys() if line[name]}


def _of_thread(failure: threading.ExceptHookArgs) -> None:
    kind: type[BaseException] = failure.exc_type
    trace: TracebackType | None = failure.exc_traceback
    error = failure.exc_value or kind()
    structlog.get_logger(__name__).error("a thread ended by a fault", exc_info=(kind, error, trace))
