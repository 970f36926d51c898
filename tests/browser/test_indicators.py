"""The page of indicators."""

import csv
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, exported
from tests.browser.test_desk import axe
from tests.support.product import Product

pytestmark = pytest.mark.browser


def rows_of(page: Page, column: int) -> list[str]:
    """Texts of a column of the indicators."""
    cells: list[str] = page.locator(f".figures-scroll tbody tr > :nth-child({column}) > :first-child").all_inner_texts()
    return cells


def test_indicators_are_ordered_narrowed_and_exported(watched: Watched, demo: Product) -> None:
    """A head orders its column, by keys too; the address keeps level, period, order and text; CSV has all rows."""
    watched.open("/#figures=street")
    page = watched.page
    asked = demo.get("indicators", level="street")["items"]
    expect(page.locator(".figures-scroll tbody tr")).to_have_count(len(asked))
    page.locator(".figures-scroll thead").get_by_role("button", name="有效巡查").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("有效巡查"))
    visits = [int(text) for text in rows_of(page, 10)]
    assert visits == sorted(visits)
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_have_text(re.compile("有效巡查"))
    page.get_by_role("button", name="今天").click()
    page.wait_for_url(re.compile(r"figures=street&when=.*&sort=-visits"))
    page.get_by_label("筛选").fill("桥")
    page.wait_for_url(re.compile("&find="))
    names = rows_of(page, 1)
    assert names
    assert all("桥" in name for name in names)
    page.reload()
    expect(page.get_by_label("筛选")).to_have_value("桥")
    expect(page.locator("th[aria-sort=descending]")).to_have_text(re.compile("有效巡查"))
    assert rows_of(page, 1) == names
    table = list(csv.reader(exported(page, "CSV").read_text("utf-8-sig").splitlines()))
    assert {row[0] for row in table[1:]} == {one["code"] for one in asked}
    assert table[1][-1].endswith("purpose: 月度 & 考核")


def test_a_row_of_the_indicators_leads_to_the_map_and_back(watched: Watched, demo: Product) -> None:
    """A cell's name opens its card, the back button the table; Escape leaves it; keys of the alerts rest meanwhile."""
    watched.open("/#figures=cell")
    page = watched.page
    name = page.locator(".figures-scroll tbody th button").first
    cell = demo.get("indicators", level="cell", limit=1)["items"][0]
    expect(name).to_have_text(cell["name"])
    page.keyboard.press("j")
    expect(page.locator(".alert-item:has([aria-current=true])")).to_have_count(0)
    name.click()
    expect(page.get_by_role("region", name=f"单元网格 {cell['name']}")).to_be_visible()
    page.go_back()
    expect(page.locator(".figures")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".figures")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1024, 768), (683, 384)])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_indicators_on_every_screen(watched: Watched, width: int, height: int, language: str, theme: str) -> None:
    """In both languages and themes, on a small desk, a tablet and at 200 % zoom: nothing is cut off, axe is content."""
    page = watched.page
    page.add_init_script(f"localStorage.setItem('patrolgrid.theme', '{theme}')")
    page.add_init_script(f"localStorage.setItem('patrolgrid.language', '{language}')")
    page.set_viewport_size({"width": width, "height": height})
    for level in ("grid", "officer"):
        page.goto(f"{watched.url}/#figures={level}&sort=-visits")
        page.wait_for_selector(".map[data-ready]")
        expect(page.locator(".figures-scroll tbody tr").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe(watched) == []
        watched.keep(f"figures-{level}-{language}-{theme}-{width}x{height}")
