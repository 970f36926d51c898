"""The command centre's desk in a real Chromium: two windows, replay, drawn areas, the wall, access for all."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from runtime import db
from runtime.clock import wall_clock
from tests.browser.conftest import SLOW_MS, Watched, exported
from tests.support import missing, waiting
from tests.support.product import Product

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "web" / "ui" / "node_modules" / "axe-core" / "axe.min.js"


def alerts(demo: Product) -> list[dict[str, object]]:
    """Standing alerts of the demo."""
    found: list[dict[str, object]] = httpx2.get(
        f"{demo.url}/api/v1/alerts", params={"state": "standing", "limit": 1000}, headers=bearer(demo), timeout=30
    ).json()["items"]
    return found


def bearer(demo: Product) -> dict[str, str]:
    """Header of the demo's administrator."""
    return {"Authorization": f"Bearer {demo.token}"}


def counts_at(demo: Product, at: int, known: int) -> dict[str, int]:
    """How many cells were in each state at a moment by what was known at another, ms since 1970."""
    times = {"at": db.moment(at).isoformat(), "known": db.moment(known).isoformat()}
    counts: dict[str, int] = demo.get("coverage", level="district", **times)["items"][0]
    return counts


def axe(watched: Watched) -> list[str]:
    """Serious findings of axe on the page as it is now; the script goes in past the page's own policy."""
    if not AXE.is_file():
        missing.missing("axe-core", "run: npm ci in web/ui")
    watched.page.evaluate(AXE.read_text("utf-8"))
    found = watched.page.evaluate(
        "async () => JSON.stringify((await axe.run(document, {resultTypes: ['violations']})).violations)"
    )
    grave = [one for one in json.loads(found) if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:3]]}" for one in grave]


def test_alert_acknowledged_in_one_window_changes_in_the_other(
    watched: Watched, chromium: Browser, demo: Product, session_cookies: dict[str, str]
) -> None:
    """J chooses, A acknowledges; the other window shows who did without asking again, and the story tells it."""
    waiting.until_sync(lambda: bool(alerts(demo)), "the demo has alerts", within=60, every=0.5)
    other_context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    other_context.set_default_timeout(SLOW_MS)
    other_context.add_cookies([{"name": k, "value": v, "url": demo.url} for k, v in session_cookies.items()])
    other = Watched(other_context.new_page(), demo.url, demo.password)
    watched.open()
    other.open()
    page = watched.page
    expect(page.locator(".alert-item").first).to_be_visible()
    page.keyboard.press("j")
    chosen = page.locator(".alert-item:has([aria-current=true])")
    expect(chosen).to_be_visible()
    number = (chosen.get_attribute("id") or "").removeprefix("alert-")
    page.keyboard.press("a")
    expect(other.page.locator(f"#alert-{number} .alert-standing")).to_contain_text("已确认")
    expect(page.locator(f"#alert-{number} .alert-standing")).to_contain_text("admin")
    page.keyboard.press("o")
    expect(page.locator(".card .story li").last).to_contain_text("admin")
    assert f"alert={number}" in page.url
    watched.keep("alert-story")
    page.go_back()
    expect(page.locator(".card")).to_have_count(0)
    assert other.faults == []
    other_context.close()


def test_snooze_asks_for_a_reason_and_puts_the_alert_off(watched: Watched, demo: Product) -> None:
    """S opens the form with a reason chosen; Enter puts the alert off until a time that is shown."""
    waiting.until_sync(lambda: bool(alerts(demo)), "the demo has alerts", within=60, every=0.5)
    watched.open()
    page = watched.page
    expect(page.locator(".alert-item").first).to_be_visible()
    page.keyboard.press("k")
    chosen = page.locator(".alert-item:has([aria-current=true])")
    number = (chosen.get_attribute("id") or "").removeprefix("alert-")
    page.keyboard.press("s")
    expect(chosen.locator("select")).to_be_focused()
    chosen.get_by_role("button", name="确定").click()
    expect(page.locator(f"#alert-{number} .alert-standing")).to_contain_text("已暂缓")
    stored = httpx2.get(f"{demo.url}/api/v1/alerts/{number}", headers=bearer(demo), timeout=30).json()
    assert stored["state"] == "snoozed"
    assert stored["snoozed_until"] is not None


