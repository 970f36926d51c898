"""What a viewer may say (docs/live-protocol.md §1), and how a connection ends."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from starlette.websockets import WebSocketDisconnect

_Longitude = Annotated[float, Meta(ge=-720, le=720)]
_Latitude = Annotated[float, Meta(ge=-90, le=90)]


_Device = Annotated[int, Meta(ge=0, le=2**31)] | Annotated[str, Meta(max_length=64)]


class Look(Struct, kw_only=True, forbid_unknown_fields=True, tag="view", tag_field="type"):
    """Where the viewer looks."""

    bbox: tuple[_Longitude, _Latitude, _Longitude, _Latitude]
    zoom: Annotated[float, Meta(ge=0, le=24)]
    selected: Annotated[list[_Device], Meta(max_length=64)] = []
    """Slots or names."""


class Subscribe(Look, kw_only=True, forbid_unknown_fields=True, tag="subscribe", tag_field="type"):
    """First message: where it looks and from where it resumes."""

    epoch: Annotated[str, Meta(max_length=64)] | None = None
    offset: Annotated[int, Meta(ge=0, le=2**62)] | None = None


_decoder = msgspec.json.Decoder(Look | Subscribe)


class EndError(Exception):
    """The connection ends for `reason` with the websocket close `code`; `bye` says so before."""

    def __init__(self, reason: str, code: int, *, bye: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.bye = bye


def read(event: dict[str, Any]) -> Look | Subscribe:
    """Read what ASGI received.

    Raises:
        WebSocketDisconnect: the viewer went.
        EndError: it is not a message of the protocol.
    """
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text = event.get("text")
    if text is None:
        raise EndError("messages are JSON text", 1008, bye=False)
    try:
        message: Look | Subscribe = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise EndError(f"not a message of the protocol: {error}", 1008, bye=False) from error
    return message


def first(event: dict[str, Any]) -> Subscribe:
    """Read the first message, which must subscribe."""
    message = read(event)
    if not isinstance(message, Subscribe):
        raise EndError("the first message must be subscribe", 1008, bye=False)
    return message


def later(event: dict[str, Any]) -> Look:
    """Read a message after the first."""
    message = read(event)
    if isinstance(message, Subscribe):
        raise EndError("subscribe may come only once", 1008, bye=False)
    return message
