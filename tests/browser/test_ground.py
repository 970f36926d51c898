"""The ground of the map in a real Chromium: a file of our own, and a tile server in GCJ-02 put in its right place."""

import base64
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SLOW_MS, Watched
from tests.support import basemap, ports
from tests.support.product import Product

pytestmark = pytest.mark.browser

FIELDS = (114.9, 23.45)
"""WGS-84, north-east of the town: nothing else is drawn there."""
FIND_WHITE = """async (picture) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let [n, x, y] = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) {
        if (data[i] < 200 || data[i + 1] < 200 || data[i + 2] < 200) continue;
        n += 1;
        x += ((i / 4) % image.width) + 0.5;
        y += Math.floor(i / 4 / image.width) + 0.5;
    }
    return { n, x: x / n, y: y / n };
}"""


Look = Callable[[dict[str, str]], AbstractContextManager[Watched]]


@pytest.fixture
def looking(chromium: Browser, demo: Product, session_cookies: dict[str, str]) -> Look:
    """Give a watched page, in light, of another web process on the demo with a ground of its own."""

    @contextmanager
    def look(env: dict[str, str]) -> Iterator[Watched]:
        # The broker lets processes of the server in where the demo's own come in, not where devices do.
        env = env | {"PATROL_MQTT_URL": demo.child("web").environ()["PATROL_MQTT_URL"]}
        web = Product(demo.data_dir, env=env, mqtt_port=demo.mqtt_port, password=demo.password, token=demo.token)
        web.start("web")
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", color_scheme="light")
        context.set_default_timeout(SLOW_MS)
        context.add_cookies([{"name": k, "value": v, "url": web.url} for k, v in session_cookies.items()])
        watched = Watched(context.new_page(), web.url, web.password)
        try:
            web.wait_ready()
            yield watched
        finally:
            context.close()
            web.stop()
        assert watched.faults == []

    return look


def white_mark(page: Page) -> tuple[float, float]:
    """Middle of the white pixels in the middle 300 px of the page, from its middle."""
    size = page.viewport_size
    assert size is not None
    left, top = size["width"] / 2 - 150, size["height"] / 2 - 150
    picture = page.screenshot(clip={"x": left, "y": top, "width": 300, "height": 300})
    found = page.evaluate(FIND_WHITE, base64.b64encode(picture).decode())
    assert found["n"] > 50, "the mark is in view"
    return found["x"] - 150, found["y"] - 150


def test_map_file_is_the_ground_and_says_whose_it_is(demo: Product, looking: Look, tmp_path: Path) -> None:
    """A PMTiles file is read by ranges from the same origin and drawn; its attribution is shown as plain text."""
    file = tmp_path / "town.pmtiles"
    basemap.town_archive(file, demo.get("cells"), attribution='<a href="https://tiles.example">© Town</a><script>')
    with looking({"PATROL_MAP_FILE": str(file)}) as watched:
        ranges: list[str] = []
        watched.page.on(
            "response",
            lambda got: ranges.append(got.request.headers.get("range", "")) if "ground.pmtiles" in got.url else None,
        )
        watched.open("/#map=14.5/23.09/114.41")
        # A tile that could not be read would have taken the attribution's place.
        expect(watched.page.locator(".attribution")).to_have_text("© Town")
        assert len(ranges) >= 3, "header, description and tiles"
        assert all(asked.startswith("bytes=") for asked in ranges)
        watched.keep("ground-file")


def test_tiles_in_gcj02_lie_where_wgs84_has_them(looking: Look) -> None:
    """A mark the server draws at a place's GCJ-02 position appears at that place, to three pixels at street zoom."""
    lng, lat = FIELDS
    with basemap.gcj_tile_server(lng, lat) as template, looking({"PATROL_MAP_TILES": template}) as watched:
        watched.allowed = template.split("/")[2]
        watched.page.goto(f"{watched.url}/#map=15/{lat}/{lng}")
        watched.page.wait_for_selector(".map[data-ready]")
        x, y = white_mark(watched.page)
        assert math.hypot(x, y) < 3, (x, y)
        watched.keep("ground-gcj02")


def test_unreachable_tile_server_leaves_the_plain_ground_until_it_answers(looking: Look) -> None:
    """The page says that the ground is missing, works, and has the ground when the server is back."""
    lng, lat = FIELDS
    port = ports.free_port()
    host = f"127.0.0.1:{port}"
    with looking({"PATROL_MAP_TILES": f"http://{host}/{{z}}/{{x}}/{{y}}.png"}) as watched:
        watched.allowed = host
        watched.open("/#map=15/23.09/114.41")
        attribution = watched.page.locator(".attribution")
        expect(attribution).to_contain_text("底图无法载入")
        with watched.page.expect_event("requestfailed"):
            watched.page.goto(f"{watched.url}/#map=15/{lat}/{lng}")
        with basemap.gcj_tile_server(lng, lat, port):
            expect(attribution).to_have_text(host)
            assert math.hypot(*white_mark(watched.page)) < 3
        # The browser itself notes each request that failed.
        watched.faults[:] = [fault for fault in watched.faults if "ERR_CONNECTION_REFUSED" not in fault]
