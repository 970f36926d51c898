"""Grounds for the map in tests: a PMTiles archive of the town's own streets, and a tile server that draws in GCJ-02."""

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import mapbox_vector_tile
import numpy as np
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import write
from shapely import transform, unary_union
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from tracking.geometry import datum
from tracking.presence.fixes import Float

ZOOMS = (10, 12, 13)
TILE = 256  # px
MARK = 8  # px, half a side


def world(lng: float, lat: float) -> tuple[float, float]:
    """Web Mercator on the unit square, y to the south."""
    return lng / 360 + 0.5, 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)


def town_archive(file: Path, cells: dict[str, Any], *, attribution: str) -> None:
    """Write an archive in Protomaps' way: the land, and a road along every border of the cells' grids."""
    layers = _town_layers(cells)
    with write(str(file)) as writer:
        for zoom in ZOOMS:
            for x, y in _tiles_over(layers["earth"][0][0], zoom):
                tile = mapbox_vector_tile.encode(_clipped(layers, zoom, x, y), {"y_coord_down": True})
                writer.write_tile(zxy_to_tileid(zoom, x, y), gzip.compress(tile, mtime=0))
        west, south, east, north = layers["extent"]
        header: dict[str, Any] = {"tile_type": TileType.MVT, "tile_compression": Compression.GZIP}
        for name, value in (("min_lon", west), ("min_lat", south), ("max_lon", east), ("max_lat", north)):
            header[f"{name}_e7"] = round(value * 1e7)
        header |= {"center_zoom": 12, "center_lon_e7": round((west + east) * 5e6)}
        header["center_lat_e7"] = round((south + north) * 5e6)
        fields = [{"id": name, "fields": {"kind": "String"}} for name in ("earth", "roads")]
        writer.finalize(header, {"attribution": attribution, "vector_layers": fields})


def _town_layers(cells: dict[str, Any]) -> dict[str, Any]:
    grids: dict[str, list[BaseGeometry]] = {}
    for feature in cells["features"]:
        grids.setdefault(feature["properties"]["grid"], []).append(shape(feature["geometry"]))
    areas = [unary_union(parts) for parts in grids.values()]
    town = unary_union(areas)

    def mercator(geometry: BaseGeometry) -> BaseGeometry:
        return transform(geometry, lambda at: np.column_stack([at[:, 0] / 360 + 0.5, _mercator_y(at[:, 1])]))

    roads = [(mercator(area.boundary), {"kind": "major_road", "name": "演示路"}) for area in areas]
    land = mercator(town.buffer(0.01))
    return {"earth": [(land, {"kind": "earth"})], "roads": roads, "extent": town.bounds}


def _mercator_y(lat: Float) -> Float:
    return 0.5 - np.arctanh(np.sin(np.radians(lat))) / math.tau


def _tiles_over(geometry: BaseGeometry, zoom: int) -> Iterator[tuple[int, int]]:
    west, north, east, south = (value * 2**zoom for value in geometry.bounds)
    for x in range(int(west), int(east) + 1):
        for y in range(int(north), int(south) + 1):
            yield x, y


def _clipped(layers: dict[str, Any], zoom: int, x: int, y: int) -> list[dict[str, Any]]:
    side = 2**zoom
    around = box((x - 0.05) / side, (y - 0.05) / side, (x + 1.05) / side, (y + 1.05) / side)
    encoded = []
    for name in ("earth", "roads"):
        features = []
        for geometry, properties in layers[name]:
            part = geometry.intersection(around)
            if not part.is_empty:
                local = transform(part, lambda at: (at * side - (x, y)) * 4096)
                features.append({"geometry": local, "properties": properties})
        encoded.append({"name": name, "features": features})
    return encoded


@contextmanager
def gcj_tile_server(lng: float, lat: float, port: int = 0) -> Iterator[str]:
    """Serve black tiles drawn in GCJ-02, a white square at a WGS-84 place; yield the template of their addresses."""
    to_lat, to_lng = datum.wgs84_to_gcj02(np.array([lat]), np.array([lng]))
    mark = world(float(to_lng[0]), float(to_lat[0]))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            zoom, x, y = (int(part) for part in self.path.removesuffix(".png").split("/")[1:])
            body = _png(mark[0] * 2**zoom - x, mark[1] * 2**zoom - y)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Cross-Origin-Resource-Policy", "cross-origin")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever, name="tiles", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{{z}}/{{x}}/{{y}}.png"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _png(mark_x: float, mark_y: float) -> bytes:
    """A grey PNG of one tile: black, white around the mark (in parts of the tile)."""
    axis = np.arange(TILE) + 0.5
    white = (np.abs(axis[None, :] - mark_x * TILE) < MARK) & (np.abs(axis[:, None] - mark_y * TILE) < MARK)
    rows = np.where(white, 255, 0).astype(np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", TILE, TILE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
