"""Files that are imported: tried first, their faults shown where they are."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_desk import axe
from tests.support import lattice
from tests.support.product import Product

pytestmark = pytest.mark.browser


def test_a_grid_file_is_tried_and_its_faults_are_shown_where_they_are(watched: Watched) -> None:
    """Two cells that overlap are named and marked on the small map; a sound file says what it would change."""
    watched.open("/#settings=grids")
    page, watched.refused = watched.page, "/grids/import"

    def give(document: dict[str, object]) -> None:
        # Codes of their own: those of the town are taken.
        encoded = lattice.encoded(document).replace(b"441302010", b"441302099")
        file = {"name": "cells.geojson", "mimeType": "application/geo+json", "buffer": encoded}
        page.get_by_label("GeoJSON 文件").set_input_files(file)  # type: ignore[arg-type] # a file payload

    faulty = lattice.collection(3)
    faulty["features"].append(lattice.cell(9, lattice.square(0.5, 0), "G0"))
    give(faulty)
    expect(page.locator(".faults li").first).to_be_visible()
    expect(page.locator(".import-preview .faulty").first).to_be_visible()
    expect(page.get_by_role("button", name="导入并生效")).to_have_count(0)
    watched.keep("settings-grid-faults")
    give(lattice.collection(3))
    expect(page.get_by_text("可以导入：3 格")).to_be_visible()


def give(page: Page, label: str, name: str, text: str) -> None:
    """Choose a file of this text."""
    kind = "text/csv" if name.endswith(".csv") else "application/geo+json"
    file = {"name": name, "mimeType": kind, "buffer": text.encode()}
    page.get_by_label(label).set_input_files(file)  # type: ignore[arg-type] # a file payload


def test_checkpoints_are_tried_with_their_faults_on_the_map(watched: Watched, demo: Product) -> None:
    """Rows that are wrong are named and marked above the city; the mended file tells what it would change."""
    ring = demo.get("cells")["features"][50]["geometry"]["coordinates"][0][:-1]
    lon, lat = (sum(corner[axis] for corner in ring) / len(ring) for axis in (0, 1))
    watched.open("/#settings=checkpoints")
    page, watched.refused = watched.page, "/checkpoints/import"
    names = "code,name,lat,lon\n"
    sound = f'P1,"东口, 北",{lat},{lon}\n'
    give(
        page,
        "打卡点 GeoJSON 或 CSV 文件",
        "points.csv",
        names + sound + f"P1,,{lat + 0.001},{lon}\nP3,,{lat},{lon + 2}\n",
    )
    expect(page.locator(".faults li")).to_have_count(2)
    expect(page.locator(".import-preview .faulty.point")).to_have_count(2)
    expect(page.locator(".import-preview .ground")).to_have_attribute("d", re.compile("^M"))
    expect(page.get_by_role("button", name="导入并生效")).to_have_count(0)
    assert axe(watched) == []
    watched.keep("settings-checkpoints-faults")
    give(page, "打卡点 GeoJSON 或 CSV 文件", "points.csv", names + sound)
    expect(page.get_by_text("可以导入：1 个打卡点")).to_be_visible()


def test_roads_are_tried_with_their_faults_on_the_map(watched: Watched, demo: Product) -> None:
    """A line of one place is named and marked; a sound road tells its length and how much of it lies in cells."""
    (lon, lat), (east, north) = demo.get("cells")["features"][50]["geometry"]["coordinates"][0][:2]

    def roads(*lines: list[list[float]]) -> str:
        shapes = [{"type": "LineString", "coordinates": line} for line in lines]
        features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
        return json.dumps({"type": "FeatureCollection", "features": features})

    watched.open("/#settings=roads")
    page, watched.refused = watched.page, "/roads/import"
    sound = [[lon, lat], [east, north]]
    give(page, "道路 GeoJSON 文件", "roads.geojson", roads(sound, [[lon, lat], [lon, lat]]))
    expect(page.locator(".faults li")).to_have_count(1)
    expect(page.locator(".import-preview .faulty.line")).to_have_count(1)
    watched.keep("settings-roads-faults")
    give(page, "道路 GeoJSON 文件", "roads.geojson", roads(sound))
    expect(page.get_by_text(re.compile("可以导入：道路 .*其中网格内"))).to_be_visible()
