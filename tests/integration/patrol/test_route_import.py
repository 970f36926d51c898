"""Roads and checkpoints by the command line, on a fresh database."""

from pathlib import Path

import asyncpg
import pytest

from patrol.cli import errors
from patrol.cli.imports import grid_import, route_import
from patrol.settings.settings import Settings


async def test_the_synthetic_town_has_roads_and_checkpoints(database_url: str) -> None:
    """The demo's town, imported twice: the second time nothing is new."""
    await grid_import.import_town(database_url)
    said = await route_import.import_town(database_url)
    assert said == await route_import.import_town(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        n, ended, km = await connection.fetchrow(  # type: ignore[misc] # an aggregate gives one row
            "SELECT count(*), count(valid_to), sum(length_m) / 1000 FROM road_pieces"
        )
        checkpoints = await connection.fetchval("SELECT count(*) FROM checkpoints WHERE valid_to IS NULL")
    finally:
        await connection.close()
    assert ended == 0
    assert said == f"{km:.1f} km of road, {km:.1f} km of it in cells, in {n} pieces; {checkpoints} checkpoints"


def test_a_file_with_faults_is_refused_and_named(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both languages, each with the number of the row; the form of a file is told by its name."""
    file = tmp_path / "points.csv"
    file.write_text("code,lat,lon\nP1,23.1,114.4\n", encoding="utf-8")
    settings = Settings(database_url=database_url)
    with pytest.raises(errors.SetupError, match="correct the 1 faults"):
        route_import.checkpoints(settings, file=file, dry_run=False)
    told = capsys.readouterr().err
    assert "feature 0 (P1): [114.4, 23.1] is more than 100 m from every" in told
    assert "要素 0（P1）：" in told
    with pytest.raises(errors.SetupError, match=r"name it \.geojson, .json, .csv"):
        route_import.checkpoints(settings, file=tmp_path / "points.xlsx", dry_run=False)
