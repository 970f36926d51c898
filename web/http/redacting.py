"""Redaction of all answers: names that the caller must not read are removed.

Routes need not do anything, and new fields are covered automatically. JSON is searched as a whole, lines of JSON one by
one. Other answers are listed in PLAIN with their possible content.
"""

from collections.abc import Callable

import msgspec
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.privacy import redaction
from tracking.city.names import ALL_SHOWN, Names
from web import problems
from web.auth.access import Permission, Sights
from web.auth.principal import Principal
from web.http import problem_documents

_P = Permission
EXEMPT = frozenset({
    _P.SELF, _P.AUDIT, _P.ACCOUNTS, _P.OPERATIONS, _P.BROKER, _P.HOLDS, _P.RETENTION_EDIT, _P.DEVICES_EDIT,
})  # fmt: skip
"""Permissions whose purpose is to read names; none of them is limited to a part of the city."""
_WHOLE = frozenset({"application/json", "application/geo+json"})
_LINES = "application/x-ndjson"
PLAIN: dict[str, str] = {
    "/api/v1/devices/{name}/track": "fixes, the device that was asked for, and the mark of the caller",
    "/api/v1/indicators": "CSV: its rows are cleaned before they are written",
    "/api/v1/media/{sha256}": "a photograph or recording",
}
"""Routes with answers other than JSON, and their possible content."""


class Redacting:
    """ASGI middleware inside the policy, which gives the caller and the permission."""

    def __init__(self, app: ASGIApp, *, sights: Callable[[], Sights]) -> None:
        self._app = app
        self._sights = sights

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, without names that the caller must not read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # the live part redacts once for all viewers with the same sight
            return
        try:
            names = await self._names(scope)
        except (problems.NotReadyError, *problems.UNREACHABLE):
            await problem_documents.response(problems.NotReadyError(), scope["path"])(scope, receive, send)
            return
        scope["names"] = names
        await self._app(scope, receive, OutgoingAnswer(names, send).take if names else send)

    async def _names(self, scope: Scope) -> Names:
        principal, rule = scope["principal"], scope["rule"]
        if principal is None or rule.permission in EXEMPT:
            return ALL_SHOWN
        assert isinstance(principal, Principal)  # noqa: S101 - the policy put it there
        own = principal.officer if rule.permission is _P.OWN_RECORD else None
        sights = self._sights()
        return await sights.names(await sights.get(principal.grant), own)


class OutgoingAnswer:
    """One outgoing answer."""

    def __init__(self, names: Names, send: Send) -> None:
        self._names, self._send = names, send
        self._start: Message = {}
        self._kind = ""
        self._held = b""

    async def take(self, message: Message) -> None:
        """Send the completed part of an answer."""
        if message["type"] == "http.response.start":
            self._start, self._kind = message, _kind(message)
        if self._kind == _LINES:
            await self._take_lines(message)
        elif self._kind in _WHOLE:
            await self._take_whole(message)
        else:
            await self._send(message)

    async def _take_whole(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            return  # the start waits until the length is known
        self._held += message.get("body", b"")
        if message.get("more_body", False):
            return
        body = self._cleaned(self._held)
        MutableHeaders(scope=self._start)["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({**message, "body": body})

    async def _take_lines(self, message: Message) -> None:
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        *lines, self._held = (self._held + message.get("body", b"")).split(b"\n")
        if not message.get("more_body", False):
            lines, self._held = [*lines, self._held], b""
        body = b"".join(self._cleaned(line) + b"\n" for line in lines if line)
        await self._send({**message, "body": body})

    def _cleaned(self, body: bytes) -> bytes:
        """JSON without the names; unchanged if there is nothing to remove."""
        if not body:
            return body
        value = msgspec.json.decode(body)
        cleaned = redaction.clean(value, self._names)
        return body if cleaned is value else msgspec.json.encode(cleaned)


def _kind(start: Message) -> str:
    """Searched kind of an answer; empty: none."""
    headers = MutableHeaders(scope=start)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == problem_documents.MEDIA_TYPE:
        # A conflict tells what others did; the others say again what was asked for, or what is not there at all.
        return "application/json" if start["status"] == 409 else ""
    if kind == "application/geo+json" and "content-length" not in headers:
        return ""  # a track, which is streamed
    return kind if kind in {*_WHOLE, _LINES} else ""
