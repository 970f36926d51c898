"""Browser requests: session cookie, origin, and whether the browser navigates."""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope


def cookie_name(*, secure: bool) -> str:
    """Name of the session cookie; the prefix makes browsers refuse one that another host or plain HTTP set."""
    return "__Host-patrol_session" if secure else "patrol_session"


def safe_next(target: str | None) -> str:
    """Local path to go to after signing in; anything that could lead to another site becomes /."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(character) < 33 or ord(character) == 127 for character in target):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target[:2_000]


def same_origin(headers: Headers, *, secure: bool) -> bool:
    """Whether a request comes from a page of this server, according to the browser."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if origin in (None, "null"):
        # A form on a page without referrer has the origin "null"; then a header decides that no page can forge.
        return site == "same-origin"
    parts = urlsplit(origin)
    if site not in (None, "same-origin") or parts.scheme not in (("https",) if secure else ("http", "https")):
        return False
    default = ":443" if parts.scheme == "https" else ":80"
    return parts.netloc.removesuffix(default) == headers.get("host", "").removesuffix(default)


def cookie(headers: Headers, name: str) -> str | None:
    """Read a cookie."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if morsel is None or not morsel.value else morsel.value


def wants_page(scope: Scope) -> bool:
    """Whether a browser navigates, so that it gets a page instead of a problem document."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/api/"):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")
