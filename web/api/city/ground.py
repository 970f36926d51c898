"""The base map: its description, and its files for viewers without internet access."""

import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import FileResponse, Response

from schemas import ground
from web import context, problems
from web.http.ground_config import GroundConfig

api = APIRouter(tags=["map"])
files = APIRouter(prefix="/basemap", include_in_schema=False)

ARCHIVE = "/basemap/ground.pmtiles"
_HEADERS = {"Cache-Control": "private, max-age=3600"}
# Chromium's cache now and then gives a range short of its end, as 206, when another read of the file was given up
# (980 of 1,000 bytes, once in 1,700 reads), and the map gives up reads whenever it is moved.
_ARCHIVE_HEADERS = {"Cache-Control": "no-store"}
_RANGE = re.compile(r"^\d{1,7}-\d{1,7}\.pbf$")
_SPRITE = re.compile(r"^[A-Za-z0-9_-]{1,64}(@2x)?\.(json|png)$")


def _chosen(request: Request) -> GroundConfig:
    return context.context(request).config.ground


Chosen = Annotated[GroundConfig, Depends(_chosen)]


@api.get("/ground", response_model=ground.Ground)
async def describe(chosen: Chosen) -> ground.Ground:
    """The base map; plain without file and tiles."""
    fonts = chosen.fonts()
    tiles = None
    if chosen.tiles is not None:
        tiles = ground.GroundTiles(
            url=chosen.tiles,
            datum=chosen.tiles_datum,
            max_zoom=chosen.tiles_max_zoom,
            size=chosen.tiles_size,
        )
    glyphs = None
    if fonts:
        glyphs = ground.GroundGlyphs(
            url="/basemap/fonts/{fontstack}/{range}.pbf",
            font=fonts[0],
            ideographs=chosen.has_ideographs(fonts[0]),
        )
    return ground.Ground(
        file=None if chosen.file is None else ARCHIVE,
        tiles=tiles,
        attribution=chosen.attribution,
        glyphs=glyphs,
        sprites=chosen.sprites(),
    )


@files.get("/ground.pmtiles")
async def archive(chosen: Chosen) -> Response:
    """The archive, read by byte ranges."""
    if chosen.file is None:
        raise problems.ProblemError(404, "No map file is set; docs/map-ground.md explains how to set one.")
    return FileResponse(chosen.file, media_type="application/vnd.pmtiles", headers=_ARCHIVE_HEADERS)


@files.get("/fonts/{path:path}")
async def glyphs(chosen: Chosen, path: str) -> Response:
    """Glyphs of a font. Missing ones (204) are drawn with the viewer's fonts."""
    stack, _, span = path.partition("/")
    if not _RANGE.fullmatch(span):
        raise problems.ProblemError(404, "Request glyphs as FIRST-LAST.pbf.")
    known = chosen.fonts()
    font = next((name for name in stack.split(",") if name.strip() in known), None)
    glyphs = None if font is None else chosen.asset("fonts", font.strip(), span)
    return _served(glyphs, "application/x-protobuf") if glyphs else Response(status_code=204, headers=_HEADERS)


@files.get("/sprites/{path:path}")
async def sprite(chosen: Chosen, path: str) -> Response:
    """Icons of the base map."""
    sprite = chosen.asset("sprites", path) if _SPRITE.fullmatch(path) else None
    if sprite is None:
        raise problems.ProblemError(404, "There is no such sprite among PATROL_MAP_ASSETS.")
    return _served(sprite, "application/json" if path.endswith(".json") else "image/png")


def _served(file: Path, media_type: str) -> Response:
    return FileResponse(file, media_type=media_type, headers=_HEADERS)
