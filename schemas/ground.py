"""Models of the base map: what the page may fetch for it."""

from typing import Literal

from pydantic import Field

from schemas.rest import Model


class GroundTiles(Model):
    """A tile server of the operator's choice."""

    url: str = Field(description="Template with {z}, {x} and {y}: raster tiles of Web Mercator.")
    datum: Literal["wgs84", "gcj02"] = Field(description="gcj02: the page shifts the tiles to WGS-84.")
    max_zoom: int = Field(description="Highest zoom of the server; higher ones show its tiles enlarged.")
    size: int = Field(description="Side of a tile, px.")


class GroundGlyphs(Model):
    """Fonts served with the map; without them the viewer's fonts are used."""

    url: str = Field(description="Template with {fontstack} and {range}.")
    font: str = Field(description="Font requested for texts of the map.")
    ideographs: bool = Field(description="The font has Chinese characters.")


class Ground(Model):
    """The base map; plain without file and tiles."""

    file: str | None = Field(description="Address of a PMTiles archive, read by ranges; null: none.")
    tiles: GroundTiles | None
    attribution: str | None = Field(description="Shown on the map; null: attribution of the archive.")
    glyphs: GroundGlyphs | None
    sprites: list[str] = Field(description="Names of the sprites below /basemap/sprites/.")
