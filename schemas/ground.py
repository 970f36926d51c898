"""Models of the ground below the cells: what the map page may fetch for it."""

from typing import Literal

from pydantic import Field

from schemas.rest import Model


class GroundTiles(Model):
    """A tile server of the operator's choice."""

    url: str = Field(description="Template with {z}, {x} and {y}: raster tiles of Web Mercator.")
    datum: Literal["wgs84", "gcj02"] = Field(description="gcj02: the page moves the tiles to where WGS-84 has them.")
    max_zoom: int = Field(description="The deepest zoom the server has; deeper ones show its tiles enlarged.")
    size: int = Field(description="Side of a tile, px.")


class GroundGlyphs(Model):
    """Fonts served with the map; without them every sign is drawn by the viewer's own fonts."""

    url: str = Field(description="Template with {fontstack} and {range}.")
    font: str = Field(description="The font the map's texts are asked for in.")
    ideographs: bool = Field(description="The font has Chinese characters, so that viewers need none.")


class Ground(Model):
    """The ground of the map; without file and tiles it is plain."""

    file: str | None = Field(description="Address of a PMTiles archive, read by ranges; null: none.")
    tiles: GroundTiles | None
    attribution: str | None = Field(description="Shown on the map; null: what the archive says of itself.")
    glyphs: GroundGlyphs | None
    sprites: list[str] = Field(description="Names of the sprites below /basemap/sprites/.")
