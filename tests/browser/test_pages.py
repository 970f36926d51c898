"""Pages and their addresses in a real Chromium: settings tried and set, the back button, who may be reached."""

import re
from collections.abc import Callable

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_desk import axe, bearer
from tests.support import waiting
from tests.support.product import Product

pytestmark = pytest.mark.browser

TABS = (
    "plans", "rules", "grids", "roads", "checkpoints", "devices", "officers", "shifts", "duties", "channels",
    "accounts", "tokens", "audit", "refusals",
)  # fmt: skip
FOREIGN = "http://127.0.0.1:9/"
"""Another origin: the policy must stop a page before it is asked."""


def go(page: Page, fragment: str) -> None:
    """Change the address within the page, as a link in it does."""
    page.evaluate("(hash) => { location.hash = hash; }", fragment)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_screen_has_no_serious_accessibility_findings(watched: Watched, demo: Product, theme: str) -> None:
    """Axe finds nothing serious on any page of the settings, nor on the cards of a cell and an officer."""
    page = watched.page
    page.add_init_script(f"localStorage.setItem('patrolgrid.theme', '{theme}')")
    watched.open()
    cell = demo.get("cells")["features"][10]["properties"]["code"]
    found: dict[str, list[str]] = {}
    for what, name in (("cell", cell), ("officer", next(iter(demo.devices())))):
        go(page, f"#{what}={name}")
        expect(page.locator(".card .list-head").first).to_be_visible()
        found[what] = axe(watched)
        watched.keep(f"{what}-{theme}")
    for tab in TABS:
        go(page, f"#settings={tab}")
        expect(page.locator(f".settings-page[data-tab={tab}]")).to_be_visible()
        expect(page.locator(".settings-page").get_by_text("正在载入")).to_have_count(0)
        found[tab] = axe(watched)
        watched.keep(f"settings-{tab}-{theme}")
    assert [each for each in found.items() if each[1]] == []


def test_back_reload_and_a_sent_link_keep_the_screen(watched: Watched, demo: Product) -> None:
    """The back button goes through the screens that were looked at; a reload and the copied address bring the same."""
    cell = demo.get("cells")["features"][700]["properties"]
    watched.open(f"/#cell={cell['code']}")
    page = watched.page
    card = page.get_by_role("region", name=cell["name"])
    expect(card).to_be_visible()
    page.get_by_role("button", name="设置", exact=True).click()
    page.get_by_role("button", name="网格导入").click()
    page.wait_for_url(re.compile("settings=grids"))
    page.reload()
    expect(page.locator(".settings-page[data-tab=grids]")).to_be_visible()
    page.get_by_role("button", name="回放", exact=True).click()
    expect(page.locator(".replay-form")).to_be_visible()
    page.go_back()
    expect(page.locator(".settings-page[data-tab=grids]")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.locator(".settings")).to_have_count(0)
    expect(card).to_be_visible()
    page.wait_for_url(re.compile("map="))
    place = re.search(r"map=([\d.]+)/([\d.]+)/([\d.]+)", page.url)
    assert place is not None
    page.keyboard.press("Escape")
    watched.page.goto("about:blank")
    link = f"/#map=16.00/{place[2]}/{place[3]}&cell={cell['code']}"
    # So near there may be no officer: to wait for one on the map would be to wait for chance.
    page.goto(watched.url + link)
    page.wait_for_selector(".map[data-ready]")
    expect(card).to_be_visible()
    page.wait_for_url(re.compile(re.escape(f"map=16.00/{place[2]}/{place[3]}")))


def test_policy_allows_no_other_origin(watched: Watched) -> None:
    """Every directive names the own origin, data or nothing; the browser stops what a script would send elsewhere."""
    watched.open()
    answer = httpx2.get(f"{watched.url}/login", timeout=30)
    policy = answer.headers["content-security-policy"]
    directives = {name: sources for name, *sources in (part.split() for part in policy.split(";"))}
    allowed = {"'self'", "'none'", "data:", "blob:"}
    for name, sources in directives.items():
        assert all(each in allowed or each.startswith("'sha256-") for each in sources), (name, sources)
    assert directives.get("script-src", directives["default-src"]) == ["'self'"]
    stopped = watched.page.evaluate(
        """(address) => new Promise((resolve) => {
            addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true });
            fetch(address).catch(() => undefined);
        })""",
        FOREIGN,
    )
    assert stopped == "connect-src"
    waiting.until_sync(
        lambda: any("Content Security Policy" in fault for fault in watched.faults), "the browser says so"
    )
    watched.faults[:] = [fault for fault in watched.faults if FOREIGN not in fault]


