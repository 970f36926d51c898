"""Outermost middleware: security headers on every answer, access log without query strings, request metrics."""

import base64
import hashlib
import time

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.http import apidocs, spa
from web.plain import frame

REQUESTS = Counter("patrol_http_requests", "HTTP requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "patrol_http_request_seconds",
    "Time to the end of the answer.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def _hashed(style: str) -> str:
    """Hash of an inline style, for the policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


_STYLES = (apidocs.STYLE, spa.STYLE, frame.STYLE)
_DIRECTIVES = {
    "default-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data: blob:",
    "worker-src": "'self'",
    "style-src": " ".join(["'self'", *map(_hashed, _STYLES)]),
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def content_security_policy(tiles: str | None = None) -> str:
    """Policy that allows the own origin, and that of a configured tile server."""
    own = _DIRECTIVES["connect-src"]
    directives = _DIRECTIVES | {"connect-src": own if tiles is None else f"{own} {tiles}"}
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

log = structlog.get_logger("web.access")


class Observe:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, *, secure: bool, tiles: str | None = None) -> None:
        self._app = app
        self._headers = HEADERS | {"Content-Security-Policy": content_security_policy(tiles)}
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, add headers, and record the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(message)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            _note(scope, status, time.perf_counter() - started)

    def _add_headers(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(
        scope.get("route"), "path", "other"
    )  # the pattern, not the path, to keep the number of labels small
    REQUESTS.labels(scope["method"], route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    if scope["path"] in _QUIET:
        return
    principal = scope.get("principal")
    log.info(
        "web.request",
        method=scope["method"],
        path=scope["path"],
        status=status,
        ms=round(seconds * 1000, 1),
        who=getattr(principal, "name", None),
        client=(scope.get("client") or ("-",))[0],
    )
