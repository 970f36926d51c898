"""The ground of the map over HTTP: what there is, by ranges, closed without a sign-in, one origin at most."""

from pathlib import Path

from tests.support import web
from web.http.ground_config import MAGIC, GroundConfig


def made(folder: Path) -> GroundConfig:
    """An archive and assets with one font and one sprite."""
    (folder / "ground.pmtiles").write_bytes(MAGIC + bytes(range(256)) * 40)
    font = folder / "fonts" / "Noto Sans Regular"
    font.mkdir(parents=True)
    (font / "0-255.pbf").write_bytes(b"latin")
    (font / "19968-20223.pbf").write_bytes(b"han")
    (folder / "sprites").mkdir()
    for name in ("light.json", "light@2x.json"):
        (folder / "sprites" / name).write_text("{}")
    (folder / "sprites" / "light.png").write_bytes(b"png")
    return GroundConfig(file=folder / "ground.pmtiles", assets=folder, attribution="© Test")


async def test_archive_is_served_by_ranges(database_url: str, tmp_path: Path) -> None:
    """A range comes alone, uncompressed and with a tag; the whole file is never sent where a range was asked for."""
    ground = made(tmp_path)
    whole = (tmp_path / "ground.pmtiles").read_bytes()
    async with web.serving(database_url, ground=ground) as server, server.client() as client:
        said = (await client.get("/api/v1/ground")).json()
        assert said["file"] == "/basemap/ground.pmtiles"
        assert said["attribution"] == "© Test"
        assert said["glyphs"]["ideographs"] is True
        assert said["sprites"] == ["light"]
        part = await client.get(said["file"], headers={"Range": "bytes=5-104", "Accept-Encoding": "gzip"})
        assert part.status_code == 206
        assert part.content == whole[5:105]
        assert part.headers["content-range"] == f"bytes 5-104/{len(whole)}"
        assert part.headers["etag"]
        assert part.headers["cache-control"] == "no-store", "a browser's cache may give a range short of its end"
        assert "content-encoding" not in part.headers
        past = await client.get(said["file"], headers={"Range": f"bytes={len(whole) + 10}-"})
        assert past.status_code == 416
        glyphs = "/basemap/fonts/Noto Sans Regular/"
        assert (await client.get(f"{glyphs}0-255.pbf")).content == b"latin"
        assert (await client.get("/basemap/fonts/None,Noto Sans Regular/0-255.pbf")).content == b"latin"
        assert (await client.get(f"{glyphs}256-511.pbf")).status_code == 204
        assert (await client.get("/basemap/sprites/light.png")).content == b"png"
        for path in ("sprites/..%2fground.pmtiles", "sprites/none.json", "fonts/..%2f..%2fetc/passwd", "none"):
            assert (await client.get(f"/basemap/{path}")).status_code == 404, path
        assert (await client.get(said["file"], headers={"Authorization": ""})).status_code == 401


async def test_plain_ground_is_the_default(database_url: str) -> None:
    """Without settings there is nothing, and the policy names no other origin."""
    async with web.serving(database_url) as server, server.client() as client:
        answer = await client.get("/api/v1/ground")
        assert answer.json() == {"file": None, "tiles": None, "attribution": None, "glyphs": None, "sprites": []}
        assert "connect-src 'self';" in answer.headers["content-security-policy"]
        assert (await client.get("/basemap/ground.pmtiles")).status_code == 404


async def test_tile_server_is_the_one_origin_added(database_url: str) -> None:
    """Its origin, and nothing more, may be connected to; pictures and scripts still come from us alone."""
    ground = GroundConfig(tiles="https://tiles.example/{z}/{x}/{y}.png")
    async with web.serving(database_url, ground=ground) as server, server.client() as client:
        answer = await client.get("/api/v1/ground")
        assert answer.json()["tiles"] == {
            "url": "https://tiles.example/{z}/{x}/{y}.png",
            "datum": "gcj02",
            "max_zoom": 18,
            "size": 256,
        }
        policy = answer.headers["content-security-policy"]
        assert policy.count("tiles.example") == 1
        assert "connect-src 'self' https://tiles.example;" in policy
