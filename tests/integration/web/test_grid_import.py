"""Import of a grid over REST: tried, refused with every fault named, and put in force."""

import copy
from typing import Any

import msgspec

from device_sim.city import grid_file
from runtime import db
from tests.support import web

TYPE = {"Content-Type": "application/geo+json"}


async def test_grid_is_tried_then_refused_or_put_in_force(server: web.WebServer, conn: db.Connection) -> None:
    """A trial changes nothing, faults name their feature, and the same file without a trial is in force."""
    town: dict[str, Any] = grid_file.city_geojson()
    broken = copy.deepcopy(town)
    at = next(n for n, one in enumerate(broken["features"]) if one["properties"]["kind"] == "cell")
    broken["features"][at]["properties"]["class"] = "moat"
    path = "/api/v1/grids/import"
    async with server.client() as client:
        trial = await client.post(f"{path}?dry_run=true", content=msgspec.json.encode(town), headers=TYPE)
        tried = trial.json()
        assert (tried["done"], tried["added"]) == (False, 1528)
        assert await conn.fetchval("SELECT count(*) FROM cells") == 0
        refused = await client.post(path, content=msgspec.json.encode(broken), headers=TYPE)
        assert refused.status_code == 422
        assert at in {fault["feature"] for fault in refused.json()["faults"]}
        body = msgspec.json.encode(town)
        answer = await client.post(path, content=body, headers=TYPE)
        assert answer.json()["done"]
        assert await conn.fetchval("SELECT count(*) FROM division_cells") == 1528


async def test_file_that_is_no_grid_is_refused_with_words(server: web.WebServer) -> None:
    """Bytes that are no GeoJSON are answered with a fault of the file as a whole."""
    async with server.client() as client:
        answer = await client.post("/api/v1/grids/import", content=b"\x00\xff{", headers=TYPE)
        assert answer.status_code == 422
        (fault,) = answer.json()["faults"]
        assert fault["feature"] is None
        assert fault["zh"]
        assert fault["en"]