def test_thresholds_are_tried_before_they_hold(watched: Watched, demo: Product) -> None:
    """A dry run counts what the values would have told beside the rules in force; then they are put in force."""
    watched.open("/#settings=rules")
    page = watched.page
    page.get_by_label("余量大于此值不预警").fill("900")
    page.get_by_label("试算时段").select_option("1")
    page.get_by_role("button", name="试算", exact=True).click()
    expect(page.locator(".dry-run tbody tr")).to_have_count(6)
    watched.keep("settings-rules-tried")
    before = [row["id"] for row in demo.get("rules", kind="warning")["items"]]
    page.get_by_role("button", name="生效").click()
    expect(page.get_by_role("cell", name=re.compile("余量大于此值不预警 900"))).to_be_visible()
    held = demo.get("rules", kind="warning")["items"]
    assert [row["values"] for row in held if row["id"] not in before] == [{"horizon_s": 900}]
    page.get_by_label("余量大于此值不预警").fill("")
    page.get_by_role("button", name="取消本范围规定").click()
    waiting.until_sync(lambda: demo.get("rules", kind="warning")["items"] == [], "the defaults hold again")


def test_a_plan_keeps_what_the_form_does_not_show(watched: Watched, demo: Product) -> None:
    """Another limit of a class leaves its limits by hours, its dwell and its way as they were."""
    scope = "class:business"

    def newest() -> dict[str, object]:
        plan: dict[str, object] = demo.get("plans/history", scope=scope, limit=1)["items"][0]["plan"]
        return plan

    before = newest()
    watched.open("/#settings=plans")
    page = watched.page
    page.get_by_label("时限（小时）").fill("3")
    expect(page.locator(".trial")).to_contain_text("260 格中")
    page.get_by_role("button", name="生效").click()
    expect(page.locator(".told")).to_contain_text("已保存")
    assert newest() == before | {"limit_s": 10_800}


def test_a_handset_is_enrolled_with_a_code_and_bound_to_an_officer(watched: Watched, demo: Product) -> None:
    """Enrolling shows what sets the handset up once; binding names the carrier in the list and over REST."""
    watched.open("/#settings=officers")
    page = watched.page
    page.get_by_label("工号").fill("T-900")
    page.get_by_label("姓名").fill("测试员")
    page.get_by_label("所属队伍").fill("441302010")
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_role("cell", name="测试员")).to_be_visible()
    go(page, "#settings=devices")
    page.get_by_label("终端编号").fill("hand-900")
    page.get_by_label("所属队伍").fill("441302010")
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_role("img", name="hand-900 的配置二维码")).to_be_visible()
    watched.keep("settings-handset")
    page.get_by_label("筛选").fill("hand-900")
    page.get_by_role("button", name="绑定队员").click()
    page.get_by_label("持有人").select_option("T-900")
    page.get_by_role("button", name="确定", exact=True).click()
    carried: Callable[[], list[str]] = lambda: [  # noqa: E731 - a probe
        one["badge"] for one in demo.get("bindings", device="hand-900")["items"]
    ]
    waiting.until_sync(lambda: carried() == ["T-900"], "the binding is stored")
    page.reload()
    page.get_by_label("筛选").fill("hand-900")
    expect(page.get_by_role("cell", name="测试员 T-900")).to_be_visible()


def test_a_channel_is_tested_and_the_log_tells_what_became_of_it(watched: Watched, demo: Product) -> None:
    """A webhook into this machine is refused for safety: the log says so, and the channel can be removed."""
    watched.open("/#settings=channels")
    page = watched.page
    page.get_by_label("名称").fill("值班群")
    page.get_by_label("地址").fill("https://127.0.0.1:9/hook")
    page.get_by_role("button", name="添加").click()
    expect(page.locator(".told")).to_contain_text("签名密钥")
    page.get_by_role("button", name="发送测试").first.click()
    row = page.get_by_role("row").filter(has_text="值班群").filter(has_text="PATROL_NOTIFY_ALLOW")
    waiting.until_sync(lambda: row.count() == 1, "the log tells why it was not sent", within=60, every=0.5)
    stored = httpx2.get(f"{demo.url}/api/v1/deliveries", headers=bearer(demo), timeout=30).json()["items"]
    assert [(one["channel_name"], one["reason"]) for one in stored] == [("值班群", "test")]
    watched.keep("settings-channels-tested")
    page.get_by_role("button", name="删除").first.click()
    page.get_by_role("button", name="确定删除？").click()
    waiting.until_sync(lambda: demo.get("channels")["items"] == [], "the channel is gone")


def test_the_record_is_found_by_deed_and_subject(watched: Watched, demo: Product) -> None:
    """Who looked at whose track is found among all that was recorded, in words."""
    name = next(iter(demo.devices()))
    demo.get(f"devices/{name}/track")
    watched.open("/#settings=audit")
    page = watched.page
    page.get_by_label("操作").select_option("look")
    page.get_by_label("对象").fill(name)
    page.get_by_role("button", name="查询", exact=True).click()
    expect(page.get_by_role("cell", name=f"devices/{name}/track").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="登录")).to_have_count(0)
    assert axe(watched) == []
    watched.keep("settings-audit-found")
