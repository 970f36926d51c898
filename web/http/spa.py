"""The built web interface: its page for known addresses, and its files."""

import mimetypes
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from web import context, problems
from web.auth.access import Permission
from web.http import browser

router = APIRouter(include_in_schema=False)

CLIENT_ROUTES = frozenset({"map", "replay", "alerts", "events", "devices", "coverage", "stats"})
"""First parts of the addresses that the page itself creates."""
FOLDERS = frozenset({"assets", "fonts", "basemap", "icons"})
"""Folders of the build that are served; their files have no secrets, but require a sign-in like everything else."""
_IMMUTABLE = "private, max-age=31536000, immutable"

mimetypes.add_type("application/octet-stream", ".pmtiles")
mimetypes.add_type("application/x-protobuf", ".pbf")
mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")

STYLE = "body{font:16px/1.6 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}"
_MISSING = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>patrolgrid</title><style>{STYLE}</style>
<h1>地图页面尚未构建 · The map is not built</h1>
<p>请在仓库目录运行 <code>make sync</code>（或 <code>uv sync --reinstall-package patrolgrid</code>），然后刷新本页。</p>
<p>Run <code>make sync</code> (or <code>uv sync --reinstall-package patrolgrid</code>) in the repository and reload.</p>
<p>接口文档 · API: <a href="/docs">/docs</a></p>"""


@router.get("/")
async def index(request: Request) -> Response:
    """The page; users without map are redirected to their page."""
    permissions = context.principal(request).permissions
    if Permission.COVERAGE not in permissions and (
        Permission.AUDIT in permissions or Permission.OWN_RECORD in permissions
    ):
        return RedirectResponse("/audit" if Permission.AUDIT in permissions else "/own", status_code=303)
    file = context.context(request).config.static_dir / "index.html"
    if not file.is_file():
        return HTMLResponse(_MISSING, status_code=503)
    return FileResponse(file, media_type="text/html", headers={"Cache-Control": "no-cache"})


@router.get("/{path:path}")
async def file_or_page(request: Request, path: str) -> Response:
    """A file of the build, or the page for an address that the page itself creates."""
    first = path.split("/", 1)[0]
    if first in CLIENT_ROUTES and browser.wants_page(request.scope):
        return await index(request)
    file = _inside(context.context(request).config.static_dir, path)
    if file is None or not (first in FOLDERS or "/" not in path):
        raise problems.ProblemError(404, "There is nothing at this address; /docs lists what there is.")
    return _served(request, file, immutable=first == "assets")


def _inside(folder: Path, path: str) -> Path | None:
    """The file of that path, if it is one and lies in the folder even after links are followed."""
    if "\0" in path:
        return None
    root = folder.resolve()
    file = (root / path).resolve()
    return file if file.is_relative_to(root) and file.is_file() and not file.name.endswith(".gz") else None


def _served(request: Request, file: Path, *, immutable: bool) -> Response:
    headers = {"Cache-Control": _IMMUTABLE if immutable else "no-cache", "Vary": "Accept-Encoding"}
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    packed = file.with_name(file.name + ".gz")
    if "gzip" in request.headers.get("accept-encoding", "") and packed.is_file() and "range" not in request.headers:
        return FileResponse(packed, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return FileResponse(file, media_type=media_type, headers=headers)
