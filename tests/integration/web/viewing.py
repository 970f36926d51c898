"""A viewer of the live protocol, as the tests of it need."""

from typing import Any

from tests.support import live_frames as decoder
from tests.support import web

SUBSCRIBE: dict[str, Any] = {"type": "subscribe", "bbox": web.HUIZHOU, "zoom": 11}


async def log_until(viewer: Any, last: int) -> list[int]:
    """The n of every event log item up to `last`, in order of arrival."""
    got: list[int] = []
    while not got or got[-1] != last:
        message = await web.receive(viewer)
        if isinstance(message, dict) and message["type"] == "lane":
            got += [item["body"]["n"] for item in message["items"]]
    return got


async def first(viewer: Any, kind: str) -> dict[str, Any]:
    """The next message of a kind."""
    while True:
        message = await web.receive(viewer)
        if isinstance(message, dict) and message["type"] == kind:
            return message


async def frame(viewer: Any) -> decoder.Frame:
    """The next position frame."""
    while True:
        message = await web.receive(viewer)
        if isinstance(message, bytes):
            return decoder.decode(message)
