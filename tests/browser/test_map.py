"""The map page in a real Chromium against a real demo: what a supervisor sees and does."""

import math
import re

import httpx2
import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import SLOW_MS, Watched
from tests.support import waiting
from tests.support.product import Product

pytestmark = pytest.mark.browser


def places(watched: Watched) -> dict[int, tuple[float, float]]:
    """Where each officer is drawn now, degrees."""
    return {one["slot"]: (one["lng"], one["lat"]) for one in watched.stats()["officers"]}


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance near Huizhou."""
    return math.hypot((a[0] - b[0]) * 102_400, (a[1] - b[1]) * 110_900)


def nameless(watched: Watched) -> list[str]:
    """Buttons, fields, images and regions that a screen reader cannot name."""
    found: list[str] = watched.page.evaluate(
        """[...document.querySelectorAll('button, input, [role=img], [role=region], section')]
        .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).map((e) => e.outerHTML.slice(0, 200))"""
    )
    return found


@pytest.mark.parametrize("signed_in", [False])
def test_wrong_password_stays_outside(watched: Watched) -> None:
    """A visitor is led to the sign-in page and a wrong password does not open it."""
    page = watched.page
    page.goto(watched.url)
    assert "/login" in page.url
    page.fill("input[name=name]", "admin")
    page.fill("input[name=password]", "not the password")
    page.click("button[type=submit]")
    expect(page.locator("body")).to_contain_text("不正确")
    assert watched.faults.pop().count("401") == 1, "the browser itself notes the refusal"


def test_map_shows_cells_and_officers_that_move(watched: Watched) -> None:
    """All cells have a state, every officer is drawn, and their drawn places glide on by walking steps."""
    watched.open()
    before = places(watched)
    stats = watched.stats()
    assert (stats["cells"], stats["link"]) == (1528, "open")
    assert len(before) == 20

    drawn: dict[int, set[tuple[float, float]]] = {slot: set() for slot in before}

    def walked() -> bool:
        now = places(watched)
        for slot in before:
            drawn[slot].add(now.get(slot, before[slot]))
        stepped = sum(slot in now and 1 < metres(before[slot], now[slot]) < 300 for slot in before)
        return stepped >= 3 and max(len(different) for different in drawn.values()) >= 5

    waiting.until_sync(walked, "three officers walked, one drawn at five places on its way", within=60, every=0.4)
    expect(watched.page.locator("[data-testid=link]")).to_contain_text("实时")
    expect(watched.page.locator(".legend")).to_contain_text("1528")
    watched.keep("map-dark-zh")


def test_language_and_theme_are_switched_and_remembered(watched: Watched) -> None:
    """English replaces every visible Chinese text of the page's own, light replaces dark, and both outlast a reload."""
    watched.open()
    page = watched.page
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.get_by_role("button", name="Switch to English").click()
    page.get_by_role("button", name="Switch to light").click()
    page.reload()
    watched.wait_drawn()
    expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.get_by_role("heading", name="Alerts")).to_be_visible()
    shown = page.locator(".legend").inner_text() + page.locator("[data-testid=link]").inner_text()
    assert not re.search(r"[\u4e00-\u9fff]", shown), shown
    watched.keep("map-light-en")


def test_officer_is_found_by_keyboard_and_shows_the_track(watched: Watched, demo: Product) -> None:
    """Slash, a name and Enter open the drawer with the recent track; the address keeps the choice; Escape closes it."""
    watched.open()
    page = watched.page
    name = next(iter(demo.devices()))
    page.keyboard.press("/")
    page.keyboard.type(name)
    expect(page.get_by_role("option").first).to_contain_text(name)
    page.keyboard.press("Enter")
    drawer = page.get_by_role("region", name=name)
    expect(drawer).to_contain_text("最近定位")
    expect(drawer.get_by_role("img", name=re.compile("近期速度"))).to_be_visible()
    expect(drawer).to_contain_text("个定位点")
    waiting.until_sync(lambda: f"officer={name}" in page.url, "the address names the officer")
    watched.keep("officer")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_address_opens_a_cell(watched: Watched, demo: Product) -> None:
    """An address with a cell shows its card: state, class, limit, time to due, synthetic; every control has a name."""
    cell = demo.get("cells")["features"][100]["properties"]
    watched.open(f"/#cell={cell['code']}")
    card = watched.page.get_by_role("region", name=f"单元网格 {cell['name']}")
    for text in (cell["code"], "模拟数据", "巡查时限", "距到期", "上次有效巡查"):
        expect(card).to_contain_text(text)
    assert nameless(watched) == []
    watched.keep("cell")


