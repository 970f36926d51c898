"""The ground of the map is checked when the web process starts."""

from pathlib import Path

import pytest

from web.http import observe
from web.http.ground_config import MAGIC, GroundConfig, GroundError


@pytest.mark.parametrize(
    "template",
    [
        "tiles.example/{z}/{x}/{y}",
        "ftp://tiles.example/{z}/{x}/{y}",
        "javascript:alert({z}{x}{y})",
        "https://user:secret@tiles.example/{z}/{x}/{y}",
        "https://{s}.tiles.example/{z}/{x}/{y}",
        "https://tiles.example; script-src */{z}/{x}/{y}",
        "https://tiles.example,evil.example/{z}/{x}/{y}",
        "https://*/{z}/{x}/{y}",
        "https://tiles.example/{z}/{x}",
        "https:///{z}/{x}/{y}",
    ],
)
def test_tile_servers_that_would_open_the_policy_are_refused(template: str) -> None:
    """Only one plain origin can be named, so that nothing else gets into the content security policy."""
    with pytest.raises(GroundError, match="PATROL_MAP_TILES"):
        GroundConfig(tiles=template)


def test_origin_is_the_only_one_the_page_may_speak_to() -> None:
    """The policy names the tile server's origin, and without one no other."""
    ground = GroundConfig(tiles="https://tiles.example:8443/a/{z}/{x}/{y}.png?key=1")
    assert ground.origin == "https://tiles.example:8443"
    assert "connect-src 'self' https://tiles.example:8443;" in observe.content_security_policy(ground.origin)
    assert "connect-src 'self';" in observe.content_security_policy(GroundConfig().origin)


def test_file_must_be_an_archive(tmp_path: Path) -> None:
    """A file that is missing or is something else ends the start with the setting's name; a good one passes."""
    with pytest.raises(GroundError, match=r"PATROL_MAP_FILE.*cannot be read"):
        GroundConfig(file=tmp_path / "none.pmtiles")
    wrong = tmp_path / "wrong.pmtiles"
    wrong.write_bytes(b"SQLite format 3\0")
    with pytest.raises(GroundError, match="no PMTiles archive"):
        GroundConfig(file=wrong)
    right = tmp_path / "right.pmtiles"
    right.write_bytes(MAGIC + bytes(120))
    assert GroundConfig(file=right).file == right
    with pytest.raises(GroundError, match="one of them"):
        GroundConfig(file=right, tiles="https://tiles.example/{z}/{x}/{y}")
    with pytest.raises(GroundError, match="PATROL_MAP_ASSETS"):
        GroundConfig(assets=right)


def test_assets_stay_inside_their_folder(tmp_path: Path) -> None:
    """Neither dots nor links lead out of the folder."""
    (tmp_path / "secret").write_text("secret")
    fonts = tmp_path / "assets" / "fonts" / "Own"
    fonts.mkdir(parents=True)
    (fonts / "0-255.pbf").write_bytes(b"glyphs")
    (fonts / "256-511.pbf").symlink_to(tmp_path / "secret")
    ground = GroundConfig(assets=tmp_path / "assets")
    assert ground.fonts() == ["Own"]
    assert ground.asset("fonts", "Own", "0-255.pbf") == fonts / "0-255.pbf"
    for parts in (("Own", "256-511.pbf"), ("..", "..", "secret"), ("Own", "\0"), ("/", "etc", "passwd"), ("Own",)):
        assert ground.asset("fonts", *parts) is None, parts
