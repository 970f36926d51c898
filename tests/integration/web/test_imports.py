"""Every import over REST, and by the command line, alike: applied unless it is a trial, refused as a problem."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from patrol.cli import errors
from patrol.cli.imports import calendar_import, grid_import, route_import
from patrol.settings.settings import Settings
from runtime import db
from tests.support import lattice, web
from tracking.store.city import grid_store

GEOJSON, CSV = "application/geo+json", "text/csv"


def _lines(*lines: list[list[float]]) -> bytes:
    shapes = [{"type": "LineString", "coordinates": line} for line in lines]
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


WEST, SOUTH, STEP = lattice.WEST, lattice.SOUTH, lattice.STEP
OVERLAPPING = lattice.collection(2, 1)
OVERLAPPING["features"].append(lattice.cell(9, lattice.square(0.5, 0), "G0"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One kind of import: where, a sound file, one with a fault, and where its rows go."""

    path: str
    command: Callable[..., None]
    name: str
    kind: str
    sound: bytes
    faulty: bytes
    rows: str


IMPORTS = {
    each.rows: each
    for each in (
        Import(
            path="/grids/import", command=grid_import.run, name="cells.geojson", kind=GEOJSON,
            sound=lattice.encoded(lattice.collection(3, 1)), faulty=lattice.encoded(OVERLAPPING), rows="cells",
        ),
        Import(
            path="/roads/import", command=route_import.roads, name="roads.geojson", kind=GEOJSON,
            sound=_lines([[WEST, SOUTH + STEP / 2], [WEST + STEP, SOUTH + STEP / 2]]),
            faulty=_lines([[WEST, SOUTH], [WEST, SOUTH]]), rows="road_pieces",
        ),
        Import(
            path="/checkpoints/import", command=route_import.checkpoints, name="points.csv", kind=CSV,
            sound=f"code,lat,lon\nP1,{SOUTH + STEP / 2},{WEST + STEP / 2}\n".encode(),
            faulty=b"code,lat,lon\nP1,1,1\n", rows="checkpoints",
        ),
        Import(
            path="/calendar", command=calendar_import.run, name="days.csv", kind=CSV,
            sound=b"day,workday,name\n2027-02-08,false,\n", faulty=b"day,workday\n2027-02-30,false\n",
            rows="calendar_days",
        ),
    )
}  # fmt: skip
EVERY = pytest.mark.parametrize("of", IMPORTS.values(), ids=IMPORTS)


@pytest.fixture
async def grid(conn: db.Connection) -> None:
    """Two cells, for what stands on cells."""
    done = await grid_store.import_file(conn, lattice.encoded(lattice.collection(2, 1)))
    assert isinstance(done, grid_store.GridImportResult)


async def _rows(conn: db.Connection, of: Import) -> int:
    return int(await conn.fetchval(f"SELECT count(*) FROM {of.rows}"))  # noqa: S608 - a constant of this file


async def _post(client: httpx2.AsyncClient, of: Import, body: bytes, query: str = "") -> httpx2.Response:
    return await client.post(f"/api/v1{of.path}{query}", content=body, headers={"Content-Type": of.kind})


@EVERY
@pytest.mark.usefixtures("grid")
async def test_import_is_applied_unless_it_is_a_trial(server: web.WebServer, conn: db.Connection, of: Import) -> None:
    """A trial says what the import then does, and leaves no trace."""
    before = await _rows(conn, of)
    async with server.client() as client:
        tried = await _post(client, of, of.sound, "?dry_run=true")
        assert (tried.status_code, tried.json()["done"]) == (200, False)
        assert await _rows(conn, of) == before
        done = await _post(client, of, of.sound)
        assert (done.status_code, done.json()) == (200, tried.json() | {"done": True})
        assert await _rows(conn, of) > before


@EVERY
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.usefixtures("grid")
async def test_file_with_faults_is_refused_as_a_problem(
    server: web.WebServer, conn: db.Connection, of: Import, query: str
) -> None:
    """Tried or not: 422, the faults in words and one by one, in both languages; nothing is taken."""
    before = await _rows(conn, of)
    async with server.client() as client:
        answer = await _post(client, of, of.faulty, query)
    problem: dict[str, Any] = answer.json()
    assert answer.status_code == problem["status"] == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["title"]
    assert problem["detail"]
    assert problem["faults"]
    assert all(fault["zh"] and fault["en"] in problem["detail"] for fault in problem["faults"][:3])
    assert await _rows(conn, of) == before


async def test_every_import_is_among_these(server: web.WebServer) -> None:
    """A route that is added as an import takes a trial, refuses as a problem, and is tested here."""
    async with server.client() as client:
        document = (await client.get("/openapi.json")).json()
    trials = {
        path.removeprefix("/api/v1"): operation
        for path, item in document["paths"].items()
        for operation in item.values()
        if path.endswith("/import") or any(each["name"] == "dry_run" for each in operation.get("parameters", []))
    }
    assert set(trials) == {of.path for of in IMPORTS.values()}
    for path, operation in trials.items():
        (dry_run,) = (each for each in operation["parameters"] if each["name"] == "dry_run")
        assert dry_run["schema"]["default"] is False, path
        assert list(operation["responses"]["422"]["content"]) == ["application/problem+json"], path


@EVERY
@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.usefixtures("grid")
def test_commands_do_the_same(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], of: Import, *, dry_run: bool
) -> None:
    """`--dry-run` says so and changes nothing; a file with faults changes nothing either way."""
    settings, file = Settings(database_url=database_url), tmp_path / of.name
    for _ in range(2):
        file.write_bytes(of.sound)
        of.command(settings, file=file, dry_run=dry_run)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Dry run, nothing has changed: ") == dry_run
    assert (first == second) == dry_run
    file.write_bytes(of.faulty)
    with pytest.raises(errors.SetupError, match="was not imported"):
        of.command(settings, file=file, dry_run=dry_run)