def look_at_a_cell(watched: Watched, demo: Product) -> None:
    """Bring a cell into the middle of the map, with nothing chosen."""
    cell = demo.get("cells")["features"][700]
    ring = cell["geometry"]["coordinates"][0][:-1]
    lng, lat = (sum(corner[axis] for corner in ring) / len(ring) for axis in (0, 1))
    watched.open(f"/#map=17.5/{lat}/{lng}&officer={next(iter(demo.devices()))}")
    watched.page.keyboard.press("Escape")


def test_click_on_the_map_chooses_a_cell(watched: Watched, demo: Product) -> None:
    """A click beside every officer opens the card of the cell under it."""
    look_at_a_cell(watched, demo)
    page = watched.page

    def chosen() -> bool:
        page.mouse.click(683, 384)
        return page.locator(".card").count() > 0

    waiting.until_sync(chosen, "a card is open", within=60, every=0.5)
    expect(page.locator(".card")).to_contain_text(re.compile(r"441302\d{9}|最近定位"))


def test_lost_connection_is_told_and_mended(watched: Watched) -> None:
    """When the line breaks, the page says so and comes back by itself, resuming where it was."""
    lines: list[WebSocketRoute] = []
    first_words: list[str] = []

    def line(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        lines.append(route)
        fresh = True

        def said(message: str | bytes) -> None:
            nonlocal fresh
            if fresh:
                first_words.append(str(message))
            fresh = False
            server.send(message)

        route.on_message(said)

    watched.page.route_web_socket(re.compile("/api/v1/live"), line)
    watched.open()
    lines[-1].close(code=1012, reason="cut by the test")
    sign = watched.page.locator("[data-testid=link]")
    waiting.until_sync(lambda: watched.stats()["link"] == "open" and len(lines) > 1, "the page is connected again")
    expect(sign).to_contain_text("实时")
    assert '"epoch"' not in first_words[0]
    assert '"epoch"' in first_words[-1]


@pytest.mark.parametrize("signed_in", [False])
def test_sign_out_closes_the_session(watched: Watched) -> None:
    """The button leads to the sign-in page, and the cookie that was used opens nothing any more."""
    watched.sign_in()
    page = watched.page
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert httpx2.get(f"{watched.url}/api/v1/session", cookies=cookies).status_code == 200
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(re.compile(r"/login\?lang=zh$"), timeout=SLOW_MS)
    assert httpx2.get(f"{watched.url}/api/v1/session", cookies=cookies).status_code == 401


def test_the_map_comes_back_after_its_graphics_context_was_lost(watched: Watched, demo: Product) -> None:
    """The fill of a cell looks as before, officers are drawn, and a click finds a cell."""
    look_at_a_cell(watched, demo)
    page = watched.page

    def middle() -> bytes:
        return page.screenshot(clip={"x": 690, "y": 300, "width": 24, "height": 24}, timeout=2 * SLOW_MS)

    before = middle()
    page.evaluate(
        """() => {
            const canvases = [...document.querySelectorAll('.map canvas')];
            window.lost = canvases.map((one) => one.getContext('webgl2').getExtension('WEBGL_lose_context'));
            window.lost.forEach((one) => one.loseContext());
        }"""
    )
    waiting.until_sync(lambda: middle() != before, "the fill is gone", within=60, every=0.5)
    page.evaluate("window.lost.forEach((one) => one.restoreContext())")
    waiting.until_sync(lambda: middle() == before, "the fill is there again", within=60, every=0.5)
    page.mouse.click(683, 384)
    expect(page.locator(".card")).to_be_visible()
    # MapLibre says that the layer must be added again, which the page does.
    watched.faults[:] = [fault for fault in watched.faults if "cells-fill" not in fault]