def test_replay_ends_in_the_state_that_live_had(watched: Watched, demo: Product) -> None:
    """At its end the clip shows each state as often as coverage at that moment; the address keeps the moment."""
    page = watched.page
    page.goto(f"{demo.url}/#replay=")
    page.wait_for_selector(".map[data-ready]")
    before = wall_clock()
    page.get_by_role("button", name="近 1 小时").click()
    page.wait_for_selector('[data-testid=clip][data-progress="1"]', state="attached")
    after = wall_clock()
    slider = page.get_by_label("时刻")
    slider.focus()
    page.keyboard.press("End")
    until = int(slider.get_attribute("max") or 0)
    expect(page.locator("[data-testid=moment]")).to_have_attribute("data-at", str(until))
    # Fixes of the last seconds may have come while the clip was made.
    first, last = [counts_at(demo, until, known) for known in (max(before, until), after)]
    for state in ("fresh", "due_soon", "will_breach", "overdue", "unknown"):
        between = range(min(first[state], last[state]), max(first[state], last[state]) + 1)
        shown = page.locator(f".legend-item.state-{state} .number")
        expect(shown).to_have_text(re.compile(f"^({'|'.join(map(str, between))})$"))
    watched.keep("replay")
    tracks = exported(page, "GEOJSON").read_text("utf-8")
    assert json.loads(tracks)["export"].endswith("purpose: 月度 & 考核")
    page.get_by_role("button", name="600 倍").click()
    page.keyboard.press("Home")
    page.get_by_role("button", name="播放", exact=True).click()
    begun = until - 3_600_000
    waiting.until_sync(
        lambda: int(page.locator("[data-testid=moment]").get_attribute("data-at") or 0) > begun + 300_000,
        "five minutes have been played",
        within=30,
    )
    page.get_by_role("button", name="暂停").click()
    page.wait_for_url(re.compile(r"&at="))
    page.reload()
    page.wait_for_selector('[data-testid=clip][data-progress="1"]', state="attached")
    assert int(page.locator("[data-testid=moment]").get_attribute("data-at") or 0) > begun + 300_000


def test_drawn_area_tells_who_was_there(watched: Watched) -> None:
    """Three clicks and Enter make an area; asking names officers with their times; the address keeps the question."""
    watched.open("/#map=12.5/23.09/114.41&area=")
    page = watched.page
    page.get_by_role("button", name="绘制区域").click()
    for x, y in ((500, 200), (950, 200), (950, 600), (500, 600)):
        page.mouse.click(x, y)
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_contain_text("4 个角")
    page.get_by_role("button", name="查询", exact=True).click()
    expect(page.locator(".presences > li").first).to_be_visible()
    page.wait_for_url(re.compile(r"area=.*&when="))
    watched.keep("area")


def test_wall_goes_round_by_itself(watched: Watched) -> None:
    """Without a mouse the view goes from the city to what is most urgent, and there is nothing to press."""
    watched.open("/?wall=1")
    page = watched.page
    expect(page.locator(".wall-focus")).to_have_attribute("data-stop", "overview")
    expect(page.locator(".wall-focus:not([data-stop=overview])")).to_be_visible()
    expect(page.locator(".topbar-tools")).to_be_hidden()
    watched.keep("wall")


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("where", ["", "#settings=plans", "#area=", "#replay="])
def test_pages_have_no_serious_accessibility_findings(watched: Watched, where: str, theme: str) -> None:
    """Axe finds nothing serious on any page in either theme."""
    page = watched.page
    page.add_init_script(f"localStorage.setItem('patrolgrid.theme', '{theme}')")
    page.goto(f"{watched.url}/{where}")
    page.wait_for_selector(".map[data-ready]")
    if where == "":
        page.keyboard.press("j")
        page.keyboard.press("o")
    if where == "#settings=plans":
        expect(page.locator("table tbody tr").first).to_be_visible()
        watched.keep(f"settings-{theme}")
    assert axe(watched) == []


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 768), (683, 384)])
def test_everything_is_reachable_on_small_screens(watched: Watched, width: int, height: int) -> None:
    """On a small desk, a tablet and at 200 % zoom nothing scrolls sideways and the tools are inside the window."""
    watched.page.set_viewport_size({"width": width, "height": height})
    watched.open()
    page = watched.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in ("实时", "回放", "设置", "退出登录"):
        button = page.get_by_role("button", name=name, exact=True)
        box = button.bounding_box()
        assert box is not None, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, (name, box)
    watched.keep(f"map-{width}x{height}")
