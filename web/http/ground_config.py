"""Configuration of the base map, checked once at the start."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

MAGIC = b"PMTiles\x03"
"""First bytes of PMTiles archives of version 3."""
_FIRST_IDEOGRAPHS = "19968-20223.pbf"


class GroundError(ValueError):
    """The configured base map cannot be used; the text says which setting and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundConfig:
    """The base map."""

    file: Path | None = None
    """PMTiles archive; None: none."""
    assets: Path | None = None
    """Folder with `fonts/{font}/{range}.pbf` and `sprites/{name}.json`, `.png`; None: drawn by the page."""
    tiles: str | None = None
    """Template of a tile server's addresses; its origin is the only other one that the page may contact."""
    tiles_datum: Literal["wgs84", "gcj02"] = "gcj02"
    tiles_max_zoom: int = 18
    tiles_size: int = 256
    """px"""
    attribution: str | None = None
    """None: the one in the archive."""

    def __post_init__(self) -> None:
        """Check.

        Raises:
            GroundError: a setting cannot be used.
        """
        if self.file is not None and self.tiles is not None:
            raise GroundError("PATROL_MAP_FILE and PATROL_MAP_TILES: set one of them, the map has one ground.")
        if self.file is not None:
            _check_archive(self.file)
        if self.assets is not None and not self.assets.is_dir():
            raise GroundError(f"PATROL_MAP_ASSETS: {self.assets} is no folder.")
        if self.tiles is not None:
            _check_template(self.tiles)

    @property
    def origin(self) -> str | None:
        """Further origin that the page must be allowed to contact; None: none."""
        if self.tiles is None:
            return None
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc}"

    def fonts(self) -> list[str]:
        """Names of the fonts among the assets, sorted."""
        return self._names("fonts", lambda entry: entry.name if entry.is_dir() else None)

    def sprites(self) -> list[str]:
        """Names of the sprites among the assets, sorted."""
        named = self._names("sprites", lambda entry: entry.stem if entry.suffix == ".json" else None)
        return [name for name in named if not name.endswith("@2x")]

    def has_ideographs(self, font: str) -> bool:
        """Whether a font has the first range of Chinese characters."""
        return self.assets is not None and (self.assets / "fonts" / font / _FIRST_IDEOGRAPHS).is_file()

    def asset(self, kind: Literal["fonts", "sprites"], *parts: str) -> Path | None:
        """The asset with this name, if it is a file inside the folder after resolving links."""
        if self.assets is None or any("\0" in part for part in parts):
            return None
        root = (self.assets / kind).resolve()
        file = root.joinpath(*parts).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None

    def _names(self, kind: str, name_of: Callable[[Path], str | None]) -> list[str]:
        folder = None if self.assets is None else self.assets / kind
        if folder is None or not folder.is_dir():
            return []
        return sorted(name for entry in folder.iterdir() if (name := name_of(entry)) is not None)


def _check_archive(file: Path) -> None:
    try:
        with file.open("rb") as archive:
            head = archive.read(len(MAGIC))
    except OSError as fault:
        raise GroundError(f"PATROL_MAP_FILE: {file} cannot be read: {fault.strerror}.") from fault
    if head != MAGIC:
        raise GroundError(f"PATROL_MAP_FILE: {file} is no PMTiles archive of version 3.")


def _check_template(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise GroundError("PATROL_MAP_TILES: it must begin with https:// or http:// and a host.")
    if parts.username is not None or any(character in parts.netloc for character in " ;,'\"{}*\\"):
        raise GroundError("PATROL_MAP_TILES: the host must stand there plainly: one origin, no {s}, no user.")
    if any(field not in url for field in ("{z}", "{x}", "{y}")):
        raise GroundError("PATROL_MAP_TILES: it must contain {z}, {x} and {y}.")
