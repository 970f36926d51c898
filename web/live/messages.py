"""Messages of viewers (docs/live-protocol.md §2), and ends of connections."""

from typing import Any

import msgspec
from starlette.websockets import WebSocketDisconnect

from schemas.live import AGAINST_PROTOCOL, ENDS, Look, Subscribe

_decoder = msgspec.json.Decoder(Look | Subscribe)


class EndError(Exception):
    """The connection ends for `reason`; one of ENDS is told in a `bye`, anything else only as the reason to close."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.bye = reason in ENDS
        self.code = ENDS.get(reason, AGAINST_PROTOCOL) if code is None else code


def read(event: dict[str, Any]) -> Look | Subscribe:
    """Read what ASGI received.

    Raises:
        WebSocketDisconnect: the viewer went.
        EndError: it is not a valid message of the protocol.
    """
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text = event.get("text")
    if text is None:
        raise EndError("messages are JSON text")
    try:
        message: Look | Subscribe = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise EndError(f"not a message of the protocol: {error}") from error
    return message


def read_first(event: dict[str, Any]) -> Subscribe:
    """Read the first message, which must subscribe."""
    message = read(event)
    if not isinstance(message, Subscribe):
        raise EndError("the first message must be subscribe")
    return message


def read_next(event: dict[str, Any]) -> Look:
    """Read a message after the first."""
    message = read(event)
    if isinstance(message, Subscribe):
        raise EndError("subscribe may come only once")
    return message
